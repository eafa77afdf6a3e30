"""The second look: her line read once more, by the middle layers of the voice's own language model.

A language model has read far more than the encoder of the check, and hears better what is meant; it is slower, so it looks
when she pauses and before a line is sent, not at every key. Only its first layers are used, and nothing is generated: what it
gives are numbers, from which heads that were trained on hand-written lines (:mod:`rehearse.lab.look_training`) say whether a line
may land as blame, as which kind, and whether it is to be met outside the role. What its layers give is also what another head
hears the act of a line by (:mod:`rehearse.hearer`). Without it the check goes on as it is.
"""

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from rehearse import catalog, settings
from rehearse.distress import METS
from rehearse.errors import DataError, RehearseError
from rehearse.kinds import kinds
from rehearse.tone.heard import HIM, Glance, Heard, Weights

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rehearse.tone import ToneCheck

# Texts whose states are kept, so that what she reads again and sends is looked at once.
REMEMBERED = 256
_HEADS = ("flag", "kind", "met")


class Layers(Protocol):
    """Whatever turns tokens into one row each; :class:`rehearse.voice.middle.Middle` does."""

    room: int

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        ...

    def states(self, tokens: Sequence[int]) -> "NDArray[np.float32]":
        """Return one row a token."""
        ...

    def close(self) -> None:
        """Give back the memory."""
        ...


@dataclass(frozen=True, slots=True)
class Form:
    """How a line is laid before the layers: the words around it, and how many tokens of his line and of hers are read."""

    before: str
    head: str
    tail: str
    most_before: int
    most: int


