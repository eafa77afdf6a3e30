"""A small grammar of her English: spelling out what is texted, the forms of a verb, and a wording put back into her style."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# How people text, and what is meant; "ur" is "you're" before these endings and words, otherwise "your".
_TEXTED = {
    "u": "you", "r": "are", "im": "i'm", "ive": "i've", "dont": "don't", "didnt": "didn't", "cant": "can't", "wont": "won't",
    "isnt": "isn't", "wasnt": "wasn't", "havent": "haven't", "hasnt": "hasn't", "doesnt": "doesn't", "couldnt": "couldn't",
    "wouldnt": "wouldn't", "shouldnt": "shouldn't", "arent": "aren't", "youre": "you're", "youve": "you've", "youll": "you'll",
    "youd": "you'd", "thats": "that's", "whats": "what's", "hows": "how's", "theres": "there's", "wheres": "where's",
    "whos": "who's",
    "theyre": "they're", "hes": "he's", "shes": "she's", "cos": "because", "coz": "because", "bc": "because", "w": "with",
    "2nite": "tonight", "tho": "though", "thru": "through", "nite": "night", "pls": "please", "gonna": "going to",
    "gotta": "got to", "wanna": "want to", "ya": "you", "yer": "your", "ye": "you", "mam": "mum", "n": "and", "wen": "when",
    "il": "i'll", "ull": "you'll", "ud": "you'd", "shud": "should", "cud": "could", "wud": "would", "wot": "what", "hw": "how",
    "txt": "text", "smthing": "something", "somthing": "something", "b4": "before", "b": "be", "abt": "about", "gna": "going to",
    "tonite": "tonight", "wk": "week", "bday": "birthday", "lyk": "like", "bcoz": "because", "bcs": "because", "yuh": "you",
}  # fmt: skip
_BARE = frozenset(key for key, value in _TEXTED.items() if "'" in value)
_ARE = re.compile(
    r"\bur(?= (?:\w+ing|always|never|so|not|just|still|only|being|a|the|too|all|late|mad|on|in|here|online|mum)\b)", re.I
)
_MISSPELT = re.compile(
    r"\byour(?= (?:not|always|never|so|too|going|being|alive|engaged|skint|short of|the|a|at|in the|on the|gonna)\b)(?! the only)"
)
_WORD = re.compile(r"[\w']+")
_END = re.compile(r"[.!?…]+$")
_MARKS = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_VOWELS = "aeiou"


def plain(text: str) -> str:
    """Return a text with one sort of apostrophe and dash, and single spaces; its case is kept."""
    return " ".join(text.translate(_MARKS).split())


def spelled_out(text: str) -> str:
    """Return a text without the short forms of texting ("u dont" as "you don't"), in small letters."""
    words = _ARE.sub("you're", plain(text).lower())
    words = re.sub(r"\bur\b", "your", words)
    words = re.sub(r"\b(should|could|would|might|must) of\b", r"\1 have", _MISSPELT.sub("you're", words))
    return _WORD.sub(lambda match: _TEXTED.get(match.group(), match.group()), words)


@dataclass(frozen=True, slots=True)
class Forms:
    """A verb: base, past, participle and -ing."""

    base: str
    past: str
    participle: str
    ing: str


class Verbs:
    """The verbs that may be put into another form."""

    def __init__(self, bases: Iterable[str], irregular: Iterable[str]) -> None:
        """Take regular verbs by their base, irregular ones by their four forms.

        :raises ValueError: if an irregular verb has not four forms.
        """
        found = {base: regular(base) for base in bases}
        for line in irregular:
            base, past, participle, ing = line.split()
            found[base] = Forms(base, past, participle, ing)
        self.forms: Mapping[str, Forms] = found
        every = found.values()
        self.by_other = {form: each for each in every for form in (third(each.base), each.past, each.ing, each.participle)}


def regular(base: str) -> Forms:
    """Return the forms of a regular verb that doubles no letter."""
    if base.endswith("ie"):
        return Forms(base, f"{base}d", f"{base}d", f"{base[:-2]}ying")
    if base.endswith("e"):
        return Forms(base, f"{base}d", f"{base}d", f"{base[:-1]}ing" if not base.endswith("ee") else f"{base}ing")
    if base.endswith("y") and base[-2:-1] not in _VOWELS:
        return Forms(base, f"{base[:-1]}ied", f"{base[:-1]}ied", f"{base}ing")
    return Forms(base, f"{base}ed", f"{base}ed", f"{base}ing")


@dataclass(frozen=True, slots=True)
class Style:
    """How she writes: whether as one texts (small letters, no full stop), with "u", and without apostrophes."""

    small: bool
    short: bool
    bare: bool
    curly: bool
    names: Mapping[str, str]

    @classmethod
    def of(cls, text: str) -> "Style":
        """Return the style of a text of hers."""
        flat = plain(text)
        words = _WORD.findall(flat)
        first = next((sign for sign in flat if sign.isalpha()), "A")
        small = first.islower() and not any(word == "I" or word.startswith("I'") for word in words)
        lower = [word.lower() for word in words]
        # Inside a sentence a capital makes a name; at its head it says nothing.
        capitals = r"[A-Z][^\W\d_]*[^\W\d_A-Z]" + (r"|[A-Z]{2,}" if any(sign.islower() for sign in flat) else "")
        inside = {word.lower(): word for word in re.findall(rf"(?<=[\w,;] )(?:{capitals})\b(?!'(?!s?(?!\w)))", flat)}
        return cls(
            small,
            any(word in ("u", "ur") for word in lower),
            small and "'" not in flat and any(word in _BARE or word in ("u", "ur") for word in lower),
            "’" in text,
            inside,
        )

    def worn(self, wording: str) -> str:
        """Return a wording of ordinary spelling as she would write it."""
        text = re.sub(r"[^\W\d_]+", lambda match: self.names.get(match.group(), match.group()), wording)
        if self.short:
            text = re.sub(r"\byou(?:r|'re)\b", "ur", text, flags=re.I)
            text = re.sub(r"\byou\b", "u", text, flags=re.I)
        if self.small:
            text = re.sub(r"(?:(?<=^)|(?<=[.!?] ))[A-Z]", lambda match: match.group().lower(), text)
            text = re.sub(r"\bI(?=\b|')", "i", text)
            text = re.sub(r"(?<!\.)\.$", "", text)
        if self.bare:
            text = re.sub(r"(?<=\w)'(?=(?:m|d|ll|ve|re|s|t)\b)", "", text)
        return text.replace("'", "’") if self.curly else text


def third(base: str) -> str:
    """Return the form of a verb that goes with "he" ("wash" as "washes")."""
    if base.endswith("y") and base[-2:-1] not in _VOWELS:
        return f"{base[:-1]}ies"
    return {"have": "has"}.get(base, f"{base}es" if re.search(r"(?:s|sh|ch|x|z|o)$", base) else f"{base}s")


def sentence(text: str) -> str:
    """Return words as a sentence: a capital at its head, "I" as it is spelled, a full stop if nothing ends it."""
    words = re.sub(r"\bi(?=\b|')", "I", text.strip())
    words = re.sub(r"(?:(?<=^)|(?<=[.!?] ))[a-z]", lambda match: match.group().upper(), words)
    return words if _END.search(words) else f"{words}."


def _third(base: str) -> str:
    """Return what he, she or it does: "goes", "carries"."""
    if base == "have":
        return "has"
    if re.search(r"(?:s|x|z|ch|sh|o)$", base):
        return f"{base}es"
    return f"{base[:-1]}ies" if base.endswith("y") and base[-2:-1] not in _VOWELS else f"{base}s"


_SUBJECT = r"(?P<who>you two|you|he|she|it|they|that|this|(?:your|the|her|his|my|their) [\w']+)"
_AUX = "is|are|was|were|have|has|had|will"
_ASKED = re.compile(
    rf"(?P<wh>(?:who else|who|what time|what|where|when|how|why(?! \w+ you\b)|whose \w+|which \w+)"
    rf"(?: (?:much|many|long|often|old|far))? )?(?P<aux>{_AUX}|do|does|did) {_SUBJECT}"
    r"(?P<rest>(?: [\w'-]+){0,7})"
)
# What a question is as well asked without.
_EXTRA = re.compile(r" (?:exactly|on earth|the hell|actually|then|in god's name)(?= |$)")
# What may follow a verb as to the hour.
_HOUR = re.compile(r" (?:until|till) (?:\w+ in the morning|\w+)$")
# "Who was in the car" is in the order of a statement already.
_PLACE = r"(?:in|on|at|with|under|behind|near|there|here)"
_CLAUSE = frozenset(
    "and but or so because if that who which when while until till than not never don't didn't you're even ever mean "
    "really".split()
)


def indirect(question: str, verbs: Verbs) -> str:
    """Return a spelled-out question in the order of a statement ("who is she" as "who she is"); empty if that is not safe.

    A question without a question word gets "if" before it.
    """
    asked = re.sub(r"^(who|what|where|when|how|why)'s ", r"\1 is ", _EXTRA.sub("", question.strip().rstrip("?")))
    asked = re.sub(r"\b(do|does|did) ([\w']+) (?:even|ever|really)\b", r"\1 \2", asked)
    if re.fullmatch(rf"(?:who|what|which \w+) (?:is|are|was|were) {_PLACE}(?: [\w']+){{1,5}}", asked):
        return "" if set(asked.split()[1:]) & _CLAUSE else asked
    if re.fullmatch(r"who (?:else )?(?:is|was) \w+ing(?: [\w']+){0,6}", asked):
        return "" if set(asked.split()[1:]) & _CLAUSE else asked
    subject = re.fullmatch(r"who (?!else|is|are|was|were|did|do|does|has|have|will)(?:\w+ed|\w+)(?: [\w']+){1,6}", asked)
    if subject:
        return "" if set(asked.split()[1:]) & _CLAUSE else asked
    match = _ASKED.fullmatch(asked)
    if match is None or set(_HOUR.sub("", match["rest"]).split()) & _CLAUSE:
        return ""
    if match["rest"].endswith(" to be") or (match["aux"] == "will" and not match["wh"]):
        # "Will you open a book" asks for something else than an answer.
        return ""
    if match["who"] in ("this", "that") and match["rest"]:
        # "Who is this girl" may not become "who this is girl".
        return ""
    wh, aux, who, rest = match["wh"] or "if ", match["aux"], match["who"], match["rest"].split()
    if aux in ("do", "does", "did"):
        if not rest or rest[0] not in verbs.forms:
            return ""
        forms = verbs.forms[rest[0]]
        said = forms.past if aux == "did" else _third(forms.base) if aux == "does" else forms.base
        return " ".join([f"{wh}{who}", said, *rest[1:]])
    return " ".join([f"{wh}{who}", aux, *rest]) if rest or match["wh"] else ""
