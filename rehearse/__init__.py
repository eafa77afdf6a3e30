"""Practise the talk you are afraid of, on your own computer, with a voice that plays your son."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rehearse.rehearsal import Parts, Rehearsal
    from rehearse.scenario import Scenario
    from rehearse.tone import ToneCheck

__version__ = "0.1.0"
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
