"""What the check found in a draft, as records; their plain form is the contract of ``rehearse check``."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rehearse.kinds import Kind, kinds

Source = Literal["article", "reworded", "phrasebook"]
Part = Literal["findings", "strengths"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A gentler wording, where it comes from, and the practice it follows (1 to 10)."""

    text: str
    source: Source
    practice: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Words that may land as blame. ``start`` and ``end`` are character offsets into the draft; ``score`` is 0 to 1.

    ``example`` is another mother's line that lands alike, and ``gentler`` how she could have put it (both empty if none is near).
    ``said`` is whether it is there only because she said that such a line stings; its kind is then a guess.
    """

    start: int
    end: int
    text: str
    score: float
    kind: str
    why: str
    practice: int
    suggestions: tuple[Suggestion, ...] = ()
    example: str = ""
    gentler: str = ""
    said: bool = False


@dataclass(frozen=True, slots=True)
class Strength:
    """Words that may do him good."""

    start: int
    end: int
    text: str
    kind: str
    practice: int


@dataclass(frozen=True, slots=True)
class Heeded:
    """A sentence of the draft that is treated otherwise because of a remark of hers: marked if it ``stung``, else let through.

    ``number`` is that of the remark.
    """

    start: int
    end: int
    text: str
    stung: bool
    number: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the check says of one draft. ``score`` is that of its strongest sentence, 0 to 1, whatever she called fine."""

    text: str
    score: float
    findings: tuple[Finding, ...] = ()
    strengths: tuple[Strength, ...] = ()
    heeded: tuple[Heeded, ...] = ()

    @property
    def flagged(self) -> bool:
        """Whether anything was found."""
        return bool(self.findings)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the findings, each once, strongest finding first."""
        ordered = sorted(self.findings, key=lambda finding: -finding.score)
        return tuple(dict.fromkeys(finding.kind for finding in ordered))

    def to_dict(self) -> dict[str, Any]:
        """Return the report as the contract of ``rehearse check`` has it; ``remarks`` is there only if one was heeded."""
        heeded = {"remarks": [asdict(each) for each in self.heeded]} if self.heeded else {}
        return {
            "text": self.text,
            "flagged": self.flagged,
            "score": self.score,
            "kinds": list(self.kinds),
            "findings": [_plain(finding) for finding in self.findings],
            "strengths": [asdict(strength) for strength in self.strengths],
            **heeded,
        }


def _plain(finding: Finding) -> dict[str, Any]:
    found = {**asdict(finding), "suggestions": [asdict(each) for each in finding.suggestions]}
    if not finding.said:
        del found["said"]
    return found


def entries(report: Mapping[str, Any] | None, part: Part) -> list[tuple[str, float]]:
    """Return kind and score of each finding or strength of a report in its plain form (a strength's score is 1).

    A rehearsal that was imported may carry a report of any form: what is not known here, or stands in the wrong part, is
    passed over.
    """
    found = []
    for each in listed(report, part):
        kind = known_kind(each)
        score = 1.0 if part == "strengths" else each.get("score")
        fits = kind is not None and kind.flagged == (part == "findings")
        if kind is not None and fits and isinstance(score, (int, float)) and 0 <= score <= 1:
            found.append((kind.name, float(score)))
    return found


def listed(report: Mapping[str, Any] | None, part: Part) -> list[Mapping[str, Any]]:
    """Return the findings or strengths of a report in its plain form, as far as they are in a form that can be read."""
    found = (report or {}).get(part)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def known_kind(found: Mapping[str, Any]) -> Kind | None:
    """Return the kind of a finding or strength in its plain form; ``None`` if there is no such kind."""
    name = found.get("kind")
    return kinds().get(name) if isinstance(name, str) else None
