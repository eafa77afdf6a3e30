"""When he answers with one word or not at all, and what the article says to that.

He does where she presses on at a shut door: her line may land as blame, and he was shut before it and is shut after it. One
word the first time, silence the next, and between two such answers he speaks, so that a talk never dies of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rehearse import article, data, settings
from rehearse.errors import DataError
from rehearse.scenario import Scenario
from rehearse.turn import Openness, Turn


@dataclass(frozen=True, slots=True)
class Offer:
    """What is said to her when he is silent: what he did, what she could do, and the practices it rests on."""

    happened: str
    sentence: str
    practices: tuple[article.Practice, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    words: tuple[str, ...]
    nothing: str
    practices: tuple[int, ...]
    word: str
    silent: str
    offer: str


@cache
def _read(path: Path, language: str) -> _Told:
    try:
        table = data.read_words(path, language)["silence"]
        found = _Told(**{**table, "words": tuple(table["words"]), "practices": tuple(table["practices"])})
    except (KeyError, TypeError) as error:
        raise DataError(path, "its table silence lacks something") from error
    if not found.words or not found.nothing:
        raise DataError(path, "its table silence needs words, and a sign for none")
    return found


def _told() -> _Told:
    return _read(settings.prompts_folder() / "beside.toml", settings.language())


def brief(text: str) -> bool:
    """Whether an answer of his is one word or none."""
    return len([word for word in text.split() if any(sign.isalnum() for sign in word)]) <= 1


def said(scenario: Scenario, path: Sequence[Turn]) -> str:
    """Return what he says instead of an answer to the last turn of a path; empty if he answers.

    :raises DataError: if ``prompts/beside.toml`` is not as it should be.
    """
    hers = [turn for turn in path if turn.speaker == "mother"]
    his = [turn for turn in path if turn.speaker == "son"]
    before = path[-2].openness if len(path) > 1 else scenario.openness
    pressed = bool(path) and path[-1] is hers[-1] and bool((path[-1].report or {}).get("flagged")) if hers else False
    if not pressed or not before == path[-1].openness == Openness.SHUT or (his and brief(his[-1].text)):
        return ""
    told = _told()
    times = sum(brief(turn.text) for turn in his)
    return told.nothing if times % 2 else told.words[(times // 2) % len(told.words)]


def offer(scenario: Scenario, path: Sequence[Turn]) -> Offer | None:
    """Return what to tell her if his last answer was one word or none; ``None`` if he said more, or was stopped.

    :raises DataError: if a data file is not as it should be.
    """
    if not path or path[-1].speaker != "son" or path[-1].state != "complete" or not brief(path[-1].text):
        return None
    told = _told()
    happened = told.word if any(sign.isalnum() for sign in path[-1].text) else told.silent
    return Offer(
        happened.format(name=scenario.son.name), told.offer, tuple(article.practice(number) for number in told.practices)
    )
