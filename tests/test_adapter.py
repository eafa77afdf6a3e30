"""An adapter as llama.cpp wants it: the right names and shapes, and queries and keys in llama.cpp's order."""

from pathlib import Path

import numpy as np
import pytest

from rehearse.lab.adapter import PROJECTIONS, read_adapter, rotated, unrotated, write_adapter

HEADS, KV_HEADS, SIZE, HIDDEN, RANK, LAYERS = 4, 2, 8, 16, 2, 2


def test_the_order_of_one_head() -> None:
    """transformers pairs row i with row i + half; llama.cpp wants the two next to each other."""
    rows = np.arange(8, dtype=np.float32)[:, None]
    assert rotated(rows, 1)[:, 0].tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert rotated(rows, 2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7], "each head by itself"


def test_it_can_be_undone_and_moves_whole_rows() -> None:
    rows = np.random.default_rng(0).normal(size=(HEADS * SIZE, RANK)).astype(np.float32)
    assert not np.array_equal(rotated(rows, HEADS), rows)
    assert np.array_equal(unrotated(rotated(rows, HEADS), HEADS), rows)
    assert sorted(map(tuple, rotated(rows, HEADS))) == sorted(map(tuple, rows))


def test_scores_of_rotated_queries_and_keys_are_those_of_the_untouched() -> None:
    """The order is ours to choose as long as queries and keys share it: attention is a product of both."""
    draw = np.random.default_rng(1)
    query, key = (draw.normal(size=(SIZE, 1)).astype(np.float32) for _ in range(2))
    assert np.allclose(rotated(query, 1).T @ rotated(key, 1), query.T @ key)


def weights() -> dict[str, np.ndarray]:
    """Return random weights under transformers' names, in the shapes of a small LLaMA."""
    draw = np.random.default_rng(2)
    out = {"q_proj": HEADS * SIZE, "k_proj": KV_HEADS * SIZE, "v_proj": KV_HEADS * SIZE}
    made = {}
    for layer in range(LAYERS):
        for name in PROJECTIONS:
            stem = f"model.layers.{layer}.{name}"
            made[f"{stem}.lora_A"] = draw.normal(size=(RANK, HIDDEN)).astype(np.float32)
            made[f"{stem}.lora_B"] = draw.normal(size=(out.get(name.split(".")[1], HIDDEN), RANK)).astype(np.float32)
    return made


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="the lab's extra is not installed")
    given = weights()
    write_adapter(tmp_path / "adapter.gguf", given, alpha=32.0, heads=HEADS, kv_heads=KV_HEADS)
    found = read_adapter(tmp_path / "adapter.gguf", heads=HEADS, kv_heads=KV_HEADS)
    assert found.keys() == given.keys()
    for name, matrix in given.items():
        assert np.array_equal(found[name], matrix.astype(np.float16).astype(np.float32)), name


def test_the_file_has_the_right_tensors(tmp_path: Path) -> None:
    gguf = pytest.importorskip("gguf", reason="the lab's extra is not installed")
    given = weights()
    path = tmp_path / "adapter.gguf"
    write_adapter(path, given, alpha=32.0, heads=HEADS, kv_heads=KV_HEADS)
    reader = gguf.GGUFReader(path)
    fields = {
        name: reader.fields[name].contents()
        for name in ("general.architecture", "general.type", "adapter.type", "adapter.lora.alpha")
    }
    assert fields == {
        "general.architecture": "llama",
        "general.type": "adapter",
        "adapter.type": "lora",
        "adapter.lora.alpha": 32.0,
    }
    found = {tensor.name: tensor.data for tensor in reader.tensors}
    names = {
        f"blk.{layer}.{name}.weight.lora_{side}" for layer in range(LAYERS) for name in PROJECTIONS.values() for side in "ab"
    }
    assert set(found) == names
    for layer in range(LAYERS):
        for theirs, ours in PROJECTIONS.items():
            for side in "AB":
                matrix = given[f"model.layers.{layer}.{theirs}.lora_{side}"].astype(np.float16)
                if side == "B" and ours in ("attn_q", "attn_k"):
                    matrix = rotated(matrix, HEADS if ours == "attn_q" else KV_HEADS)
                assert found[f"blk.{layer}.{ours}.weight.lora_{side.lower()}"].dtype == np.float16
                assert np.array_equal(found[f"blk.{layer}.{ours}.weight.lora_{side.lower()}"], matrix), (layer, ours, side)


def test_a_projection_that_is_not_known_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("gguf", reason="the lab's extra is not installed")
    with pytest.raises(KeyError):
        write_adapter(
            tmp_path / "a.gguf",
            {"model.layers.0.self_attn.z_proj.lora_A": np.zeros((2, 2), np.float32)},
            alpha=1,
            heads=1,
            kv_heads=1,
        )
