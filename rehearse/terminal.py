"""What the commands of the terminal do."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, TextIO

from rehearse import settings
from rehearse.errors import RehearseError
from rehearse.scenario import Scenario
from rehearse.turn import Openness, Turn

if TYPE_CHECKING:
    from rehearse.tone import ToneCheck

Row = dict[str, Any]
LONGEST_TALK = 2000
# JSON lets these stand as they are; to some readers, Python's splitlines() among them, they end a line.
_LINE_ENDS = {ord(each): json.dumps(each)[1:-1] for each in "\x85\u2028\u2029"}


class LineError(RehearseError):
    """A line of JSON given on the command line cannot be used."""


# -- check, reword, reply -------------------------------------------------------------------------------------------------


def check(chosen: argparse.Namespace, heeding: Callable[["ToneCheck"], None] = lambda tone: None) -> int:
    """Read lines with the check and print what it says.

    :param heeding: tells the check, once it is loaded, what she said of single sentences.
    """

    def load() -> "ToneCheck":
        tone = _tone(quick=chosen.quick)
        heeding(tone)
        return tone

    tone = _once(load)
    return _answer(chosen, lambda row: tone().check(_text_of(row), _before(row)).to_dict(), _print_report)


def _tone(*, quick: bool = False) -> "ToneCheck":
    """Load the check; with its second look, where that can be had, unless a quick one will do."""
    from rehearse import look
    from rehearse.tone import ToneCheck

    tone = ToneCheck.load()
    if not quick:
        look.bring(tone, _told)
    return tone


def _told(why: str) -> None:
    sys.stderr.write(f"{why}\n")


def reword(chosen: argparse.Namespace) -> int:
    """Run ``rehearse reword``: her own sentence reworded by the tuned voice, the article's phrases, and ours."""
    tone = _once(_tone)
    rewriter = _once(_rewriter)

    def handle(row: Row) -> Row:
        text = _text_of(row)
        return {"text": text, "suggestions": [plain(each) for each in tone().reword(text, rewriter())]}

    return _answer(chosen, handle, _print_suggestions)


def _rewriter() -> Any:
    from rehearse.son.rewriter import VoiceRewriter
    from rehearse.voice.choice import open_voice

    return VoiceRewriter(open_voice(settings.voice()))


def plain(record: Any) -> Row:
    """Return a record as plain data."""
    from dataclasses import asdict

    return asdict(record)


def reply(chosen: argparse.Namespace) -> int:
    """Run ``rehearse reply``."""
    from rehearse import hearer, look
    from rehearse.son import Son
    from rehearse.tone import ToneCheck
    from rehearse.voice.choice import open_voice

    def ears() -> "tuple[ToneCheck, hearer.Hearer | None]":
        tone = ToneCheck.load()
        # What looks a second time hears what her lines do, as in the app.
        return tone, hearer.bring(look.bring(tone, _told), tone.embedder, _told)

    ears_of = _once(ears)

    def speaker() -> Son:
        tone, heard_by = ears_of()
        son = Son.with_choice(open_voice(settings.voice()), tone.embedder)
        son.hearer = heard_by
        return son

    son_of = _once(speaker)

    def handle(row: Row) -> Row:
        scenario = Scenario.from_dict(row.get("scenario", {}))
        path = _path(row.get("turns"), scenario, ears_of()[0])
        son = son_of()
        started = time.perf_counter()
        first = None
        text = ""
        for piece in son.reply(scenario, path, Event(), seed=chosen.seed):
            first = first or time.perf_counter() - started
            text += piece
        return {
            "text": text.strip(),
            "openness": int(path[-1].openness),
            "seconds": round(time.perf_counter() - started, 3),
            "first_token_seconds": round(first or 0.0, 3),
            "tokens": son.voice.count.written,
        }

    if not chosen.jsonl:
        # A talk is too much for an argument: it comes as one JSON object on standard input.
        given = _parsed(standard_input().read())
        return _one(given, handle, as_json=chosen.json, show=lambda row: sys.stdout.write(row["text"] + "\n"))
    return _answer(chosen, handle, lambda row: sys.stdout.write(row["text"] + "\n"))


def _path(given: object, scenario: Scenario, tone: Any) -> list[Turn]:
    """Return the turns of a talk given as JSON, each of hers checked and moving him."""
    from rehearse.son import Mood

    if not isinstance(given, list) or not given or len(given) > LONGEST_TALK:
        raise LineError("There are no turns to answer.", "Give “turns” as a list of {“speaker”, “text”}, the last one hers.")
    mood, path, openness, his = Mood(scenario), [], scenario.openness, ""
    for each in given:
        if not isinstance(each, Mapping) or each.get("speaker") not in ("mother", "son") or not isinstance(each.get("text"), str):
            raise LineError("A turn is not of the right form.", "Each turn is {“speaker”: “mother” or “son”, “text”: “…”}.")
        if each["speaker"] == "son":
            path.append(Turn("son", each["text"], openness))
            his = each["text"]
            continue
        report = tone.check(each["text"], his)
        openness = Openness(mood.after(openness, report, path).openness)
        path.append(Turn("mother", each["text"], openness, report=report.to_dict()))
    if path[-1].speaker != "mother":
        raise LineError("The last turn is his.", "End with a line of hers for him to answer.")
    return path


