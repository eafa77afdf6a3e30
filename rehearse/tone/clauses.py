"""Her sentence in clauses: without asides, and where one texts without a comma, too."""

import re

# A clause says what its sentence says only if it is this much of it.
LEAST_SHARE = 0.25
LEAST_WORDS = 3

_JOINT = re.compile(r"[,;:]\s+|\s+-+\s+|[.!?]+\s+|\s+(?:and|but|so|cos)\s+")
_LEADING = re.compile(r"^(?:and|but|so|then|now|because|or) ")
# A subject with its verb opens a clause, unless it belongs to what stands before it ("the day she's back", "I know it's up").
_OPENS = re.compile(
    r"(?<=[a-z\d']) (?=(?:he's|she's|it's|that's|they're|i'm|there's|i am|what are|why do|why are|how hard|who is|i don't|"
    r"i didn't) )"
)
_HELD = frozenset("everything anything all minute moment once now way means mean with of to for".split())
_ASIDE = re.compile(
    r",? (?:always|never|every time|every single time|not once|mind you|honestly|apparently|it seems|i see|i notice|of course|"
    r"i might add|thank you very much|if you please)(?:,|$)"
)
_WHILE = re.compile(r" (?:when|while) i(?:'m| am) (?:talking|speaking)(?: to you)?$")
_AGAIN = re.compile(
    r"^(?P<said>.{8,}?),? (?:not one|not a single one|not one time|not ever|no not one|every time|always|trust me|believe me|"
    r"i'm telling you|i promise you)$"
)


def plainly(words: str) -> str:
    """Return spelled-out words without the asides that only press a point: "you cancel, always, on me"."""
    found = _ASIDE.sub(",", words) if "," in words else words
    found = _WHILE.sub("", found)
    found = _AGAIN.sub(r"\g<said>", found.strip(" ,"))
    return found if len(found.split()) > 1 else words


def clauses(words: str) -> list[str]:
    """Return a spelled-out sentence, then its clauses, the longest first."""
    parts = [part.strip(" ,") for part in _JOINT.split(words)]
    parts += [run for part in parts for run in _runs(part)]
    parts = [_LEADING.sub("", part) for part in parts]
    enough = LEAST_SHARE * len(words.split())
    rest = sorted((part for part in parts if len(part.split()) >= max(LEAST_WORDS, enough)), key=len, reverse=True)
    return list(dict.fromkeys([words, *rest]))


def _runs(part: str) -> list[str]:
    """Return what is run together where one texts: "you should ring joe he's your brother"; nothing if it is one clause."""
    found, start = [], 0
    for match in _OPENS.finditer(part):
        before = part[start : match.start()].split()
        if len(before) >= LEAST_WORDS and before[-1] not in _HELD:
            found.append(part[start : match.start()])
            start = match.end()
    return [*found, part[start:]] if found else []
