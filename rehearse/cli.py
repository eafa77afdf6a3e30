"""The same things from a terminal: one command for each thing the page does."""

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rehearse import __version__
from rehearse.errors import RehearseError

# The module with the commands for saved rehearsals.
KEPT = "rehearse.terminal_transcripts"
# The one with the commands for what she said of single sentences.
TOLD = "rehearse.terminal_remarks"
# The one with the commands for voices.
VOICES = "rehearse.terminal_voices"

Handler = Callable[[argparse.Namespace], int]


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; every command names its handler as ``module:function``."""
    parser = argparse.ArgumentParser(
        prog="rehearse",
        description="Practise the talk you are afraid of, on your own computer. With no command, the page opens in your browser.",
    )
    parser.add_argument("--version", action="version", version=f"rehearse {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    start = _command(commands, "start", "rehearse.keeper:start", "Open the page in your browser.")
    start.add_argument("--port", type=int, help="port on this computer (default: 7860, or the next free one)")
    start.add_argument("--no-browser", action="store_true", help="do not open the browser, only print the address")
    _voice(start)

    check = _command(commands, "check", f"{TOLD}:check", "Say where a line may land as blame, why, and what to say instead.")
    _text_and_lines(check)
    check.add_argument("--quick", action="store_true", help="without the second look")

    reply = _command(commands, "reply", "rehearse.terminal:reply", "Let him answer the last line of a talk given as JSON.")
    _lines(reply)
    reply.add_argument("--seed", type=int, help="makes the answer repeatable")
    _voice(reply)

    reword = _command(commands, "reword", "rehearse.terminal:reword", "Offer gentler wordings for a line.")
    _text_and_lines(reword)

    _remarks(commands)
    _transcripts(commands)
    _voices(commands)

    evaluate = _command(
        commands, "evaluate", "rehearse.lab.evaluation:evaluate", "Measure the check, the son, the rewording or the step out."
    )
    evaluate.add_argument("what", choices=("tone", "son", "reword", "safety"), help="what to measure")
    evaluate.add_argument("--json", action="store_true", help="print JSON")
    evaluate.add_argument("--data", metavar="FILE", help="labelled data (default: the held-out writers' files)")
    evaluate.add_argument("--answers", type=int, metavar="N", help="of the son: how many answers are drawn (default: 60)")
    evaluate.add_argument("--keep", metavar="FILE", help="of the son: keep what the voices say, to be stopped and taken up again")

    bench = _command(commands, "bench", "rehearse.lab.bench:bench", "Measure speed beside the plain libraries.")
    bench.add_argument("--json", action="store_true", help="print JSON")
    bench.add_argument("--write", metavar="FILE", help="also write the figures into a document, such as docs/performance.md")

    doctor = _command(
        commands, "doctor", "rehearse.doctor:doctor", "Say what is installed, where your data is, and what is wrong."
    )
    doctor.add_argument("--json", action="store_true", help="print JSON")
    doctor.add_argument(
        "--privacy",
        dest="handler",
        action="store_const",
        const="rehearse.privacy:privacy",
        help="instead, walk through a whole talk and count every connection and every name looked up",
    )
    return parser


def _command(commands: Any, name: str, handler: str, help: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
    parser.set_defaults(handler=handler)
    return parser


def _voice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--voice", metavar="NAME|FILE.gguf|URL", help="who speaks for the son (default: the embedded voice)")
    parser.add_argument(
        "--let-words-leave",
        action="store_true",
        help="let a server on another computer speak for him: what is said is sent there",
    )


def _lines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--jsonl", metavar="FILE|-", help="read one JSON object a line from a file or standard input, and write one a line"
    )


def _text_and_lines(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", metavar="TEXT", help="the line (default: standard input)")
    _lines(parser)


def _remarks(commands: Any) -> None:
    parser = commands.add_parser(
        "remarks",
        help="List, add or take back what you said of the check's findings: this is fine, or this stung.",
        description="Sentences of yours that the check treats as you say, with all that is nearly the same.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _command(actions, "list", f"{TOLD}:list_remarks", "List these sentences, each with its number.")
    listing.add_argument("--json", action="store_true", help="print JSON")
    add = _command(actions, "add", f"{TOLD}:add_remark", "Say of a sentence that it is fine, or that it stung.")
    said = add.add_mutually_exclusive_group(required=True)
    said.add_argument(
        "--fine", dest="stung", action="store_false", default=None, help="it is fine between you two: do not mark it"
    )
    said.add_argument("--stung", dest="stung", action="store_true", default=None, help="it stung: mark it")
    add.add_argument(
        "text",
        nargs="?",
        metavar="TEXT",
        help="the sentence, or several (default: standard input, which other programs of this computer cannot see)",
    )
    add.add_argument("--json", action="store_true", help="print JSON")
    remove = _command(actions, "remove", f"{TOLD}:remove_remark", "Take one back; its words are erased, from the backups too.")
    remove.add_argument("number", type=int, metavar="NUMBER", help="its number in the list")
    remove.add_argument("--json", action="store_true", help="print JSON")


def _transcripts(commands: Any) -> None:
    parser = commands.add_parser(
        "transcripts",
        help="List, show, export, import, delete, back up or lock saved rehearsals.",
        description="Saved rehearsals.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = _command(actions, "list", f"{KEPT}:list_transcripts", "List saved rehearsals, newest first.")
    listing.add_argument("query", nargs="?", default="", help="only those in which these words occur")
    listing.add_argument("--json", action="store_true", help="print JSON")

    show = _command(actions, "show", f"{KEPT}:show_transcript", "Print a rehearsal.")
    show.add_argument("id", help="its id, or the first characters of it")
    show.add_argument("--json", action="store_true", help="print JSON")

    export = _command(actions, "export", f"{KEPT}:export_transcript", "Write a rehearsal to a file.")
    export.add_argument("id", nargs="?", help="its id, or the first characters of it")
    export.add_argument("--all", action="store_true", help="all of them: JSON one a line, or a file for each in the folder --out")
    export.add_argument(
        "--format", choices=("markdown", "html", "json"), default="markdown", help="form of the file (default: markdown)"
    )
    export.add_argument("--out", metavar="FILE|FOLDER", help="where to write it (default: standard output)")

    importing = _command(actions, "import", f"{KEPT}:import_transcript", "Take in rehearsals exported as JSON.")
    importing.add_argument("file", help="the JSON file, with one rehearsal or one on each line")
    importing.add_argument("--json", action="store_true", help="print JSON")

    delete = _command(actions, "delete", f"{KEPT}:delete_transcript", "Delete rehearsals for good, from the backups too.")
    delete.add_argument("id", nargs="+", help="its id, or the first characters of it")
    delete.add_argument("--yes", action="store_true", help="do not ask")

    backup = _command(actions, "backup", f"{KEPT}:back_up", "Copy everything to a dated backup.")
    backup.add_argument("--out", metavar="FILE", help="where to (default: the folder of backups)")
    backup.add_argument("--json", action="store_true", help="print JSON")

    restore = _command(actions, "restore", f"{KEPT}:restore", "Put a backup back, or list what there is.")
    restore.add_argument("name", nargs="?", help="its name, or a file (default: list them)")
    restore.add_argument("--json", action="store_true", help="print JSON")

    passphrase = _command(
        actions,
        "passphrase",
        f"{KEPT}:passphrase",
        "Lock the rehearsals with a passphrase, or unlock them.",
    )
    passphrase.add_argument(
        "what",
        choices=("set", "change", "remove", "forgotten"),
        help="give them one, another one, or none; or begin anew because it is forgotten",
    )


def _voices(commands: Any) -> None:
    parser = commands.add_parser(
        "voices", help="List, fetch, choose or remove bigger voices.", description="Voices that can speak for him."
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = _command(actions, "list", f"{VOICES}:list_voices", "List the voices there are.")
    listing.add_argument("--json", action="store_true", help="print JSON")
    pull = _command(
        actions,
        "pull",
        f"{VOICES}:pull_voice",
        "Fetch a bigger voice from the internet (the only command that goes online); one that was cut off goes on.",
    )
    pull.add_argument("name", help="its name in the list")
    pull.add_argument("--json", action="store_true", help="print how far it is as JSON, one object a line")
    use = _command(actions, "use", f"{VOICES}:use_voice", "Let a fetched voice speak for him from the next start on.")
    use.add_argument("name", help="its name in the list, or embedded")
    remove = _command(actions, "remove", f"{VOICES}:remove_voice", "Remove a fetched voice, or what has arrived of one.")
    remove.add_argument("name", help="its name in the list")


def _handler(name: str) -> Handler:
    from importlib import import_module

    module, function = name.split(":")
    found: Handler = getattr(import_module(module), function)
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status: 0 if it went well, 1 if not, 2 if the words of the command are off."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = build_parser()
    chosen = parser.parse_args(given if given else ["start"])
    if getattr(chosen, "voice", None):
        os.environ["REHEARSE_VOICE"] = chosen.voice
    if getattr(chosen, "let_words_leave", False):
        os.environ["REHEARSE_LET_WORDS_LEAVE"] = "1"
    try:
        return _handler(chosen.handler)(chosen)
    except RehearseError as error:
        from rehearse import settings

        if settings.debug():
            raise
        if getattr(chosen, "json", False):
            sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
        else:
            sys.stderr.write(f"{error}\n")
        return 1
    except BrokenPipeError:
        # The reader of the output went away (`rehearse transcripts list | head`): not a failure of ours.
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
