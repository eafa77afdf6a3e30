"""A voice that keeps what it said in a file, so that long measuring can be taken up again, and choosing be tried anew.

What is kept is whole answers to prompts out of the labelled dialogues: never anything of a person's own talk. Each is found again
by a digest of the voice, the prompt and how it was drawn, so that another adapter or another prompt asks the voice anew.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from threading import Event

from rehearse.voice.voice import Count, Enough, Message, Sampling, Voice


class KeptVoice:
    """Speaks for another voice, from a file where it has spoken before."""

    def __init__(self, voice: Voice, identity: str, path: Path | None = None) -> None:
        """Stand before a voice.

        :param identity: what tells this voice from others: the digests of its files.
        :param path: where answers are kept, a line of JSON each; in memory alone if left out.
        """
        self.voice = voice
        self.name, self.tuned = voice.name, voice.tuned
        self.count = Count()
        self.drawn: list[str] = []
        self._identity = identity
        self._path = path
        self._kept: dict[str, str] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = _row(line)
                if row is not None:
                    self._kept[row[0]] = row[1]

    def stream(self, prompt: Sequence[Message], sampling: Sampling, stop: Event) -> Iterator[str]:
        """Yield the answer, word by word."""
        (pieces,) = self.several(prompt, [sampling], stop)
        yield from pieces

    def several(
        self, prompt: Sequence[Message], samplings: Sequence[Sampling], stop: Event, enough: Enough | None = None
    ) -> list[list[str]]:
        """Return several answers in pieces of a word; they are drawn whole, and only then cut where they are enough."""
        keys = [self._key(prompt, each) for each in samplings]
        new = [number for number, key in enumerate(keys) if key not in self._kept]
        if new:
            for number, pieces in zip(new, self.voice.several(prompt, [samplings[each] for each in new], stop), strict=False):
                self._keep(keys[number], "".join(pieces))
        found = [self._kept[key] for key in keys if key in self._kept]
        self.drawn += found
        return [_cut(text, enough) for text in found]

    def tokens(self, prompt: Sequence[Message]) -> int:
        """Return how many tokens a prompt takes."""
        return self.voice.tokens(prompt)

    @property
    def context(self) -> int:
        """How many tokens prompt and answer may take together."""
        return self.voice.context

    def close(self) -> None:
        """Give back the memory of the voice behind it."""
        self.voice.close()

    def _key(self, prompt: Sequence[Message], sampling: Sampling) -> str:
        told = json.dumps([self._identity, [[each.role, each.content] for each in prompt], astuple(sampling)])
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    def _keep(self, key: str, text: str) -> None:
        self._kept[key] = text
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"key": key, "text": text}) + "\n")


def _row(line: str) -> tuple[str, str] | None:
    """Return a kept answer; ``None`` for a line that was cut off when the measuring was stopped."""
    try:
        row = json.loads(line)
        return str(row["key"]), str(row["text"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return None


def _cut(text: str, enough: Enough | None) -> list[str]:
    """Return a text in pieces of a word each, up to where it is enough."""
    pieces: list[str] = []
    for word in text.split(" "):
        pieces.append(f" {word}" if pieces else word)
        if enough is not None and enough("".join(pieces)):
            break
    return pieces
