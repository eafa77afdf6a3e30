"""What the commands of the terminal do with saved rehearsals."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rehearse import settings
from rehearse.errors import NotFound, StoreDamaged, StoreLocked, TranscriptError, WrongPassphrase
from rehearse.terminal import plain, write_json

if TYPE_CHECKING:
    from rehearse.transcripts import Transcripts

_ENDINGS = {"markdown": ".md", "html": ".html", "json": ".json"}
_TRIES = 3


def open_store() -> "Transcripts":
    """Open the saved rehearsals, and ask for their passphrase if they have one.

    :raises TranscriptError: if they cannot be opened.
    """
    from rehearse.transcripts import Transcripts

    path = settings.database_path()
    try:
        return Transcripts(path)
    except WrongPassphrase:
        raise
    except StoreLocked:
        left = _TRIES if sys.stdin.isatty() else 1
    while True:
        left -= 1
        try:
            return Transcripts(path, passphrase=_secret("Passphrase: "))
        except WrongPassphrase as error:
            if not left:
                raise
            sys.stderr.write(f"{error.happened}\n")


def _secret(question: str) -> str:
    """Ask without showing what is typed; from a pipe, read one line. It never comes as an argument, which others could see."""
    from getpass import getpass

    return getpass(question) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")


def _sure(question: str) -> bool:
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() in ("y", "yes"):
        return True
    sys.stdout.write("Kept.\n")
    return False


def _whole_id(store: "Transcripts", start: str) -> str:
    """Return the id that starts so.

    :raises NotFound: if none does, or more than one.
    """
    found = store.find(start)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(f"No rehearsal has an id that starts with “{start}”.", "`rehearse transcripts list` shows them.")
    raise NotFound(f"{len(found)} rehearsals have an id that starts with “{start}”.", "Give more of it.")


def list_transcripts(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts list``."""
    with open_store() as store:
        found = store.list(chosen.query, limit=100_000)
    if chosen.json:
        write_json([plain(each) for each in found])
        return 0
    for each in found:
        sys.stdout.write(f"{each.id[:8]}  {each.touched[:10]}  {each.title}  ({each.turns} lines)\n")
    if not found:
        sys.stdout.write("Nothing found.\n" if chosen.query else "No rehearsal has been saved yet.\n")
    return 0


