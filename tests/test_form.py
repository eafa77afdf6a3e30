"""What a model is told of a talk, whatever its file says of the form it wants it in."""

import struct
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import psutil
import pytest

import tiny
from rehearse import settings
from rehearse.errors import VoiceError
from rehearse.voice import choice, fit
from rehearse.voice.choice import open_voice
from rehearse.voice.form import Form
from rehearse.voice.header import Header, speaks
from rehearse.voice.llama import LlamaVoice, OneWay
from rehearse.voice.voice import Message, Sampling

pytest.importorskip("llama_cpp")

TALK = [
    Message("system", "You are Tom."),
    Message("user", "Hello."),
    Message("assistant", "Hm."),
    Message("user", "How are you?"),
]
PLAIN = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}[assistant]"
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('none') }}{% endif %}" + PLAIN
FORGETS = "{% for m in messages if m.role != 'system' %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]"
MOVES = (
    "{% for m in messages if m.role != 'system' %}[{{ m.role }}]"
    "{% if loop.last and messages[0].role == 'system' %}{{ messages[0].content }} {% endif %}{{ m.content }}{% endfor %}"
    "[assistant]"
)
THINKS = PLAIN + "{% if enable_thinking is not defined or enable_thinking %}<think>{% endif %}"


def test_the_form_of_the_file_is_used() -> None:
    form = Form(PLAIN, ends="</s>")
    assert form.carried and not form.folded
    assert form.text(TALK[:2]) == "[system]You are Tom.</s>[user]Hello.</s>[assistant]"


@pytest.mark.parametrize("template", [NO_SYSTEM, FORGETS, MOVES], ids=["refuses", "forgets", "moves"])
def test_what_stands_before_the_talk_becomes_part_of_it_where_the_form_has_no_place_for_it(template: str) -> None:
    form = Form(template)
    assert form.carried and form.folded
    whole = form.text(TALK)
    assert whole.startswith("[user]You are Tom.\n\nHello.") and whole.index("You are Tom.") < whole.index("How are you?")
    assert whole.startswith(form.text(TALK[:2])), "everything would be read anew at each answer"


def test_a_model_that_would_think_aloud_is_asked_not_to() -> None:
    assert Form(THINKS).text(TALK).endswith("[assistant]")


@pytest.mark.parametrize(
    "template",
    [
        None,
        "{% for",
        "{{ 1 / 0 }}",
        "{{ messages.nothing.at.all }}",
        "{{ messages[99].role }}",
        "nothing",
        "{{ ''.__class__.__mro__ }}",
    ],
)
def test_without_a_form_that_works_the_plain_one_serves(template: str | None) -> None:
    form = Form(template)
    assert not form.carried
    assert (
        form.text(TALK[:2])
        == "<|im_start|>system\nYou are Tom.<|im_end|>\n<|im_start|>user\nHello.<|im_end|>\n<|im_start|>assistant\n"
    )


# -- a file, as the app takes it ---------------------------------------------------------------------------------------------


def lay(folder: Path, **given: object) -> Path:
    path = folder / "own.gguf"
    path.write_bytes(tiny.model(**given)[0])  # type: ignore[arg-type]
    return path


@pytest.mark.model
def test_a_voice_of_her_own_speaks_in_the_form_and_the_context_of_its_file(tmp_path: Path) -> None:
    voice = open_voice(str(lay(tmp_path, context=1500, template=NO_SYSTEM)))
    assert isinstance(voice, LlamaVoice)
    assert voice.name == "own" and voice.context == 1500, "it would be told more than it learnt to keep in mind"
    assert voice._form.carried and voice._form.folded
    assert list(voice.stream(TALK[:2], Sampling(most=3, seed=1), Event()))
    voice.close()


def test_a_context_that_holds_no_talk_is_said_before_anything_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(VoiceError, match="own.gguf can keep only 512 tokens in mind"):
        open_voice(str(lay(tmp_path, context=512)))


