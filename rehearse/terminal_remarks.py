"""What the commands of the terminal do with what she said of single sentences, and the check that heeds it."""

import argparse
import sys
from typing import TYPE_CHECKING

from rehearse import settings, terminal
from rehearse.errors import SettingError, StoreLocked, TranscriptError
from rehearse.terminal import plain, write_json
from rehearse.terminal_transcripts import open_store

if TYPE_CHECKING:
    from rehearse.tone import ToneCheck


def check(chosen: argparse.Namespace) -> int:
    """Run ``rehearse check``: what she said of single sentences is heeded, if there is anything and it can be read."""
    return terminal.check(chosen, _heeding)


def _heeding(tone: "ToneCheck") -> None:
    from rehearse.parts import Parts
    from rehearse.transcripts import Transcripts

    path = settings.database_path()
    if not path.exists():
        # To read a line leaves no file behind.
        return
    try:
        # Standard input may hold the lines themselves, so a passphrase is asked for only where somebody can be asked.
        with open_store() if sys.stdin.isatty() else Transcripts(path) as store:
            Parts(store, tone).heed()
    except StoreLocked:
        sys.stderr.write("What you said of single sentences is locked with your talks, so the check reads without it.\n")
    except (TranscriptError, SettingError) as error:
        sys.stderr.write(f"The check reads without what you said of single sentences. {error}\n")


def list_remarks(chosen: argparse.Namespace) -> int:
    """Run ``rehearse remarks list``."""
    with open_store() as store:
        kept = store.remarks.all()
    if chosen.json:
        write_json([plain(each) for each in kept])
        return 0
    for each in kept:
        sys.stdout.write(f"{each.number:>4}  {'stung' if each.stung else 'fine':<5}  {each.made[:10]}  {each.text}\n")
    if not kept:
        sys.stdout.write("Nothing has been said of a sentence yet.\n")
    return 0


def add_remark(chosen: argparse.Namespace) -> int:
    """Run ``rehearse remarks add``; several sentences become a remark each, because the check reads sentence by sentence."""
    from rehearse.tone.sentences import sentences

    terminal.standard_input()
    # Where there is a passphrase and nobody to ask, its line comes first.
    with open_store() as store:
        text = terminal.given_text(chosen)
        found = [each.text for each in sentences(text)]
        # Without words it is refused as any remark is.
        added = [store.remarks.add(each, stung=chosen.stung) for each in found or [text]]
    if chosen.json:
        write_json([plain(each) for each in added])
        return 0
    for each in added:
        marked = "this is marked, and so is" if each.stung else "this is not marked, and neither is"
        sys.stdout.write(f"{each.number:>4}  From now on {marked} what is nearly the same.\n")
    return 0


def remove_remark(chosen: argparse.Namespace) -> int:
    """Run ``rehearse remarks remove``."""
    with open_store() as store:
        store.remarks.take_back(chosen.number)
    if chosen.json:
        write_json({"removed": chosen.number})
    else:
        sys.stdout.write("It is taken back, and its words are erased.\n")
    return 0
