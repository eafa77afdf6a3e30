"""How open he is after a line of hers: a written rule, so that every move can be explained in one sentence.

1. Her line has two sums. Blame: the weight of each finding's kind times its score. Warmth: the weight of each strength's
   kind, up to a limit for each line, since a heap of kind words is not heard twice as well.
2. His temperament makes blame or warmth count more or less; once he is warming (level 4 and up) blame counts more still.
3. If blame outweighs warmth by ``down`` he closes by one, by ``far_down`` by two.
4. If the line blames nowhere, its warmth is added to that of her lines since he last moved; what blame there was since
   then is taken off. Once the sum reaches what leaving his level takes, he opens by one, never by more.

So a shut son answers a first kind line and no more, one apology does not melt him, a relapse costs more than it did, and a
long kind talk gets him to warming or further. The numbers are in ``prompts/openness.toml``, fitted to the labelled dialogues
(``models/son/CARD.md``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehearse.kinds import kinds
from rehearse.scenario import Scenario
from rehearse.son.levels import Rule, rule
from rehearse.tone.report import Report, entries
from rehearse.turn import Openness, Turn


@dataclass(frozen=True, slots=True)
class Moved:
    """Where he is after her line, and why, in one sentence for her."""

    openness: Openness
    reason: str


@dataclass(frozen=True, slots=True)
class _Heard:
    blame: float
    warmth: float
    kind: str


class Mood:
    """His openness over one talk."""

    def __init__(self, scenario: Scenario) -> None:
        """Take temperament and name from the scenario."""
        self.scenario = scenario

    def after(self, openness: Openness, report: Report | Mapping[str, Any], path: Sequence[Turn] = ()) -> Moved:
        """Return where he is after hearing a line.

        :param openness: where he was.
        :param report: what the check said of the line.
        :param path: the talk before it; her turns carry their own reports.
        """
        numbers = rule()
        said = report.to_dict() if isinstance(report, Report) else report
        heard = self._heard(said, openness, numbers)
        lean = heard.blame - heard.warmth
        if lean >= numbers.down:
            return self._down(openness, 2 if lean >= numbers.far_down else 1, heard.kind, numbers)
        if heard.blame:
            return self._moved(openness, "holds_flagged", heard.kind, numbers)
        if not heard.warmth:
            return self._moved(openness, "holds_plain", "plain", numbers)
        if openness == Openness.OPEN:
            return self._moved(openness, "highest", heard.kind, numbers)
        if heard.warmth + self._since_moved(openness, path, numbers) >= numbers.up[openness]:
            return self._moved(Openness(openness + 1), "up", heard.kind, numbers)
        return self._moved(openness, "holds_gentle", heard.kind, numbers)

    def _down(self, openness: Openness, by: int, kind: str, numbers: Rule) -> Moved:
        if openness == Openness.SHUT:
            return self._moved(openness, "lowest", kind, numbers)
        lower = Openness(max(Openness.SHUT, openness - by))
        return self._moved(lower, "far_down" if openness - lower > 1 else "down", kind, numbers)

    def _moved(self, openness: Openness, reason: str, kind: str, numbers: Rule) -> Moved:
        return Moved(openness, numbers.reason[reason].format(name=self.scenario.son.name, kind=kinds()[kind].label))

    def _heard(self, said: Mapping[str, Any], openness: Openness, numbers: Rule) -> _Heard:
        temperament = self.scenario.son.temperament or "unknown"
        closes = numbers.closes[temperament] * (numbers.relapse if openness >= Openness.WARMING else 1.0)
        blamed = [(numbers.weight[kind] * score, kind) for kind, score in entries(said, "findings")]
        warmed = [(numbers.weight[kind], kind) for kind, _ in entries(said, "strengths")]
        strongest = max(blamed or warmed, default=(0.0, "plain"))[1]
        return _Heard(
            blame=closes * sum(weight for weight, _ in blamed),
            warmth=numbers.opens[temperament] * min(numbers.most_warmth, sum(weight for weight, _ in warmed)),
            kind=strongest,
        )

    def _since_moved(self, openness: Openness, path: Sequence[Turn], numbers: Rule) -> float:
        """Return the warmth, less the blame, of her lines back to the one that last moved him; never below zero."""
        total = 0.0
        hers = [turn for turn in path if turn.speaker == "mother"]
        before = [self.scenario.openness, *(turn.openness for turn in hers)]
        for turn, was in zip(reversed(hers), reversed(before[:-1]), strict=True):
            if turn.openness != was or turn.openness != openness:
                break
            if turn.report is not None:
                heard = self._heard(turn.report, openness, numbers)
                total += heard.warmth - heard.blame
        return max(0.0, total)