def test_one_that_is_too_big_for_the_memory_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=200_000_000))
    monkeypatch.setattr("rehearse.voice.trial.tried", lambda path: pytest.fail("it was loaded"))
    path = lay(tmp_path)
    with pytest.raises(fit.TooBig, match="own.gguf needs about 0.3 GB of memory, and 0.2 GB are free. Close other programs"):
        open_voice(str(path))


def test_what_a_model_takes_is_its_weights_its_context_and_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"x" * 1000)
    whole = {"block_count": 36, "embedding_length": 2560, "attention.head_count": 32, "attention.head_count_kv": 8}
    facts = {f"qwen3.{name}": value for name, value in whole.items()}
    monkeypatch.setenv("REHEARSE_CONTEXT", "4096")
    plain = Header("qwen3", facts, ())
    # 36 layers of 8 heads, 80 numbers for the key and 80 for the value, two bytes each.
    assert fit.needed(path, plain) == 1000 + (4096 + fit.BESIDE) * 36 * 8 * 160 * 2 + fit.WORKING_BYTES
    stated = Header("qwen3", facts | {"qwen3.attention.key_length": 128, "qwen3.attention.value_length": 128}, ())
    assert fit.needed(path, stated) - fit.needed(path, plain) == (4096 + fit.BESIDE) * 36 * 8 * 96 * 2
    # Where each layer has its own number, as many as the greatest.
    each = Header("qwen3", facts | {"qwen3.attention.head_count_kv": 36}, (), {"qwen3.attention.head_count_kv": 8})
    assert fit.needed(path, each) == fit.needed(path, plain)


def test_a_number_for_each_layer_is_read(tmp_path: Path) -> None:
    raw, _ = tiny.model()
    given = tiny.entry("llama.attention.head_count_kv", tiny.NUMBER, struct.pack("<I", tiny.HEADS))
    listed = tiny.entry("llama.attention.head_count_kv", tiny.LIST, tiny.listed(tiny.NUMBER, [struct.pack("<I", tiny.HEADS)]))
    shifted = raw.replace(given, listed)
    # The list takes 12 bytes more, so the weights begin 12 bytes later, and what fills the gap before them is shorter or longer.
    path = tmp_path / "listed.gguf"
    path.write_bytes(shifted + b"\0" * 64)
    assert speaks(path).number("attention.head_count_kv") == tiny.HEADS


def test_what_is_no_voice_is_said(tmp_path: Path) -> None:
    path = tmp_path / "adapter.gguf"
    path.write_bytes(tiny.model()[0].replace(tiny.text("general.name"), tiny.text("general.type")))
    with pytest.raises(VoiceError, match="adapter.gguf is not a model that can speak"):
        speaks(path)


@pytest.mark.model
def test_a_model_that_cannot_go_back_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import llama_cpp

    monkeypatch.setattr(llama_cpp, "llama_model_is_recurrent", lambda model: True)
    with pytest.raises(OneWay, match="lets no talk be played again"):
        LlamaVoice.load(lay(tmp_path))


@pytest.mark.model
def test_a_graphics_card_is_given_all_of_it_then_some_then_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import llama_cpp

    real, given = llama_cpp.llama_model_load_from_file, []

    def load(path: bytes, parameters: object) -> object:
        given.append(parameters.n_gpu_layers)  # type: ignore[attr-defined]
        # As with a card whose memory holds nothing of it.
        return real(path, parameters) if given[-1] == 0 else None

    monkeypatch.setattr(llama_cpp, "llama_model_load_from_file", load)
    path = lay(tmp_path)
    LlamaVoice.load(path).close()
    assert given == [0], "this build has no use for a card"
    given.clear()
    monkeypatch.setattr(llama_cpp, "llama_supports_gpu_offload", lambda: True)
    LlamaVoice.load(path).close()
    assert given == [-1, 16, 0]


def test_a_title_is_what_people_read() -> None:
    assert choice.title_of("qwen3-4b") == "Qwen3 4B" and choice.title_of("/x/some-model.gguf") == "some-model"
    assert settings.EMBEDDED not in choice.title_of(settings.EMBEDDED)
