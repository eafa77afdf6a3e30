"""Practise the talk you are afraid of, on your own computer, with a voice that plays your son."""

from __future__ import annotations

# Not taken from `typing`, whose import takes as long as Python's own start: the keeper waits for this file.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rehearse.parts import Parts
    from rehearse.rehearsal import Rehearsal
    from rehearse.scenario import Scenario
    from rehearse.tone import ToneCheck

__version__ = "0.1.0"
# The variable that leads from the keeper to the app. It stands here because the keeper, for which she waits, reads little else.
LIFELINE = "_REHEARSE_LIFELINE"
__all__ = ["Parts", "Rehearsal", "Scenario", "ToneCheck", "__version__"]

_HOMES = {
    "Parts": "rehearse.rehearsal",
    "Rehearsal": "rehearse.rehearsal",
    "Scenario": "rehearse.scenario",
    "ToneCheck": "rehearse.tone",
}


def __getattr__(name: str) -> Any:
    # Names are fetched when first used (PEP 562), so that ``import rehearse`` stays instant.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
