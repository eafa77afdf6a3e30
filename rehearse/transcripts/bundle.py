"""Every rehearsal in one file: a ZIP of the JSON files that each of them is exported as."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from rehearse.errors import TranscriptError
from rehearse.transcripts.document import LARGEST_MEGABYTES, read_document
from rehearse.transcripts.export import to_json

# More than anyone keeps; a file that claims more is not one of ours.
MOST = 5000


def to_bundle(documents: Iterable[Mapping[str, Any]]) -> bytes:
    """Return exported rehearsals as one ZIP file that :func:`read_bundle` reads."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, document in enumerate(documents, 1):
            archive.writestr(f"rehearsal-{number:04}.json", to_json(document))
    return made.getvalue()


def read_bundle(data: bytes) -> list[dict[str, Any]]:
    """Read the rehearsals of a bundle, and check all of each. Nothing is written to the disk on the way.

    :raises TranscriptError: if it is not one of ours, too large, or anything in it is not as it should be.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            # The sizes are those the file itself gives, so the reading below stops at them too.
            if len(entries) > MOST or sum(each.file_size for each in entries) > LARGEST_MEGABYTES * 1_000_000:
                raise TranscriptError("The file is too large to be a copy of your talks.", "Choose another file.")
            return [read_document(archive.open(each).read(each.file_size)) for each in entries]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise TranscriptError("The file cannot be opened.", "Choose the ZIP file that “Take a copy of all” made.") from error
