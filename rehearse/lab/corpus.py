"""The hand-written data: labelled lines, dialogues with the son, his portable lines, what mothers ask every day, and drafts to be
met outside the role.

Each writer has a file of their own, one JSON object per line. This module reads the five forms, says in words what is
wrong with a row, and finds near-duplicates. Run it on files to check them::

    python -m rehearse.lab.corpus models/tone/lines/w01.jsonl models/son/dialogues/d01.jsonl
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rehearse.kinds import flagged_kinds
from rehearse.kinds import kinds as known
from rehearse.scenario import TEMPERAMENTS
from rehearse.son import act, bank
from rehearse.son.bank import GROUPS

# What a draft may have to be met for outside the role; most that only sound like it are `none`.
MET = frozenset({"distress", "violence", "abuse", "no_contact", "none"})
REGISTERS = frozenset({"plain", "text", "dialect"})

# Two rows whose word trigrams overlap this much count as the same sentence. A choice, not a measurement: at 0.6 two lines of
# ten words differ by about two of them.
NEAR = 0.6

_WORD = re.compile(r"[a-z0-9']+")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def kinds_problems(kinds: object, flag: object) -> list[str]:
    """Say what is wrong with a row's ``kinds`` and ``flag``; an empty list means nothing is."""
    if not isinstance(flag, bool):
        return ["flag must be true or false"]
    if not isinstance(kinds, list) or not kinds:
        return ["kinds must be a list with the main kind first"]
    unknown = [kind for kind in kinds if kind not in known()]
    if unknown:
        return [f"unknown kinds {unknown}"]
    if (kinds[0] in flagged_kinds()) != flag:
        return [f"main kind {kinds[0]} does not go with flag {str(flag).lower()}"]
    if not flag and any(kind in flagged_kinds() for kind in kinds):
        return ["a line that is not flagged carries a flagged kind"]
    return []


def line_problems(row: dict[str, Any]) -> list[str]:
    """Say what is wrong with one labelled line."""
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        return ["text is missing"]
    problems = kinds_problems(row.get("kinds"), row.get("flag"))
    spans = row.get("spans")
    if not isinstance(spans, list):
        problems.append("spans must be a list")
    else:
        problems += [f"span not found in the text: {span!r}" for span in spans if span not in text or not span]
        if bool(spans) != bool(row.get("flag")):
            problems.append("spans go with flagged lines, and only with them")
    if row.get("flag") and not row.get("gentler"):
        problems.append("a flagged line needs gentler")
    if row.get("register", "plain") not in REGISTERS:
        problems.append(f"register must be one of {sorted(REGISTERS)}")
    return problems


def turn_problems(turn: dict[str, Any]) -> list[str]:
    """Say what is wrong with one exchange of a dialogue (her line and his answer)."""
    problems = kinds_problems(turn.get("kinds"), turn.get("flag"))
    for who in ("mother", "son"):
        if not isinstance(turn.get(who), str) or not turn[who].strip():
            problems.append(f"{who} is missing")
    if turn.get("openness") not in (1, 2, 3, 4, 5):
        problems.append("openness must be 1 to 5")
    if turn.get("flag") and not turn.get("gentler"):
        problems.append("a flagged line needs gentler")
    his = str(turn.get("son", ""))
    if len(his.split()) > 60:
        problems.append("his answer is longer than 60 words")
    if "*" in his or _EMOJI.search(his):
        problems.append("his answer has narration or emoji")
    if "door" in turn:
        problems += [f"door: {problem}" for problem in turn_problems(turn["door"])]
        if turn["door"].get("flag") == turn.get("flag"):
            problems.append("door: one of the two lines must be flagged and the other not")
    return problems


def dialogue_problems(row: dict[str, Any]) -> list[str]:
    """Say what is wrong with one dialogue."""
    son = row.get("son", {})
    problems = [f"son.{key} is missing" for key in ("name", "age", "stage", "temperament") if not son.get(key)]
    if son.get("temperament") not in TEMPERAMENTS:
        problems.append(f"temperament must be one of {sorted(TEMPERAMENTS)}")
    if not row.get("situation"):
        problems.append("situation is missing")
    turns = row.get("turns")
    if not isinstance(turns, list) or len(turns) < 2:
        return [*problems, "turns are missing"]
    for number, turn in enumerate(turns, 1):
        problems += [f"turn {number}: {problem}" for problem in turn_problems(turn)]
    levels = [turn.get("openness", 0) for turn in turns]
    if any(abs(b - a) > 2 for a, b in zip(levels, levels[1:], strict=False)):
        problems.append("openness jumps by more than 2")
    return problems