def show_transcript(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts show``."""
    from rehearse.transcripts import written

    with open_store() as store:
        document = store.export(_whole_id(store, chosen.id))
    sys.stdout.write(written(document, "json" if chosen.json else "markdown"))
    return 0


def export_transcript(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts export``."""
    from rehearse.transcripts import to_lines, write_private, written

    if bool(chosen.id) == chosen.all:
        raise NotFound("It is not clear which rehearsal to export.", "Give its id, or --all.")
    with open_store() as store:
        if not chosen.all:
            pieces: Iterator[str] = iter([written(store.export(_whole_id(store, chosen.id)), chosen.format)])
        elif chosen.format == "json":
            pieces = to_lines(store.export_all())
        else:
            return _export_files(store, chosen)
        if chosen.out:
            write_private(Path(chosen.out), pieces)
        else:
            sys.stdout.writelines(pieces)
    return 0


def _export_files(store: "Transcripts", chosen: argparse.Namespace) -> int:
    """Write a file for each rehearsal."""
    from rehearse.transcripts import file_name, write_private, written
    from rehearse.transcripts.document import parse

    if not chosen.out:
        raise TranscriptError("Each rehearsal becomes a file of its own.", "Name a folder with --out, or use --format json.")
    folder = Path(chosen.out)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise TranscriptError(f"The folder cannot be made ({error.strerror}).", "Choose another one.") from error
    count = 0
    for document in store.export_all():
        name = file_name(parse(document)[0], _ENDINGS[chosen.format])
        count += 1
        write_private(folder / f"{count:05}-{name}", written(document, chosen.format))
    sys.stdout.write(f"Exported {count} to {folder}.\n")
    return 0


def import_transcript(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts import``."""
    from rehearse.transcripts import read_documents

    try:
        with Path(chosen.file).open("rb") as stream, open_store() as store:
            for document in read_documents(stream):
                saved = store.import_(document)
                if chosen.json:
                    write_json({"id": saved.id, "title": saved.title})
                else:
                    sys.stdout.write(f"Imported as {saved.id[:8]}: {saved.title}\n")
    except OSError as error:
        raise TranscriptError("The file cannot be read.", "Give a JSON file that was exported before.") from error
    return 0


def delete_transcript(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts delete``."""
    with open_store() as store:
        names = [_whole_id(store, each) for each in chosen.id]
        titles = ", ".join(f"“{store.get(name).title}”" for name in names)
        if not chosen.yes and not _sure(f"Delete {titles} for good?"):
            return 1
        store.delete(*names)
    sys.stdout.write("Deleted for good.\n")
    return 0


# -- backups and the passphrase ---------------------------------------------------------------------------------------------


def back_up(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts backup``."""
    with open_store() as store:
        path = store.back_up(Path(chosen.out) if chosen.out else None)
        locked = store.locked
    _tell(chosen, {"path": str(path), "locked": locked}, f"Everything is copied to {path}.")
    return 0


def restore(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts restore``; without a name, list what can be put back."""
    try:
        store = open_store()
    except StoreDamaged as error:
        # It has been moved aside, and the next call begins a new file to put the backup into.
        sys.stderr.write(f"{error.happened}\n")
        store = open_store()
    with store:
        if chosen.name:
            before = store.restore(chosen.name)
            sentence = f"The backup is back in its place. What was there before is in {before}."
            _tell(chosen, {"restored": chosen.name, "before": str(before)}, sentence)
            return 0
        found = store.backups()
    if chosen.json:
        write_json([{**plain(each), "path": str(each.path)} for each in found])
        return 0
    for each in found:
        sys.stdout.write(f"{each.path.stem}  made {each.made}  {each.size / 1e6:.1f} MB\n")
    if not found:
        sys.stdout.write("There is no backup yet. “rehearse transcripts backup” makes one.\n")
    return 0


def passphrase(chosen: argparse.Namespace) -> int:
    """Run ``rehearse transcripts passphrase``."""
    if chosen.what == "forgotten":
        return _forgotten(chosen)
    with open_store() as store:
        if chosen.what == "set" and store.locked:
            raise TranscriptError("Your rehearsals have a passphrase already.", "“passphrase change” gives them another one.")
        if chosen.what != "set" and not store.locked:
            raise TranscriptError("Your rehearsals have no passphrase.", "“passphrase set” gives them one.")
        old = _secret("The passphrase once more: ") if store.locked else None
        new = None if chosen.what == "remove" else _new_passphrase()
        readable = store.set_passphrase(new, old=old)
    if new is None:
        sys.stdout.write("The passphrase is removed. Whoever can open the folder can read your rehearsals.\n")
        return 0
    sys.stdout.write(
        "Your rehearsals are locked. Without this passphrase nobody can open them, the makers of this app neither: keep it where "
        "you will find it. Earlier backups were removed; copies that you took yourself stay as they are.\n"
    )
    for path in readable:
        sys.stdout.write(f"A damaged file that was moved aside earlier can still be read: {path}\n")
    return 0


def _new_passphrase() -> str:
    new = _secret("New passphrase: ")
    if sys.stdin.isatty() and _secret("And again: ") != new:
        raise TranscriptError("The two are not the same, so nothing was changed.", "Try again.")
    return new


def _forgotten(chosen: argparse.Namespace) -> int:
    """Move the locked file aside, so that a new one can begin."""
    from rehearse.transcripts import put_locked_aside

    sys.stdout.write(
        "Nobody can open your rehearsals without their passphrase. They can be moved aside, in case you remember it.\n"
    )
    if not _sure("Move them aside and begin an empty shelf?"):
        return 1
    path = put_locked_aside(settings.database_path())
    sys.stdout.write(f"They are in {path}. Deleting that file deletes them for good.\n")
    return 0


def _tell(chosen: argparse.Namespace, found: Mapping[str, Any], sentence: str) -> None:
    if chosen.json:
        write_json(found)
    else:
        sys.stdout.write(sentence + "\n")
