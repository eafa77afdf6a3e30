"""A model file that is damaged or made to harm: a sentence, and never the end of the app."""

import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import tiny
from rehearse import catalog, settings
from rehearse.errors import RehearseError, VoiceError
from rehearse.voice import choice, trial
from rehearse.voice.header import sound

ROOT = Path(__file__).resolve().parents[1]
WHOLE, WEIGHTS = tiny.model()
# Each file loads in a process that is split off from one that has llama.cpp in memory; its end is told by number.
NATIVE = """
import os, sys
sys.path.insert(0, sys.argv[1])
import llama_cpp
from rehearse.voice.trial import speak
for path in sys.stdin.read().splitlines():
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1); os.dup2(quiet, 2)
        try:
            speak(path)
        except SystemExit:
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status, path, flush=True)
"""


def variants() -> dict[str, bytes]:
    """Return 200 damaged copies of a small whole model: cut off, or with a bit turned over, most of them in the header."""
    drawn = random.Random(7)
    found: dict[str, bytes] = {}
    cuts = [*range(0, 64, 4), *drawn.sample(range(64, WEIGHTS), 44), *drawn.sample(range(WEIGHTS, len(WHOLE)), 20)]
    for length in cuts:
        found[f"cut at {length}"] = WHOLE[:length]
    begin = WHOLE.index(b"tokenizer.ggml.tokens")
    last = WHOLE.index(b"token_embd.weight")
    for low, high, count in ((0, 24, 24), (24, begin, 40), (begin, last, 16), (last, WEIGHTS, 30), (WEIGHTS, len(WHOLE), 10)):
        for place in drawn.sample(range(low * 8, high * 8), count):
            flipped = bytearray(WHOLE)
            flipped[place // 8] ^= 1 << place % 8
            found[f"bit {place % 8} of byte {place // 8}"] = bytes(flipped)
    return found


def put(folder: Path, raw: bytes, name: str = "voice.gguf") -> Path:
    path = folder / name
    path.write_bytes(raw)
    return path


def changed(old: bytes, new: bytes) -> bytes:
    """Return the small model with some of its bytes replaced."""
    assert WHOLE.count(old) == 1, "the bytes to change are not there once"
    return WHOLE.replace(old, new)


def numbered(name: str, value: int) -> bytes:
    at = WHOLE.index(tiny.text(name)) + len(tiny.text(name)) + 4
    return WHOLE[:at] + struct.pack("<I", value) + WHOLE[at + 4 :]


def test_a_whole_file(tmp_path: Path) -> None:
    header = sound(put(tmp_path, WHOLE))
    assert header.architecture == "llama"
    assert header.facts["llama.embedding_length"] == tiny.WIDTH
    assert header.facts["tokenizer.ggml.tokens"] == len(tiny.vocabulary())
    assert "blk.0.attn_q.weight" in header.tensors


@pytest.mark.parametrize("role", ["voice", "adapter"])
def test_our_own_files_are_sound(role: str) -> None:
    entry = catalog.entry(role)
    if entry is None:
        pytest.skip(f"no {role} is carried")
    try:
        path = catalog.locate(entry)
    except RehearseError as error:
        pytest.skip(str(error))
    assert sound(path).architecture == "llama"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "ends too early"),
        (b"GGUF", "ends too early"),
        (b"PK\x03\x04" + b"\0" * 64, "does not begin as one"),
        (b"\x80\x04\x95" + b"\0" * 64, "does not begin as one"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "of a version"),
        (b"FUGG"[::-1] + struct.pack(">IQQ", 3, 0, 0), "of a version"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 0), "how the model is built"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1 << 63, 1), "too many or too long tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 40), "too many or too long entries"),
        (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 1 << 62), "too many or too long texts"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + tiny.entry("a", 9, struct.pack("<IQ", 4, 1 << 60)), "too long lists"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + tiny.entry("a", 9, struct.pack("<IQ", 9, 1)) + b"\0" * 9, "unknown kind"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + tiny.entry("a", 77, b"\0" * 8), "unknown kind"),
        (numbered("llama.attention.head_count", 0), "attention.head_count"),
        (numbered("llama.block_count", 1 << 31), "block_count"),
        (numbered("llama.embedding_length", 0xFFFFFFFF), "embedding_length"),
        (WHOLE[:-4], "before its last tensor does"),
        (changed(tiny.text("output_norm.weight"), tiny.text("token_embd.weigh") + b"\x01\0"), "tensor"),
    ],
)
def test_what_cannot_be_so_is_said(tmp_path: Path, raw: bytes, said: str) -> None:
    path = put(tmp_path, raw)
    with pytest.raises(VoiceError, match=said) as caught:
        sound(path)
    assert "voice.gguf is damaged or not a GGUF model" in caught.value.happened
    assert caught.value.remedy


