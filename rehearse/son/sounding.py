"""What can be counted in an answer of his that says how open it sounds: how long it is, whether he asks back, how he begins.

The ranker weighs these beside the vector of what he says (``rehearse.lab.ranker_training`` learns the weights); their order is
part of its file.
"""

import math
import re

_WORD = re.compile(r"[\w']+")
_END = re.compile(r"[.!?…]")
_MOTHERS = frozenset("mom mum mam mama mamá ma mammy mother".split())
_NONE = frozenset("no not nothing never none nobody".split())
_HIMSELF = frozenset("i i'm i'd i'll i've".split())
_HER = frozenset("you you're you'll".split())
_SHORT = 3
_LONG = 30


def counted(text: str) -> list[float]:
    """Return the figures of an answer; each is about 0 to 4."""
    words = _WORD.findall(text.lower().replace("’", "'"))
    first = words[0] if words else ""
    number = len(words)
    refuses = sum(word in _NONE or word.endswith("n't") for word in words)
    return [
        math.log1p(number),
        min(number, _LONG) / _LONG,
        float("?" in text),
        float(text.rstrip().endswith("?")),
        math.log1p(len(_END.findall(text))),
        refuses / max(number, 1),
        float(refuses > 0),
        float("!" in text),
        float(any(word in _MOTHERS for word in words)),
        float(first in ("yeah", "yes")),
        float(first in ("okay", "ok")),
        float(first == "no"),
        float(first == "fine"),
        sum(word in _HIMSELF for word in words) / max(number, 1),
        sum(word in _HER for word in words) / max(number, 1),
        float("thanks" in words or "thank" in words),
        float(number <= _SHORT),
    ]
