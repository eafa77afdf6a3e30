"""The smallest GGUF model that llama.cpp loads and speaks with: random weights, some letters, a hundred kilobytes."""

import random
import struct
from pathlib import Path

ALIGNMENT = 32
WIDTH, INNER, HEADS = 32, 32, 2
TEXT, LIST, NUMBER, REAL = 8, 9, 4, 6


def text(given: str) -> bytes:
    raw = given.encode()
    return struct.pack("<Q", len(raw)) + raw


def entry(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def listed(kind: int, values: list[bytes]) -> bytes:
    return struct.pack("<IQ", kind, len(values)) + b"".join(values)


def vocabulary() -> list[tuple[str, int]]:
    """Return tokens with their types: special ones, every byte, and the letters."""
    special = [("<unk>", 2), ("<s>", 3), ("</s>", 3)]
    return [
        *special,
        *((f"<0x{byte:02X}>", 6) for byte in range(256)),
        *((letter, 1) for letter in "▁abcdefghijklmnopqrstuvwxyzH."),
    ]


def model(seed: int = 1, *, context: int = 4096, template: str = "") -> tuple[bytes, int]:
    """Return a model's bytes, and where its weights begin."""
    words = vocabulary()
    names = {
        "token_embd.weight": (WIDTH, len(words)),
        "output_norm.weight": (WIDTH,),
        "output.weight": (WIDTH, len(words)),
        "blk.0.attn_norm.weight": (WIDTH,),
        "blk.0.ffn_norm.weight": (WIDTH,),
        **{f"blk.0.attn_{part}.weight": (WIDTH, WIDTH) for part in ("q", "k", "v", "output")},
        **{f"blk.0.ffn_{part}.weight": (WIDTH, INNER) for part in ("gate", "up", "down")},
    }
    whole = {"context_length": context, "embedding_length": WIDTH, "block_count": 1, "feed_forward_length": INNER}
    whole |= {"attention.head_count": HEADS, "attention.head_count_kv": HEADS, "rope.dimension_count": WIDTH // HEADS}
    entries = [entry("general.architecture", TEXT, text("llama")), entry("general.name", TEXT, text("tiny"))]
    entries += [entry(f"llama.{name}", NUMBER, struct.pack("<I", value)) for name, value in whole.items()]
    entries += [entry("llama.attention.layer_norm_rms_epsilon", REAL, struct.pack("<f", 1e-5))]
    entries += [entry("tokenizer.ggml.model", TEXT, text("llama"))]
    entries += [entry("tokenizer.ggml.tokens", LIST, listed(TEXT, [text(word) for word, _ in words]))]
    entries += [entry("tokenizer.ggml.scores", LIST, listed(REAL, [struct.pack("<f", -n) for n in range(len(words))]))]
    entries += [entry("tokenizer.ggml.token_type", LIST, listed(5, [struct.pack("<i", kind) for _, kind in words]))]
    for number, name in ((1, "bos"), (2, "eos"), (0, "unknown")):
        entries.append(entry(f"tokenizer.ggml.{name}_token_id", NUMBER, struct.pack("<I", number)))
    if template:
        entries.append(entry("tokenizer.chat_template", TEXT, text(template)))
    drawn = random.Random(seed)
    tensors, weights = b"", b""
    for name, shape in names.items():
        tensors += text(name) + struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", each) for each in shape)
        tensors += struct.pack("<IQ", 0, len(weights))
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        weights += struct.pack(f"<{count}f", *(drawn.gauss(0, 0.1) for _ in range(count)))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(names), len(entries)) + b"".join(entries) + tensors
    head += b"\0" * (-len(head) % ALIGNMENT)
    return head + weights, len(head)


def write(path: Path) -> Path:
    path.write_bytes(model()[0])
    return path
