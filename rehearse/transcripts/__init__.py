"""Where rehearsals are kept, and how they are carried out and in."""

from rehearse.transcripts.backups import Backup, put_locked_aside
from rehearse.transcripts.bundle import read_bundle, to_bundle
from rehearse.transcripts.document import read_document, read_documents
from rehearse.transcripts.export import (
    file_name,
    openness_labels,
    to_html,
    to_json,
    to_lines,
    to_markdown,
    write_private,
    written,
)
from rehearse.transcripts.record import Saved, Summary
from rehearse.transcripts.remarks import KeptRemark
from rehearse.transcripts.store import Transcripts

__all__ = [
    "Backup",
    "KeptRemark",
    "Saved",
    "Summary",
    "Transcripts",
    "file_name",
    "openness_labels",
    "put_locked_aside",
    "read_bundle",
    "read_document",
    "read_documents",
    "to_bundle",
    "to_html",
    "to_json",
    "to_lines",
    "to_markdown",
    "write_private",
    "written",
]
