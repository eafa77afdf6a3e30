"""The head of a GGUF file, read without llama.cpp, and an adapter added to the weights it belongs to."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rehearse import settings
from rehearse.errors import VoiceError
from rehearse.voice import gguf, merging

ADAPTER = settings.models_folder() / "son" / "adapter.gguf"


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def fact(name: str, value: Any) -> bytes:
    if isinstance(value, str):
        return text(name) + struct.pack("<I", 8) + text(value)
    if isinstance(value, list) and isinstance(value[0], str):
        return text(name) + struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(text, value))
    if isinstance(value, list):
        return text(name) + struct.pack("<IIQ", 9, 5, len(value)) + struct.pack(f"<{len(value)}i", *value)
    return text(name) + (struct.pack("<If", 6, value) if isinstance(value, float) else struct.pack("<II", 4, value))


def write(path: Path, facts: dict[str, Any], tensors: dict[str, np.ndarray]) -> Path:
    """Write a GGUF file as the format's description says: head, facts, tensors' places, and their numbers at multiples of 32."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts)) + b"".join(fact(*each) for each in facts.items())
    numbers = b""
    for name, tensor in tensors.items():
        kind = 0 if tensor.dtype == np.float32 else 1
        head += text(name) + struct.pack("<I", tensor.ndim) + struct.pack(f"<{tensor.ndim}Q", *tensor.shape[::-1])
        head += struct.pack("<IQ", kind, len(numbers))
        numbers += tensor.tobytes() + bytes(-tensor.nbytes % 32)
    path.write_bytes(head + bytes(-len(head) % 32) + numbers)
    return path


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float16)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    facts = {"general.name": "café", "words": ["a", "bc"], "numbers": [1, 2, 3], "adapter.lora.alpha": 32.0, "layers": 7}
    tensors = {"odd": drawn(3, 5), "blk.0.attn_q.weight": drawn(4, 6, seed=1), "norm": drawn(6, seed=2).astype(np.float32)}
    path = write(tmp_path / "x.gguf", facts, tensors)
    head = gguf.read(path)
    assert head.facts == {**facts, "words": None, "numbers": None}
    assert {name: each.shape for name, each in head.tensors.items()} == {name: each.shape for name, each in tensors.items()}
    for name, each in head.tensors.items():
        assert np.array_equal(gguf.numbers(path, each), tensors[name])


@pytest.mark.parametrize("length", [0, 3, 20, 60, 200, -1])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    path = write(tmp_path / "x.gguf", {"general.name": "x", "words": ["a"] * 20}, {"w": drawn(8, 8)})
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(gguf.NotGguf):
        gguf.read(path)


@pytest.mark.parametrize("start", [b"GGML", b"GGUF\x09\0\0\0"])
def test_another_form_is_refused(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(start + bytes(200))
    with pytest.raises(gguf.NotGguf):
        gguf.read(path)


def test_the_carried_adapter_has_both_sides_of_every_projection() -> None:
    head = gguf.read(ADAPTER)
    names = {name.rpartition(".lora_")[0] for name in head.tensors}
    assert len(names) == 210 and len(head.tensors) == 420
    assert head.facts["adapter.lora.alpha"] > 0
    for name in names:
        down, up = (head.tensors[f"{name}.lora_{side}"].shape for side in "ab")
        assert down[0] == up[1]


def merged(tmp_path: Path, weights: dict[str, np.ndarray], layers: dict[str, np.ndarray], alpha: float = 8.0) -> Path:
    whole = write(tmp_path / "whole.gguf", {"general.name": "x"}, weights)
    merging.merge(whole, write(tmp_path / "adapter.gguf", {"adapter.lora.alpha": alpha}, layers))
    return whole


def test_an_adapter_is_added_scaled_and_nothing_else_is_touched(tmp_path: Path) -> None:
    weights = {"q": drawn(6, 4), "k": drawn(6, 4, seed=1)}
    down, up = drawn(2, 4, seed=2), drawn(6, 2, seed=3)
    whole = merged(tmp_path, weights, {"q.lora_a": down, "q.lora_b": up})
    head = gguf.read(whole)
    wanted = weights["q"].astype(np.float32) + 4.0 * (up.astype(np.float32) @ down.astype(np.float32))
    assert np.allclose(gguf.numbers(whole, head.tensors["q"]), wanted, atol=0.01)
    assert not np.allclose(wanted, weights["q"], atol=0.1)
    assert np.array_equal(gguf.numbers(whole, head.tensors["k"]), weights["k"])


@pytest.mark.parametrize(
    "layers",
    [
        {"other.lora_a": drawn(2, 4), "other.lora_b": drawn(6, 2)},
        {"q.lora_a": drawn(2, 4)},
        {"q.lora_a": drawn(2, 5), "q.lora_b": drawn(6, 2)},
    ],
    ids=["another layer", "one side", "another width"],
)
def test_an_adapter_that_does_not_fit_is_said(tmp_path: Path, layers: dict[str, np.ndarray]) -> None:
    with pytest.raises(VoiceError, match="does not fit"):
        merged(tmp_path, {"q": drawn(6, 4)}, layers)


def blocks(count: int) -> dict[str, np.ndarray]:
    around = {"token_embd.weight": drawn(5, 4), "output_norm.weight": drawn(4, seed=1).astype(np.float32)}
    return around | {f"blk.{number}.ffn_up.weight": drawn(3, 4, seed=9 + number) for number in range(count)}


def test_a_model_is_shortened_to_its_first_blocks(tmp_path: Path) -> None:
    facts = {"general.architecture": "llama", "words": ["a", "b"], "llama.block_count": 4, "general.name": "x"}
    whole, tensors = tmp_path / "whole.gguf", blocks(4)
    # The tensors need not lie in the order of the blocks.
    write(whole, facts, dict(reversed(tensors.items())))
    short = tmp_path / "short.gguf"
    gguf.shorten(whole, short, 2)
    head = gguf.read(short)
    assert head.facts == {**facts, "words": None, "llama.block_count": 2}
    assert set(head.tensors) == set(blocks(2))
    for name, each in head.tensors.items():
        assert np.array_equal(gguf.numbers(short, each), tensors[name])


@pytest.mark.parametrize("count", [0, 4, 5])
def test_a_model_is_not_shortened_to_nothing_or_to_more_than_it_is(tmp_path: Path, count: int) -> None:
    path = write(tmp_path / "whole.gguf", {"general.architecture": "llama", "llama.block_count": 4}, blocks(4))
    with pytest.raises(gguf.NotGguf):
        gguf.shorten(path, tmp_path / "short.gguf", count)


def test_what_is_no_model_is_not_shortened(tmp_path: Path) -> None:
    path = write(tmp_path / "whole.gguf", {"general.name": "x"}, blocks(1))
    with pytest.raises(gguf.NotGguf):
        gguf.shorten(path, tmp_path / "short.gguf", 1)