@dataclass(frozen=True, slots=True)
class Card:
    """What ``models/tone/look.json`` says: the form, how many layers there are, the names of what the heads give, and how much
    a glance counts beside what the check has read. From ``danger`` on (0 to 1) a text is to be met outside the role.
    """

    form: Form
    layers: int
    kinds: tuple[str, ...]
    mets: tuple[str, ...]
    weights: Weights
    danger: float

    @classmethod
    def read(cls, path: Path) -> "Card":
        """Read a card.

        :raises DataError: if it is not as it should be, or names other kinds than ours.
        """
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            names = tuple(told["kinds"]), tuple(told["mets"])
            card = cls(Form(**told["form"]), int(told["layers"]), *names, Weights(**told["weights"]), float(told["danger"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(path, f"it does not describe the second look ({error})") from error
        if set(card.kinds) != set(kinds()) or set(card.mets) != {*METS, "none"}:
            raise DataError(path, "it was trained for other kinds than these")
        return card


class Look:
    """Looks at lines. Safe to call from several threads."""

    def __init__(self, layers: Layers, heads: "Mapping[str, NDArray[np.float32]]", card: Card) -> None:
        """Join the layers with what was trained on them.

        :param heads: ``flag``, ``kind`` and ``met``: ``<name>.weight`` (outputs, twice the width) and ``<name>.bias``.
        """
        self.layers = layers
        self.heads = dict(heads)
        self.card = card
        self._around = tuple(layers.tokens(each) for each in (card.form.head, card.form.tail))
        self._known: OrderedDict[Heard, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def load(cls, folder: Path | None = None, make: Callable[[int], Path] | None = None) -> "Look":
        """Load it; the first time the file it reads with is made, which takes some seconds.

        :param folder: where its heads and its card are; the carried ones if left out.
        :param make: makes that file; :func:`rehearse.voice.middle.build` if left out.
        :raises RehearseError: if it cannot be had; the check goes on without it.
        """
        from safetensors.numpy import load_file

        from rehearse.voice.middle import Middle, build

        ours = folder or settings.models_folder() / "tone"
        card = Card.read(ours / "look.json")
        heads = load_file(ours / "look.safetensors" if folder else catalog.verified("look_heads"))
        if set(heads) != {f"{name}.{part}" for name in _HEADS for part in ("weight", "bias")}:
            raise DataError(ours / "look.safetensors", "it does not hold the heads of the second look")
        # One room for all: his line, hers, and the words around them.
        room = card.form.most + card.form.most_before + 32
        return cls(Middle((make or build)(card.layers), room=room, threads=settings.threads()), heads, card)

    def at(self, heard: Sequence[Heard]) -> list[Glance]:
        """Return a glance for each text, in order.

        :raises VoiceError: if the layers cannot read it.
        """
        return [self._glance(each) for each in self._read(heard)]

    @property
    def danger(self) -> float:
        """The probability from which a text is to be met outside the role."""
        return self.card.danger

    def mets(self, texts: Sequence[str]) -> list[Mapping[str, float]]:
        """Return, for each text, the probability of each thing that is met outside the role; ``none`` among them.

        :raises VoiceError: if the layers cannot read it.
        """
        return [each.mets for each in self.at([Heard(text) for text in texts])]

    def laid(self, heard: Heard) -> tuple[list[int], int, int]:
        """Return the tokens of a text in its form, and where her own begin and end among them."""
        form = self.card.form
        his = heard.before.removeprefix(HIM) if heard.before.startswith(HIM) else ""
        lead = self.layers.tokens(f"{form.before}{his}\n")[-form.most_before :] if his else []
        head, tail = self._around
        own = self.layers.tokens(heard.text)[: form.most]
        start = len(lead) + len(head)
        return [*lead, *head, *own, *tail], start, start + len(own)

    def pooled(self, heard: Heard) -> "NDArray[np.float32]":
        """Return what the heads read of a text: the mean of the layers' states over her words, and the last state.

        :raises VoiceError: if the layers cannot read it.
        """
        return self._read([heard])[0]

    def _read(self, heard: Sequence[Heard]) -> "list[NDArray[np.float32]]":
        with self._lock:
            for each in dict.fromkeys(heard):
                if each not in self._known:
                    self._known[each] = self._states(each)
                self._known.move_to_end(each)
            found = [self._known[each] for each in heard]
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return found

    def _states(self, heard: Heard) -> "NDArray[np.float32]":
        import numpy as np

        tokens, start, end = self.laid(heard)
        states = self.layers.states(tokens)
        return np.concatenate([states[start : max(end, start + 1)].mean(axis=0), states[-1]])

    def _glance(self, pooled: "NDArray[np.float32]") -> Glance:
        return Glance(
            float((self.heads["flag.weight"] @ pooled + self.heads["flag.bias"])[0]),
            self._told("kind", pooled, self.card.kinds),
            {name: math.exp(each) for name, each in self._told("met", pooled, self.card.mets).items()},
        )

    def _told(self, head: str, pooled: "NDArray[np.float32]", names: Sequence[str]) -> dict[str, float]:
        """Return the logarithms of the probabilities that a head gives to some names."""
        logits = self.heads[f"{head}.weight"] @ pooled + self.heads[f"{head}.bias"]
        return dict(zip(names, _logged(logits), strict=True))

    def close(self) -> None:
        """Give back the memory."""
        self.layers.close()


def _logged(logits: "NDArray[np.float32]") -> list[float]:
    """Return the logarithms of the probabilities that logits stand for (softmax)."""
    import numpy as np

    shifted = logits - logits.max()
    return [float(each) for each in shifted - np.log(np.exp(shifted).sum())]


def bring(
    check: "ToneCheck", tell: Callable[[str], object] = lambda why: None, make: Callable[[int], Path] | None = None
) -> Look | None:
    """Give a check its second look and return it; ``None`` where it cannot be had, and the check goes on without.

    :param tell: is given the reason, as a sentence.
    :param make: as :meth:`Look.load` takes it.
    """
    try:
        look = Look.load(make=make)
    except RehearseError as error:
        tell(str(error))
        return None
    check.judge.bring(look, look.card.weights)
    return look
