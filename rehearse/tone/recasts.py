"""Her sentence said again by hand-written patterns, from ``prompts/recasts.toml``: slots are filled from her own words alone.

A pattern fires only where it matches a whole sentence or clause of hers and every slot it needs is short and plain. What is
made this way is still only proposed: :mod:`rehearse.tone.own` decides what she is offered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rehearse import data, settings
from rehearse.errors import DataError
from rehearse.kinds import flagged_kinds
from rehearse.tone.clauses import clauses, plainly
from rehearse.tone.facts import MOTHER, OTHERS, innocent
from rehearse.tone.grammar import Style, Verbs, indirect, plain, sentence, spelled_out, third

SORTS = frozenset({"task", "life", "event", "body", "thing", "people", "quarrel"})
LONGEST_REST = 7
# A pattern that leaves a verb and all that goes with it open fires only for the kinds it was written for.
VERY_LOOSE = 2
LONGEST_CLAUSE = 14
# In a longer sentence a noun of the list is seldom what it is about.
LONGEST_ABOUT = 16
# A clause says what its sentence says only if it is this much of it.
CLAUSE_SHARE = 0.33
# So many entries may speak to one clause: which reads best is for the judge of wordings.
MOST_ENTRIES = 3

_SLOT = re.compile(r"\{(\w+)\}")
_OPTION = re.compile(r"\[([^\]]*)\]")
_ARTICLE = r"(?:a|an|the|my|your|our|that|this|these|those)"
_CLOSED = frozenset(
    "a an the my your our that this these those i you he she it we they me him her us them and but or so because if when than "
    "then not never no is are was were be been am do did does have has had will would can could should must to of in on at for "
    "with from by about as who what where how why which there here yes just only even always ever too".split()
)
# After these a noun is where something happens, not what the sentence is about.
_WHERE = frozenset("in on at under from behind with past into onto over through round by near off out like than".split())
# What he did is said again without its reasons: they are hers.
_REASONS = frozenset("because if so than cos as though although unless like".split())
# Past forms that are as often a present: "you let", "you put".
_BASE_LIKE = ("let", "put", "cut", "shut", "read", "quit", "set", "used", "had", "got")
_PLAIN_ADJECTIVES = frozenset("new first last old next final real proper decent better".split())
_NO_REST = frozenset(
    "and but or because if so than then unless while though although never not no don't can't won't didn't isn't i he she "
    "they you you're you'd you'll you've who that's it's he's she's they're there's i'm is are was were will would could "
    "should like as when until till nothing even yourself myself always ever which why what how instead whatever its".split()
)
_STATES = frozenset(
    "believe care forget have hate know like love mean mind need owe remember start stop understand want wish".split()
)
# With these another's son helps his mother.
_HELPING = (
    "carry clean cook cut drive fix fold hold iron mow paint peel pick pour push put sort sweep take walk wash water".split()
)
_FAMILY = frozenset("mother father mum mom dad sister brother son me waiting".split())
_NO_WHEN = frozenset("because if than and but or not never don't didn't can't won't nothing nobody".split())
_PAST_TIME = re.compile(r"\b(?:was|were|had|did|got|came|went|said|told|left|lost|made|took|broke|fell|\w{3,}ed)\b")
_TWICE = re.compile(r"\bwhen (?:you|i) (?:used to )?\{")
_WHEN = (
    r"(?P<when> (?:when|while|before|after|until|till) (?:i|i'm|i've|we|we're|you|you're|he|she|he's|she's|it|it's|they|your|the|"
    r"my|our|his|her)(?: [\w']+){1,8})?"
)
_ANY = {"anything": "something", "anyone": "someone", "anybody": "somebody", "any": "some", "either": "too"}
_NEGATED = re.compile(r"\b(?:don't|do not|never|not|without|stop)\b")
_HERSELF = re.compile(rf"\b(?:your|his|her|their) {MOTHER}('s)?")
_TAIL = re.compile(
    r",? (?:any ?more|ever|at all|even once|once|not once|anyway|do you|are you|is it|have you|did you|will you|can you|"
    r"could you|would you|don't you|didn't you|haven't you|i suppose|i see|you know|then|again|really|for once|either|properly|"
    r"like that|for a change|at least|these days)$"
)
_TIME = (
    r"(?:(?:last|this|next|on|at|for|by|in|every) )?(?:tonight|today|tomorrow|yesterday|night|week|weekend|month|year|summer|"
    r"christmas|easter|eid|diwali|thanksgiving|sunday|monday|tuesday|wednesday|thursday|friday|saturday|sundays|the weekend|"
    r"noon|\d{1,2})"
)
_MACROS: Mapping[str, str] = {
    "thing": rf"(?P<thing>(?!an? ){_ARTICLE} [\w'-]+(?: [\w'-]+){{0,2}})",
    "time": rf"(?P<time>{_TIME})",
    "wh": r"(?P<wh>(?:who|what|where|how|why|when) (?:[\w']+ ?){1,8})",
    "who": r"(?P<who>your (?:father|dad|sister|brother|grandmother|grandfather|nan|gran|wife|uncle|aunt|stepfather|cousin))",
    "adj": r"(?P<adj>[\w']+)",
    "topic": r"(?P<topic>.+?)",
    "asked": r"(?P<asked>(?:who|what|where|when|how|why|is|are|was|were|did|do|does|have|has|will)(?:'s|'re)? .{2,70})",
    **OTHERS,
}


@dataclass(frozen=True, slots=True)
class Recast:
    """A pattern of hers, what she could say, a sentence with its first wording, and how much the pattern leaves open."""

    kinds: tuple[str, ...]
    pattern: re.Pattern[str]
    to: tuple[str, ...]
    example: tuple[str, str]
    loose: int


def looseness(pattern: re.Pattern[str], *, strict: bool) -> int:
    """Return how much of a sentence a pattern leaves open: nothing, some words, or a verb and all that goes with it."""
    if strict or {"verb", "did", "asked", "fact"} & set(pattern.groupindex):
        return VERY_LOOSE
    return int(".{" in pattern.pattern or ".*" in pattern.pattern or bool(pattern.groupindex))


@dataclass(frozen=True, slots=True)
class About:
    """Wordings for some kinds of which only the topic is kept."""

    kinds: tuple[str, ...]
    sorts: tuple[str, ...]
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Topic:
    """What a line is about: the words that say so, and their sort."""

    words: str
    sort: str


@dataclass(frozen=True, slots=True)
class Recasts:
    """Everything the file holds."""

    recasts: tuple[Recast, ...]
    abouts: tuple[About, ...]
    verbs: Verbs
    topics: Mapping[str, tuple[str, str]]
    tails: tuple[str, ...]
    heads: tuple[str, ...]
    honest: Mapping[str, tuple[str, ...]]

    def of(self, hers: str, kind: str) -> list[str]:
        """Return wordings of a sentence of hers, the most particular first; none if nothing matches.

        :param hers: one sentence.
        :param kind: the flagged kind it was read as: patterns written for it go first.
        """
        style = Style.of(hers)
        words, name = self.bared(hers)
        found: list[str] = []
        entries = 0
        for clause in clauses(words):
            # Of a clause that is but a small part of its sentence only a turn of phrase is taken.
            # What follows a "don't" may still be under it: "don't go and make a fuss".
            negated = bool(_NEGATED.search(words[: words.find(clause)]))
            small = negated or len(clause.split()) < CLAUSE_SHARE * len(words.split())
            matching = [each for each in self.recasts if each.loose < VERY_LOOSE or (kind in each.kinds and not small)]
            matching = [each for each in matching if each.pattern.fullmatch(clause)]
            # A turn of phrase is surer than a verb with whatever goes with it; then one written for this kind is preferred.
            for each in sorted(matching, key=lambda each: (each.loose, kind not in each.kinds)):
                made = self._made(each, clause)
                found += made
                entries += bool(made)
                if entries == MOST_ENTRIES:
                    break
            if found:
                break
        if not found and len(words.split()) <= LONGEST_ABOUT:
            found = self._about(words, kind)
        return list(dict.fromkeys(style.worn(_named(sentence(each), name)) for each in found))

    def bared(self, hers: str) -> tuple[str, str]:
        """Return a sentence spelled out, without what stands round it (heads, tails, a name), and the name she calls him by."""
        words = re.sub(r"[.!?…]+$", "", spelled_out(hers)).strip(" ,;-")
        name = ""
        called = re.search(r",\s+([A-Z][a-z]+|love|pet|darling|sweetheart|honey|hun|babe|son)[.!?…]*$", plain(hers))
        if called:
            name = called.group(1)
            words = words[: words.rfind(",")].strip()
        changed = True
        while changed:
            before = words
            words = _TAIL.sub("", words)
            for tail in self.tails:
                if words.endswith(f" {tail}") and len(words) > len(tail) + 8:
                    words = words[: -len(tail)].rstrip(" ,;-")
            for head in self.heads:
                if re.match(rf"{re.escape(head)}[ ,;:.-]+\w", words):
                    words = words[len(head) :].lstrip(" ,;:.-")
            changed = words != before
        return plainly(words), name

    def topic(self, words: str) -> Topic | None:
        """Return what a spelled-out sentence is about, if a topic of the list stands in it with an article."""
        tokens = re.findall(r"[a-zé']+|[^\sa-zé']", words)
        for place, noun in enumerate(tokens):
            if noun not in self.topics or (tokens[place + 1 : place + 2] and not _ends(tokens[place + 1])):
                continue
            general, sort = self.topics[noun]
            between = [word for word in tokens[max(0, place - 1) : place] if word in _PLAIN_ADJECTIVES]
            head = place - 1 - len(between)
            article = tokens[head] if head >= 0 else ""
            if sort not in ("thing", "body") and tokens[max(0, head - 1) : head] and tokens[head - 1] in _WHERE:
                continue
            if general and (article in ("a", "an", "any", "some", "no") or not re.fullmatch(_ARTICLE, article)):
                return Topic(general, sort)
            if re.fullmatch(_ARTICLE, article) and article not in ("a", "an", "my"):
                named = "the" if article in ("that", "this", "these", "those") else article
                return Topic(" ".join([named, *between, noun]), sort)
        return None

    def _about(self, words: str, kind: str) -> list[str]:
        topic = self.topic(words)
        if topic is None:
            return []
        if topic.sort == "life" and " " not in topic.words and kind != "advice":
            # Work in general is seldom what a line is about where another's, or an odd job, is spoken of.
            return []
        fitting = [each for each in self.abouts if kind in each.kinds and topic.sort in each.sorts]
        return [to.replace("{topic}", topic.words) for each in fitting for to in each.to]

    def _made(self, recast: Recast, clause: str) -> list[str]:
        match = recast.pattern.fullmatch(clause)
        slots = self._slots(match.groupdict(), clause) if match else None
        return [made for to in recast.to if slots is not None and (made := _filled(to, slots))]

    def _conjugate(self, slots: dict[str, str]) -> bool:
        """Add the forms of the verb with all that goes with it; ``False`` if that is not plain enough to be said again."""
        rest = _HERSELF.sub(lambda match: "my" if match.group(1) else "me", slots.get("rest", ""))
        rest = " ".join(_ANY.get(word, word) for word in rest.split())
        if set(rest.split()) & _NO_REST or len(rest.split()) > LONGEST_REST:
            return False
        verb, verbs = slots["verb"], self.verbs
        known = verbs.forms.get(verb.split()[0]) or verbs.by_other.get(verb.split()[0])
        when = slots.get("when", "")
        if set(when.split()) & _NO_WHEN:
            return False
        after = " ".join([*verb.split()[1:], rest, when]).strip()
        slots["rest"] = f" {rest}" if rest else ""
        if known is not None:
            made = {"act": known.base, "past": known.past, "participle": known.participle, "ing": known.ing}
            if known.base in _STATES:
                # "Knowing the answer would help" is nobody's advice.
                del made["ing"]
            slots |= {form: f"{word} {after}".strip() for form, word in made.items()}
        return True

    def _slots(self, groups: Mapping[str, str | None], clause: str) -> dict[str, str] | None:
        """Return what fills the slots; ``None`` if one of them is not plain enough to be said again."""
        slots = {name: value.strip() for name, value in groups.items() if value and value.strip()}
        if "topic" in slots:
            topic = self.topic(clause)
            if topic is None:
                return None
            slots["topic"] = topic.words
        if "verb" in slots and not self._conjugate(slots):
            return None
        if "thing" in slots and (_heads(slots["thing"].split()[1:]) & _CLOSED or slots["thing"].split()[-1] in _FAMILY):
            return None
        if "wh" in slots and not _indirect(slots["wh"]):
            return None
        if "fact" in slots and not slots.update(fact=innocent(slots["fact"])) and not slots["fact"]:
            return None
        if "asked" in slots:
            slots["asked"] = indirect(slots["asked"], self.verbs)
            if not slots["asked"]:
                return None
        if "did" in slots and (len(slots["did"].split()) > LONGEST_CLAUSE or set(slots["did"].split()) & _REASONS):
            return None
        return slots


def _filled(to: str, slots: Mapping[str, str]) -> str:
    """Return a wording with its slots filled; empty if one it needs is."""
    to = _OPTION.sub(lambda match: match.group(1) if all(slots.get(name) for name in _SLOT.findall(match.group(1))) else "", to)
    if any(name not in slots for name in _SLOT.findall(to)):
        return ""
    if "when" in slots:
        # She says when already, and what is over is not asked for: not "if you rang when I was ill".
        over = "if you {past}" in to and _PAST_TIME.search(slots["when"])
        to = (
            ""
            if over or _TWICE.search(to)
            else re.sub(r" (?:sometimes|now and then|some time)\b|, (?:when|whenever) [\w' ]+", "", to)
        )
    return _SLOT.sub(lambda match: slots[match.group(1)], to).replace(" that that ", " that ")


def _ends(following: str) -> bool:
    """Whether a noun is whole where this follows it: "car is" and "car." are, "car park" is not."""
    return following in _CLOSED or not following[0].isalpha()


def _heads(words: Sequence[str]) -> set[str]:
    """Return words without what is drawn together with them: "we" of "we're"."""
    return {word.split("'")[0] for word in words}


def _indirect(clause: str) -> bool:
    """Whether a clause that a question word opens is in the order of a statement ("who she is", not "who is she")."""
    words = clause.split()
    return len(words) >= 2 and words[1] not in ("is", "are", "was", "were", "did", "do", "does", "have", "has", "will", "can")


def _named(made: str, name: str) -> str:
    """Return a wording with the name she calls him by at its end, where there is room for one."""
    if not name or made.count(",") > 1:
        return made
    return f"{made[:-1]}, {name}{made[-1]}"


def load() -> Recasts:
    """Return what the file holds, read and checked once.

    :raises DataError: if it is not as it should be.
    """
    return _read(settings.prompts_folder())


@cache
def _read(folder: Path) -> Recasts:
    path = folder / "recasts.toml"
    table = data.read_toml(path)
    try:
        contact, act = table["verbs"]["contact"].split(), table["verbs"]["act"].split()
        verbs = Verbs([*contact, *act], table["verbs"]["irregular"])
        macros = _macros(contact, [*contact, *act], verbs)
        topics = {
            word.split(":")[0]: ((word.split(":") + [""])[1], sort)
            for sort, words in table["topics"].items()
            for word in words.split()
        }
        found = Recasts(
            tuple(_recast(each, macros) for each in table["recast"]),
            tuple(About(tuple(each["kinds"]), tuple(each["sort"]), tuple(each["to"])) for each in table["about"]),
            verbs,
            topics,
            tuple(sorted(set(table["cuts"]["tails"]), key=len, reverse=True)),
            tuple(sorted(set(table["cuts"]["heads"]), key=len, reverse=True)),
            {kind: tuple(lines) for kind, lines in table["honest"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        raise DataError(path, f"an entry lacks a part or has a wrong one ({error})") from error
    _check(found, set(table["topics"]), path)
    return found


def _recast(table: Mapping[str, Any], macros: Mapping[str, str]) -> Recast:
    # A group's own name stands in the same brackets as a slot.
    said = re.sub(r"(?<!\?P)<(\w+)>", lambda slot: macros[slot.group(1)], table["from"])
    hers, made = table["example"]
    pattern = re.compile(said)
    # Asked of every pattern at every clause of hers, so it is told once.
    loose = looseness(pattern, strict=table.get("strict") is True)
    return Recast(tuple(table["kinds"]), pattern, tuple(table["to"]), (hers, made), loose)


def _macros(contact: Sequence[str], act: Sequence[str], verbs: Verbs) -> dict[str, str]:
    rest = rf"(?P<rest>(?: [\w'-]+){{0,{LONGEST_REST}}}?){_WHEN}"

    def verb(words: Sequence[str]) -> str:
        return f"(?P<verb>{'|'.join(sorted(words, key=len, reverse=True))}){rest}"

    return {
        "contact": verb(contact),
        "act": verb(act),
        "did": r"(?P<did>you (?!used |did )(?:\w+ed|"
        + "|".join(sorted({each.past for each in verbs.forms.values() if not each.past.endswith("ed")} - set(_BASE_LIKE)))
        + r")(?: [\w'-]+){1,12})",
        "participle": verb([verbs.forms[each].participle for each in contact]),
        "done": verb([verbs.forms[each].participle for each in act]),
        "ing": verb([verbs.forms[each].ing for each in act]),
        "does": verb([third(each) for each in [*contact, *_HELPING]]),
        **_MACROS,
    }


def _check(found: Recasts, sorts: set[str], path: Path) -> None:
    """Refuse a file in which an entry names what is not known, or does not make what its example says.

    :raises DataError: then.
    """
    known = flagged_kinds()
    if sorts != SORTS or set(found.honest) != known:
        raise DataError(path, "it lacks a sort of topic, or honest lines for a kind")
    entries: tuple[Recast | About, ...] = (*found.recasts, *found.abouts)
    for each in entries:
        if not each.kinds or not set(each.kinds) <= known or not each.to:
            raise DataError(path, f"an entry has an unknown kind or no wording: {each.to[:1]}")
    if any(not set(each.sorts) <= SORTS for each in found.abouts):
        raise DataError(path, "a wording is for an unknown sort of topic")
    for recast in found.recasts:
        forms = {"act", "past", "participle", "ing"} if "verb" in recast.pattern.groupindex else set()
        unknown = {slot for to in recast.to for slot in _SLOT.findall(to)} - set(recast.pattern.groupindex) - forms
        if unknown:
            raise DataError(path, f"a wording of “{recast.example[0]}” has a slot its pattern does not fill: {sorted(unknown)}")
        if recast.example[1] not in found.of(recast.example[0], recast.kinds[0]):
            raise DataError(path, f"the example “{recast.example[0]}” does not make “{recast.example[1]}”")
