"""A draft as a whole, said more gently: each sentence that may land as blame replaced by the best wording there is for it."""

from collections.abc import Mapping
from typing import Any

from rehearse.tone.sentences import replaced

# Her own words come first, then what was written for the kind of line, then the article's example.
_ORDER = ("reworded", "phrasebook", "article")


def gentled(report: Mapping[str, Any]) -> str:
    """Return the draft of a report with its findings reworded; empty if nothing was found or there is nothing to offer.

    :param report: what the check said, in its plain form; one that was imported may be of any form.
    """
    text = report.get("text")
    listed = report.get("findings")
    if not isinstance(text, str) or not isinstance(listed, list):
        return ""
    findings = [each for each in listed if isinstance(each, Mapping) and isinstance(each.get("start"), int)]
    words, used = text, set[str]()
    # From the last to the first, so that the offsets of those before stay right; a wording is not said twice.
    for finding in sorted(findings, key=lambda each: -each["start"]):
        wording = _best(finding, used)
        if not wording:
            return ""
        used.add(wording)
        words = replaced(words, finding["start"], wording)
    return words if words != text else ""


def _best(finding: Mapping[str, Any], used: set[str]) -> str:
    listed = finding.get("suggestions")
    offered = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    for source in _ORDER:
        for each in offered:
            text = each.get("text")
            if each.get("source") == source and isinstance(text, str) and text.strip() and text not in used:
                return text
    return ""
