"""The check: hears where a line may land as blame, says why, and offers gentler words."""

from rehearse.tone.check import ToneCheck
from rehearse.tone.report import Finding, Report, Strength, Suggestion

__all__ = ["Finding", "Report", "Strength", "Suggestion", "ToneCheck"]