def bank_problems(row: dict[str, Any]) -> list[str]:
    """Say what is wrong with one portable line of his."""
    problems = []
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        problems.append("text is missing")
    levels = row.get("openness")
    if not isinstance(levels, list) or not levels or any(level not in (1, 2, 3, 4, 5) for level in levels):
        problems.append("openness must list levels from 1 to 5")
    answers = row.get("answers")
    if not isinstance(answers, list) or not answers or any(kind not in known() and kind not in GROUPS for kind in answers):
        problems.append("answers must list kinds of hers")
    acts = row.get("acts", [])
    if not isinstance(acts, list) or any(name not in act.names() for name in acts):
        problems.append("acts must list what a line of hers may do")
    return problems


def everyday_problems(row: dict[str, Any]) -> list[str]:
    """Say what is wrong with one thing that she may ask or tell every day, and his answers to it."""
    hers, answers = row.get("hers"), row.get("answers")
    problems = []
    if not isinstance(hers, list) or len(hers) < 2 or not all(isinstance(text, str) and text.strip() for text in hers):
        problems.append("hers must list at least two ways to put it")
    if not isinstance(answers, list) or len(answers) < 4 or not all(isinstance(each, dict) for each in answers):
        return [*problems, "answers must list at least four"]
    for each in answers:
        text, levels, ages = each.get("text"), each.get("openness"), each.get("ages", [13, 50])
        if not isinstance(text, str) or not text.strip() or "*" in text or _EMOJI.search(text):
            problems.append(f"an answer is missing, or has narration or emoji: {text!r}")
        if not isinstance(levels, list) or not levels or any(level not in (1, 2, 3, 4, 5) for level in levels):
            problems.append(f"openness must list levels from 1 to 5: {text!r}")
        if any(name not in TEMPERAMENTS for name in each.get("temperaments", [])):
            problems.append(f"temperaments must be some of {sorted(TEMPERAMENTS)}: {text!r}")
        if not isinstance(ages, list) or len(ages) != 2 or not all(isinstance(age, int) for age in ages) or ages[0] > ages[1]:
            problems.append(f"ages must be the youngest and the oldest: {text!r}")
        if unknown := set(each) - {"text", "openness", "temperaments", "ages"}:
            problems.append(f"unknown {sorted(unknown)}: {text!r}")
    after = row.get("after", [])
    if not isinstance(after, list) or any(line not in bank.texts() for line in after):
        problems.append("after must list lines of the bank")
    # What follows a line of his is written for where he was then, and about there.
    if not problems and not after and {2, 3, 4} - {level for each in answers for level in each["openness"]}:
        problems.append("there must be an answer for a guarded, a wary and a warming son")
    return problems


def safety_problems(row: dict[str, Any]) -> list[str]:
    """Say what is wrong with one draft that is to be met outside the role, or only sounds like it."""
    problems = []
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        problems.append("text is missing")
    if row.get("met") not in MET:
        problems.append(f"met must be one of {sorted(MET)}")
    return problems


def act_problems(row: dict[str, Any]) -> list[str]:
    """Say what is wrong with one line that is labelled by what it does."""
    problems = []
    if not isinstance(row.get("text"), str) or not row["text"].strip():
        problems.append("text is missing")
    if not isinstance(row.get("before", ""), str):
        problems.append("before must be his line")
    acts = row["acts"]
    if not isinstance(acts, list) or not acts or len(set(acts)) < len(acts) or any(name not in act.names() for name in acts):
        problems.append("acts must list what the line does, each once, the likeliest first")
    return problems


def problems_of(row: dict[str, Any]) -> list[str]:
    """Say what is wrong with a row of any of the six forms."""
    if not row.get("id"):
        return ["id is missing"]
    if "met" in row:
        return safety_problems(row)
    if "turns" in row:
        return dialogue_problems(row)
    if "hers" in row:
        return everyday_problems(row)
    if "answers" in row:
        return bank_problems(row)
    if "acts" in row:
        return act_problems(row)
    return line_problems(row)


def of_part(paths: Iterable[Path], held: Mapping[str, Collection[str]], part: str) -> list[Path]:
    """Return the writers' files of one part; what is not held out is to be learnt from (``train``).

    :param held: the stems of the files that are held out, by the name of their part.
    """
    apart = {stem: name for name, stems in held.items() for stem in stems}
    return [path for path in paths if apart.get(path.stem, "train") == part]


