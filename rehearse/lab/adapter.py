"""Writing a LoRA of the son's voice as a GGUF adapter that llama.cpp can put on the model."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Names of the projections, in transformers and in llama.cpp.
PROJECTIONS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def rotated(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Return rows of a query or key matrix in llama.cpp's order.

    transformers keeps the two halves of each head's rotary pairs apart, llama.cpp side by side (``permute`` in its
    conversion of LLaMA models).
    """
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def unrotated(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Return rows of a query or key matrix in transformers' order again: what :func:`rotated` did, undone."""
    return rows.reshape(heads, rows.shape[0] // heads // 2, 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def write_adapter(path: Path, weights: Mapping[str, NDArray[np.float32]], *, alpha: float, heads: int, kv_heads: int) -> None:
    """Write an adapter in half precision.

    :param weights: ``model.layers.<n>.<projection>.lora_A`` (rank, in) and ``….lora_B`` (out, rank).
    :param alpha: the LoRA's alpha; llama.cpp scales by alpha / rank.
    """
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    for name, matrix in sorted(weights.items()):
        block, projection, side = _parsed(name)
        if side == "lora_b" and projection in ("attn_q", "attn_k"):
            matrix = rotated(matrix, heads if projection == "attn_q" else kv_heads)
        writer.add_tensor(f"blk.{block}.{projection}.weight.{side}", np.ascontiguousarray(matrix, dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_adapter(path: Path, *, heads: int, kv_heads: int) -> dict[str, NDArray[np.float32]]:
    """Return the matrices of an adapter by the names that :func:`write_adapter` takes, so that training can go on from a file.

    :raises OSError: if the file cannot be read.
    """
    import gguf

    projections = {ours: theirs for theirs, ours in PROJECTIONS.items()}
    found = {}
    for tensor in gguf.GGUFReader(path).tensors:
        _, block, projection, _, side = tensor.name.split(".")
        matrix = np.array(tensor.data, dtype=np.float32)
        if side == "lora_b" and projection in ("attn_q", "attn_k"):
            matrix = unrotated(matrix, heads if projection == "attn_q" else kv_heads)
        found[f"model.layers.{block}.{projections[projection]}.{side.replace('_b', '_B').replace('_a', '_A')}"] = matrix
    return found


def _parsed(name: str) -> tuple[int, str, str]:
    parts = name.split(".")
    number = parts.index("layers") + 1
    return int(parts[number]), PROJECTIONS[".".join(parts[number + 1 : number + 3])], parts[number + 3].lower()