def test_a_file_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="cannot be read"):
        sound(tmp_path / "gone.gguf")
    (tmp_path / "folder.gguf").mkdir()
    with pytest.raises(VoiceError, match="cannot be read"):
        sound(tmp_path / "folder.gguf")


def test_two_hundred_damaged_files_are_read_in_python_without_a_surprise(tmp_path: Path) -> None:
    damaged = variants()
    assert len(damaged) == 200
    refused = 0
    for raw in damaged.values():
        try:
            sound(put(tmp_path, raw))
        except VoiceError:
            refused += 1
    assert refused >= 100, "the header is hardly looked at"


@pytest.mark.model
@pytest.mark.timeout(600)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot split a process")
def test_what_is_left_of_them_does_not_bring_the_app_down(tmp_path: Path) -> None:
    """Whatever passes the look at its header is loaded for real. If that ends a process, it is not this one."""
    pytest.importorskip("llama_cpp")
    paths = {}
    for number, (name, raw) in enumerate(variants().items()):
        path = put(tmp_path, raw, f"{number}.gguf")
        try:
            sound(path)
            paths[str(path)] = name
        except VoiceError:
            path.unlink()
    whole = str(put(tmp_path, WHOLE))
    given = "\n".join([whole, *paths])
    done = subprocess.run([sys.executable, "-c", NATIVE, str(ROOT)], input=given, text=True, capture_output=True, timeout=580)
    assert done.returncode == 0, done.stderr
    ends = {path: int(status) for status, path in (line.split(" ", 1) for line in done.stdout.splitlines())}
    assert ends.pop(whole) == 0, "the small model does not speak even when it is whole"
    assert set(ends) == set(paths)
    assert {status for status in ends.values() if status > 0} <= {1}, "llama.cpp refused in a way that is not expected"
    for path in [path for path, status in ends.items() if status < 0]:
        # It ended its process. Here it is a sentence.
        with pytest.raises(VoiceError, match="could not be loaded"):
            trial.tried(Path(path))


@pytest.mark.model
def test_a_voice_of_her_own_is_tried_before_it_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_cpp")
    path = put(tmp_path, WHOLE)
    assert trial.tried(path) == path
    monkeypatch.setattr(trial, "_CODE", "import os; os.abort()")
    with pytest.raises(VoiceError, match="The voice voice.gguf could not be loaded.*fetch it again"):
        choice.open_voice(str(path))
    monkeypatch.setattr(trial, "_CODE", "import time; time.sleep(60)")
    monkeypatch.setattr(trial, "PATIENCE", 0.5)
    with pytest.raises(VoiceError, match="more than ten minutes"):
        choice.open_voice(str(path))


def test_a_damaged_voice_is_refused_before_llama_cpp_is_even_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("it was given to another process"))
    with pytest.raises(VoiceError, match="damaged or not a GGUF model"):
        trial.tried(put(tmp_path, WHOLE[:1000]))


def test_an_offered_voice_that_was_damaged_on_the_disk_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = catalog.Offered("big", "Big", "someone/big", "main", "big.gguf", 10, 4, "", "Apache-2.0", "Bigger.")
    monkeypatch.setattr(catalog, "offered", lambda: (offered,))
    put(settings.private_folder(settings.voices_folder()), WHOLE[:5000], "big.gguf")
    with pytest.raises(VoiceError, match="big.gguf is damaged"):
        choice.open_voice("big")