def _text_of(row: Row) -> str:
    text = row.get("text")
    if not isinstance(text, str):
        raise LineError("There is no “text”.", "Give an object such as {“id”: 1, “text”: “…”}.")
    return text


def _before(row: Row) -> str:
    """Return his last line, where a line of JSON tells it."""
    before = row.get("before")
    if before is not None and not isinstance(before, str):
        raise LineError("“before” is not a text.", "Give his last line as “before”, or leave it out.")
    return before or ""


def _parsed(line: str) -> Row:
    from rehearse.tone.sentences import whole

    line = line.removeprefix("\ufeff")
    if whole(line) != line:
        raise LineError("This line is not UTF-8.", "Give one JSON object a line, in UTF-8.")
    try:
        row = json.loads(line)
        # An escape may stand for half of a character, which nothing further on can write.
        row = json.loads(whole(json.dumps(row, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise LineError("This is not JSON.", "Give one JSON object a line.") from error
    if not isinstance(row, dict):
        raise LineError("This is not a JSON object.", "Give one JSON object a line.")
    return row


def standard_input() -> TextIO:
    """Return standard input, read as UTF-8; bytes that are not become halves of characters, so that one line fails alone."""
    read_so = ("utf-8", "surrogateescape")
    # Once something was read (a passphrase), no other way of reading can be set, not even the same.
    if isinstance(sys.stdin, TextIOWrapper) and (sys.stdin.encoding.lower(), sys.stdin.errors) != read_so:
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    return sys.stdin


def write_json(found: Any) -> None:
    """Write a line of JSON, escaped where standard output cannot write its letters, or would seem to begin another line."""
    line = json.dumps(found, ensure_ascii=False).translate(_LINE_ENDS)
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        line = json.dumps(found)
    sys.stdout.write(line + "\n")


def _once(make: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that makes something at its first call and gives the same back afterwards."""
    made: list[Any] = []

    def get() -> Any:
        if not made:
            made.append(make())
        return made[0]

    return get


def _answer(chosen: argparse.Namespace, handle: Callable[[Row], Row], show: Callable[[Row], Any]) -> int:
    """Handle one text, or many lines of JSON."""
    if chosen.jsonl:
        with _stream(chosen.jsonl) as lines:
            return _many(lines, handle)
    return _one({"text": given_text(chosen)}, handle, as_json=chosen.json, show=show)


def given_text(chosen: argparse.Namespace) -> str:
    """Return the text a command was given, as an argument or on standard input."""
    text: str = chosen.text if getattr(chosen, "text", None) is not None else standard_input().read()
    return text.strip()


def _one(row: Row, handle: Callable[[Row], Row], *, as_json: bool, show: Callable[[Row], Any]) -> int:
    found = handle(row)
    if as_json:
        write_json({**_id_of(row), **found})
    else:
        show(found)
    return 0


def _many(lines: Iterator[str], handle: Callable[[Row], Row]) -> int:
    """Answer line by line, in order; a line that fails gets an error in its place and the rest goes on."""
    failed = False
    for line in lines:
        if not line.strip():
            continue
        row: Row = {}
        try:
            row = _parsed(line)
            found = {**_id_of(row), **handle(row)}
        except RehearseError as error:
            failed = True
            found = {"id": row.get("id"), "error": str(error)}
        write_json(found)
        sys.stdout.flush()
    return 1 if failed else 0


def _id_of(row: Row) -> Row:
    return {"id": row["id"]} if "id" in row else {}


@contextmanager
def _stream(name: str) -> Iterator[Iterator[str]]:
    if name == "-":
        yield iter(standard_input())
        return
    try:
        stream = Path(name).open(encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
    except OSError as error:
        raise LineError("The file cannot be read.", "Give a text file in UTF-8, or - for standard input.") from error
    with stream:
        yield iter(stream)


def _print_report(report: Row) -> None:
    from rehearse import article
    from rehearse.kinds import kinds

    if not report["flagged"]:
        sys.stdout.write("Nothing here is likely to land as blame.\n")
    for finding in report["findings"]:
        practice = article.practice(finding["practice"])
        what = "stings, as you said" if finding.get("said") else kinds()[finding["kind"]].label
        rests = "" if finding.get("said") else f"Practice {practice.number}, {practice.section}. "
        sys.stdout.write(f"“{finding['text']}” {what}.\n  {finding['why']}\n  {rests}You could say:\n")
        for each in finding["suggestions"]:
            sys.stdout.write(f"    · {each['text']}\n")
    for strength in report["strengths"]:
        sys.stdout.write(f"“{strength['text']}” {kinds()[strength['kind']].label}.\n")
    for remark in report.get("remarks", ()):
        if not remark["stung"]:
            sys.stdout.write(f"“{remark['text']}” is fine between you two, as you said.\n")


def _print_suggestions(found: Row) -> None:
    for each in found["suggestions"]:
        sys.stdout.write(f"· {each['text']} ({each['source']}, practice {each['practice']})\n")
