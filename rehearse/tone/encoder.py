"""MiniLM, as it comes for meaning, and with our layers and heads for how a sentence may land.

The tuned reader is the same network with the weights of its transformer layers replaced by ours (its word embeddings are
shared with the untuned one, and its layers are computed in eight bits) and three linear heads: may it land as blame (one
probability), which kind (a probability each), and which words carry it (a probability a token). How they were trained,
and what they get wrong, is in ``models/tone/CARD.md``.
"""

import copy
import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from rehearse import catalog, settings
from rehearse.errors import DataError, ModelMissing
from rehearse.tone import standins
from rehearse.tone.heard import Heard, Reading

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

# MiniLM reads 256 word pieces; a spoken sentence with the line before it rarely needs 100.
LONGEST = 128
BATCH = 32
# Texts are packed into rows of so many tokens, or as many as the longest has.
ROW = 128
# Vectors kept, 1.5 kB each.
REMEMBERED = 512


class Embedder(Protocol):
    """Whatever can turn texts into vectors of meaning."""

    def encode(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one unit vector a text: shape (texts, dimensions)."""
        ...


def base_model() -> "SentenceTransformer":
    """Load the embedded MiniLM from its package, checked against the catalog, without asking any hub.

    :raises ModelMissing: if the package is not installed.
    :raises ModelChanged: if the weights are not the pinned ones.
    """
    folder = catalog.verified("encoder").parent
    with standins.instead():
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        # A bar that counts weights means nothing to the person in front of the terminal.
        logging.disable_progress_bar()
        with standins.built_at_once():
            return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


class MiniLM:
    """The untuned encoder: what texts mean, for finding the phrase nearest to her concern."""

    def __init__(self, model: "SentenceTransformer") -> None:
        """Wrap a loaded model."""
        self.model = model
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Return one unit vector a text: shape (texts, 384).

        What was asked for lately is not read again: by a check of a line its phrases, its examples and her remarks are looked
        for, and he answers it.
        """
        import numpy as np

        with self._lock:
            known = {each: self._known[each] for each in texts if each in self._known}
        fresh = [each for each in dict.fromkeys(texts) if each not in known]
        known.update(zip(fresh, self._read(fresh), strict=True))
        with self._lock:
            for each in known:
                self._known[each] = known[each]
                self._known.move_to_end(each)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return np.stack([known[each] for each in texts]) if texts else self._read([])

    def _read(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        import numpy as np

        if not texts:
            return np.empty((0, self.model.get_embedding_dimension() or 0), np.float32)
        vectors: NDArray[np.float32] = self.model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return vectors


def joined(heard: Heard) -> tuple[str, str] | str:
    """Return a sentence in the form the tokenizer takes: alone, or as a pair with the line before it."""
    return (heard.before, heard.text) if heard.before else heard.text


class TunedReader:
    """The tuned encoder with its heads."""

    def __init__(self, model: "SentenceTransformer", heads: "dict[str, torch.Tensor]", card: dict[str, Any]) -> None:
        """Wrap a model whose layers are already ours.

        :param heads: ``flag.weight`` (1, 384), ``kind.weight`` (kinds, 384), ``span.weight`` (1, 384) and their biases.
        :param card: ``kinds`` (names in the order of the head) and ``temperature`` (what the flag's logit is divided by).
        """
        self.network = model[0].auto_model.eval()
        self.tokenizer = model.tokenizer
        self.heads = heads
        self.kinds: list[str] = card["kinds"]
        self.temperature = float(card["temperature"])
        self.span_threshold = float(card["span_threshold"])

    def read(self, heard: Sequence[Heard]) -> list[Reading]:
        """Return a reading for each sentence, in order."""
        found: list[Reading] = []
        for first in range(0, len(heard), BATCH):
            found += self._read_batch(heard[first : first + BATCH])
        return found

    def _read_batch(self, heard: Sequence[Heard]) -> list[Reading]:
        import torch

        packed = Packed.of(self.tokenizer, heard)
        with torch.inference_mode():
            states = self.network(
                input_ids=packed.tokens, token_type_ids=packed.sorts, position_ids=packed.positions, pieces=packed.pieces
            ).last_hidden_state.flatten(0, 1)
            own = torch.zeros(len(heard), states.shape[0])
            for row, places in enumerate(packed.own):
                own[row, places] = 1.0
            pooled = (own @ states) / own.sum(1, keepdim=True).clamp(min=1)
            flags = torch.sigmoid(_linear(pooled, self.heads, "flag").squeeze(-1) / self.temperature).tolist()
            kinds = torch.softmax(_linear(pooled, self.heads, "kind"), dim=-1).tolist()
            carries = torch.sigmoid(_linear(states, self.heads, "span").squeeze(-1)).tolist()
        return [
            Reading(
                score=round(flags[row], 4),
                kinds={name: round(value, 4) for name, value in zip(self.kinds, kinds[row], strict=True)},
                span=_span(
                    each.text, [(packed.offsets[place], carries[place]) for place in packed.own[row]], self.span_threshold
                ),
            )
            for row, each in enumerate(heard)
        ]


@dataclass(frozen=True, slots=True)
class Packed:
    """Texts of different lengths, one after the other in as few rows as they fill, for one pass of the network.

    A sentence is short beside the draft it stands in; filled up to the draft's length, half of what is computed would be filling.
    Each token attends to its own text alone, and its position is counted from there, so that what is read of a text is the same.

    ``pieces`` says from where to where each text stands and ``own``, for each text, the places of its own tokens (those of the
    line before it are not), both counted over all rows; ``offsets`` says for each place where in its text the token stands.
    """

    tokens: "torch.Tensor"
    sorts: "torch.Tensor"
    positions: "torch.Tensor"
    pieces: list[tuple[int, int]]
    own: list[list[int]]
    offsets: dict[int, tuple[int, int]]

    @classmethod
    def of(cls, tokenizer: Any, heard: Sequence[Heard]) -> "Packed":
        """Tokenize texts and pack them."""
        import torch

        found = tokenizer([joined(each) for each in heard], **CUTTING)
        lengths = [len(each) for each in found["input_ids"]]
        width = min(sum(lengths), max(ROW, *lengths))
        starts, rows = _packed(lengths, width)
        tokens, sorts, positions = (torch.zeros(rows * width, dtype=torch.long) for _ in range(3))
        own: list[list[int]] = []
        offsets: dict[int, tuple[int, int]] = {}
        for number, (start, length) in enumerate(zip(starts, lengths, strict=True)):
            place = slice(start, start + length)
            tokens[place] = torch.tensor(found["input_ids"][number])
            sorts[place] = torch.tensor(found["token_type_ids"][number])
            positions[place] = torch.arange(length)
            wanted = 1 if heard[number].before else 0
            own.append([start + i for i, sequence in enumerate(found.sequence_ids(number)) if sequence == wanted])
            offsets |= {place: found["offset_mapping"][number][place - start] for place in own[-1]}
        shape = (rows, width)
        pieces = [(start, start + length) for start, length in zip(starts, lengths, strict=True)]
        return cls(tokens.view(shape), sorts.view(shape), positions.view(shape), pieces, own, offsets)


class PiecesAttention:
    """Attention within each of the texts that stand in a row, in place of a layer's own, which needs a mask to keep them apart.

    Each text is computed by itself, so that not even the last digit of it depends on its neighbours: rounded to eight bits
    afterwards, such a digit is sometimes a whole step.
    """

    def __init__(self, layer: Any) -> None:
        """Take the projections of a layer's self-attention."""
        self.layer = layer

    def __call__(self, states: "torch.Tensor", *, pieces: Sequence[tuple[int, int]], **_: Any) -> "tuple[torch.Tensor, None]":
        """Return what the layer attends to: shape (rows, tokens, dimensions), nought for filling."""
        import torch

        size = self.layer.attention_head_size
        query, key, value = (
            each(states).flatten(0, 1).unflatten(-1, (-1, size)).transpose(0, 1)
            for each in (self.layer.query, self.layer.key, self.layer.value)
        )
        found = torch.zeros_like(query)
        for start, end in pieces:
            found[:, start:end] = torch.nn.functional.scaled_dot_product_attention(
                query[None, :, start:end], key[None, :, start:end], value[None, :, start:end]
            )[0]
        return found.transpose(0, 1).reshape(states.shape), None


def _packed(lengths: Sequence[int], width: int) -> tuple[list[int], int]:
    """Return where each text starts, counted over all rows of a width, and how many rows there are; the longest go first."""
    starts = [0] * len(lengths)
    free: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        row = next((row for row, left in enumerate(free) if left >= lengths[index]), len(free))
        if row == len(free):
            free.append(width)
        starts[index] = row * width + width - free[row]
        free[row] -= lengths[index]
    return starts, len(free)


# How texts are cut into word pieces, for reading and for training alike.
CUTTING: dict[str, Any] = {
    "truncation": "longest_first",
    "max_length": LONGEST,
    "return_offsets_mapping": True,
    "return_token_type_ids": True,
}


def _linear(states: "torch.Tensor", heads: "dict[str, torch.Tensor]", name: str) -> "torch.Tensor":
    import torch

    return torch.nn.functional.linear(states, heads[f"{name}.weight"], heads[f"{name}.bias"])


def _span(text: str, tokens: list[tuple[tuple[int, int], float]], threshold: float) -> tuple[int, int]:
    """Return the run from the first to the last word over the threshold; the whole sentence if none is."""
    over = [offset for offset, value in tokens if value >= threshold]
    if not over:
        return 0, len(text)
    start, end = over[0][0], over[-1][1]
    while start > 0 and text[start - 1].isalnum():
        start -= 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return start, end


def load(folder: Path | None = None) -> tuple[MiniLM, TunedReader]:
    """Load the encoder twice: as it comes, and with our layers and heads.

    :param folder: where our files are; ``models/tone`` if left out.
    :raises ModelMissing: if a file is not there.
    :raises ModelChanged: if a file is not the pinned one.
    :raises DataError: if our files do not fit together.
    """
    given = folder is not None
    folder = folder or settings.models_folder() / "tone"
    layers = folder / "layers.safetensors" if given else catalog.verified("layers")
    if not layers.is_file():
        raise ModelMissing("The check's own layers are missing.", "Install rehearse again to restore them.")
    base = base_model()
    from safetensors.torch import load_file

    from rehearse.tone import eightbit

    card = read_card(folder / "reader.json")
    weights = {name: tensor.float() for name, tensor in load_file(layers).items()}
    heads = {name.removeprefix("head."): tensor for name, tensor in weights.items() if name.startswith("head.")}
    ours = {name: tensor for name, tensor in weights.items() if not name.startswith("head.")}
    # Sharing the word embeddings with the untuned model saves 47 MB.
    embeddings = base[0].auto_model.embeddings
    tuned = copy.deepcopy(base, {id(embeddings): embeddings})
    unfit = tuned[0].auto_model.load_state_dict(ours, strict=False).unexpected_keys
    if unfit or heads["kind.weight"].shape[0] != len(card["kinds"]):
        raise DataError(layers, "its weights do not fit the encoder")
    network = tuned[0].auto_model.encoder
    eightbit.eased(network)
    for layer in network.layer:
        layer.attention.self.forward = PiecesAttention(layer.attention.self)
    return MiniLM(base), TunedReader(tuned, heads, card)


def read_card(path: Path) -> dict[str, Any]:
    """Return what the reader must know beside its weights: kinds, temperature and thresholds.

    :raises DataError: if the file is missing or lacks a field.
    """
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise DataError(path, "it cannot be read") from error
    lacking = {"kinds", "temperature", "span_threshold"} - set(card)
    if lacking:
        raise DataError(path, f"it lacks {', '.join(sorted(lacking))}")
    return dict(card)