def read(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of one writer's file.

    :raises ValueError: if a line is not a JSON object; the message names file and line.
    """
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as error:
                raise ValueError(f"{path}:{number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"{path}:{number}: not a JSON object")
            yield row


def texts_of(row: dict[str, Any]) -> list[str]:
    """Return what a row says: the line, every line of the dialogue, or what she asks and he answers."""
    if "turns" in row:
        return [turn[who] for turn in row["turns"] for who in ("mother", "son")]
    if "hers" in row:
        return [*row["hers"], *(each["text"] for each in row["answers"])]
    return [row["text"]]


def trigrams(text: str) -> frozenset[tuple[str, ...]]:
    """Return the word trigrams of a text in lower case (the whole text if it has fewer than three words)."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    if len(words) < 3:
        return frozenset({tuple(words)})
    return frozenset(zip(words, words[1:], words[2:], strict=False))


def near_duplicates(texts: Iterable[tuple[str, str]], threshold: float = NEAR) -> list[tuple[str, str, float]]:
    """Find pairs of texts that share most of their word trigrams.

    :param texts: pairs of an id and a text; texts of fewer than five words are passed over, since "Hi, it's me." is
        nobody's own sentence.
    :returns: (id, id, Jaccard similarity), most alike first.
    """
    seen: dict[tuple[str, ...], list[int]] = {}
    kept: list[tuple[str, frozenset[tuple[str, ...]]]] = []
    found = []
    for name, text in texts:
        if len(text.split()) < 5:
            continue
        grams = trigrams(text)
        shared = Counter(index for gram in grams for index in seen.get(gram, ()))
        for index, count in shared.items():
            other, others = kept[index]
            similarity = count / (len(grams) + len(others) - count)
            if similarity >= threshold:
                found.append((other, name, round(similarity, 3)))
        for gram in grams:
            seen.setdefault(gram, []).append(len(kept))
        kept.append((name, grams))
    return sorted(found, key=lambda pair: -pair[2])


def summary(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Count what the quotas ask for: rows, main kinds, pairs, registers, messages of several sentences."""
    counts: Counter[str] = Counter()
    for row in rows:
        if "turns" in row:
            counts["dialogues"] += 1
            counts["exchanges"] += len(row["turns"])
            counts["doors"] += sum("door" in turn for turn in row["turns"])
            counts["long"] += len(row["turns"]) > 10
            counts["felt"] += sum("felt" in turn for turn in row["turns"])
            counts[f"talk {row.get('talk', '?')}"] += 1
            counts[f"temperament {row['son'].get('temperament')}"] += 1
        elif "hers" in row:
            counts["asked every day"] += 1
            counts["ways to put it"] += len(row["hers"])
            counts["answers"] += len(row["answers"])
        elif "answers" in row:
            counts["portable lines"] += 1
        elif "met" in row:
            counts[f"met {row['met']}"] += 1
        else:
            counts["lines"] += 1
            counts["flagged"] += bool(row.get("flag"))
            counts[f"kind {row['kinds'][0]}"] += 1
            counts["in pairs"] += "pair" in row
            counts["with the turn before"] += "before" in row
            counts["several sentences"] += len(re.findall(r"[.!?…]+(?=\s|$)", row["text"])) > 1
            counts[f"register {row.get('register', 'plain')}"] += 1
    return dict(sorted(counts.items()))


def main(arguments: list[str] | None = None) -> int:
    """Check files, print what is wrong and what there is; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    wrong = 0
    rows: list[dict[str, Any]] = []
    ids: Counter[str] = Counter()
    for path in parser.parse_args(arguments).files:
        for row in read(path):
            ids[str(row.get("id"))] += 1
            problems = problems_of(row)
            wrong += bool(problems)
            for problem in problems:
                sys.stdout.write(f"{path.name} {row.get('id')}: {problem}\n")
            if not problems:
                rows.append(row)
    for name in [name for name, count in ids.items() if count > 1]:
        wrong += 1
        sys.stdout.write(f"id used twice: {name}\n")
    paired = {row["id"]: row.get("pair") for row in rows}
    texts = [(f"{row['id']}", text) for row in rows for text in texts_of(row)]
    for first, second, similarity in near_duplicates(texts):
        if first != second and (paired[first] is None or paired[first] != paired[second]):
            wrong += 1
            sys.stdout.write(f"near-duplicates: {first} {second} ({similarity})\n")
    sys.stdout.write(json.dumps(summary(rows), indent=1) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
