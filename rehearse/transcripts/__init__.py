"""Where rehearsals are kept, and how they are carried out and in."""

from rehearse.transcripts.document import read_document
from rehearse.transcripts.export import file_name, openness_labels, to_html, to_json, to_markdown, write_private
from rehearse.transcripts.record import Saved, Summary
from rehearse.transcripts.store import Transcripts

__all__ = [
    "Saved",
    "Summary",
    "Transcripts",
    "file_name",
    "openness_labels",
    "read_document",
    "to_html",
    "to_json",
    "to_markdown",
    "write_private",
]
