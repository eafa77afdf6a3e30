"""A sheet for reading blind: held-out moments, each with a tuned and an untuned answer in an order nobody knows.

    python -m rehearse.lab.blind_sheet write --sheet sheet.txt --key key.json
    python -m rehearse.lab.blind_sheet count --sheet sheet.txt --key key.json

Whoever reads writes a verdict under each moment: which answer is the better one (``A``, ``B`` or ``=``), and for each whether a
real son could have said it here (``y`` or ``n``). The key is kept apart and looked at only by the count.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearse.errors import RehearseError
from rehearse.lab.evaluation import Result, report
from rehearse.lab.son_answers import Answer

MOMENTS = 50
# How many turns before hers are told on the sheet.
BEFORE = 3
BETTER, COULD = 0.95, 0.85
OURS, UNTUNED = "tuned", "untuned"

_VERDICT = re.compile(
    r"^(?P<number>\d+)\. better: *(?P<better>[AB=]?) *could A: *(?P<A>[yn]?) *could B: *(?P<B>[yn]?) *$", re.MULTILINE
)


class NotRead(RehearseError):
    """A sheet cannot be counted."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader wrote under one moment."""

    better: str
    could: dict[str, bool]


def sheet(ours: Sequence[Answer], untuned: Sequence[Answer], seed: int) -> tuple[str, dict[str, str]]:
    """Return a sheet, and its key: which of the two answers of each moment is the tuned one.

    :param untuned: the other voice's answers at the same moments, in the same order.
    :raises ValueError: if the moments are not the same.
    """
    draw = random.Random(seed)
    pieces, key = [], {}
    for number, (one, other) in enumerate(zip(ours, untuned, strict=True), 1):
        if one.moment.id != other.moment.id:
            raise ValueError("the answers are not to the same moments")
        letters = ["A", "B"]
        draw.shuffle(letters)
        said = {letters[0]: one.shown, letters[1]: other.shown}
        key[str(number)] = letters[0]
        pieces.append(_moment(number, one, said))
    return "\n".join(pieces), key


def _moment(number: int, answer: Answer, said: dict[str, str]) -> str:
    moment = answer.moment
    who = moment.scene.son
    lines = [f"{number}. {who.name}, {who.age}, {who.temperament}; {who.stage}", f"   {moment.scene.situation}"]
    for turn in moment.path[-1 - BEFORE :]:
        lines.append(f"   {'She' if turn.speaker == 'mother' else 'He '}: {turn.text}")
    lines += [f"   {letter}: {said[letter]}" for letter in ("A", "B")]
    return "\n".join([*lines, f"{number}. better:    could A:    could B:  ", ""])


def verdicts(text: str) -> dict[str, Verdict]:
    """Return the verdicts of a sheet by number; moments that were not read are left out."""
    return {
        found["number"]: Verdict(found["better"], {letter: found[letter] == "y" for letter in ("A", "B")})
        for found in _VERDICT.finditer(text)
        if found["better"] and found["A"] and found["B"]
    }


def count(read: dict[str, Verdict], key: dict[str, str]) -> list[Result]:
    """Return the figures of a reading.

    :raises NotRead: if there is no verdict, or one on a moment the key does not know.
    """
    if not read or not set(read) <= set(key):
        raise NotRead("There is no verdict to count, or the key is another sheet's.", "Fill in the lines with a number.")
    better = [each.better == key[number] for number, each in read.items() if each.better != "="]
    other = {"A": "B", "B": "A"}
    could = [each.could[key[number]] for number, each in read.items()]
    beside = [each.could[other[key[number]]] for number, each in read.items()]
    return [
        Result("moments read", len(read)),
        Result("moments without a difference", len(read) - len(better)),
        Result("the tuned answer is the better one", _share(better), bar=BETTER),
        Result("a real son could have said it here", _share(could), bar=COULD, beside={UNTUNED: _share(beside)}),
    ]


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 4) if hits else 0.0


def write(to: Path, key: Path, most: int, seed: int, keep: Path | None) -> None:
    """Let both voices answer at held-out moments, and write the sheet and, apart from it, its key."""
    from rehearse import hearer, look
    from rehearse.lab import son_answers, son_measure, voice_data
    from rehearse.lab.son_moments import moments, spread
    from rehearse.tone import ToneCheck

    tone = ToneCheck.load()
    heard_by = hearer.bring(look.bring(tone), tone.embedder)
    asked = spread(moments(son_measure.dialogues_of(voice_data.files("test")), tone), most)
    said = {}
    for name in (OURS, UNTUNED):
        voice = son_measure.opened(name, keep)
        try:
            said[name] = son_answers.answers(voice, asked, tone.embedder if voice.tuned else None, heard_by)
        finally:
            voice.close()
    text, letters = sheet(said[OURS], said[UNTUNED], seed)
    to.write_text(text, encoding="utf-8")
    key.write_text(json.dumps(letters) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Write a sheet, or count the verdicts on one."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("what", choices=("write", "count"))
    parser.add_argument("--sheet", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--moments", type=int, default=MOMENTS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="what the voices said is kept here, to be stopped and taken up again")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    if chosen.what == "write":
        write(chosen.sheet, chosen.key, chosen.moments, chosen.seed, chosen.keep)
        return 0
    try:
        found = count(verdicts(chosen.sheet.read_text(encoding="utf-8")), json.loads(chosen.key.read_text(encoding="utf-8")))
    except NotRead as error:
        sys.stderr.write(f"{error}\n")
        found = []
    return report(found, as_json=chosen.json)


if __name__ == "__main__":
    sys.exit(main())
