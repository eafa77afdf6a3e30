"""The merged voice: made once, whole or not at all, made anew when what it was made of changes, and never in the way."""

import shutil
import threading
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from doubles import scenario
from rehearse import catalog, settings
from rehearse.errors import RehearseError, VoiceError
from rehearse.son import prompt
from rehearse.turn import Openness, Turn
from rehearse.ui.loading import load
from rehearse.ui.room import Room
from rehearse.voice import merging
from rehearse.voice.choice import open_voice, quicken
from rehearse.voice.llama import LlamaVoice
from rehearse.voice.scripted import ScriptedVoice
from rehearse.voice.voice import Message, Sampling

GREEDY = Sampling(temperature=0.0, most=8, seed=1, afresh=True)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let files be copied instead of computed; returns what was written."""
    written: list[Path] = []

    def copied(source: Path, target: Path, number: int) -> None:
        target.write_bytes(b"%d " % number + source.read_bytes()[:64])
        written.append(target)

    monkeypatch.setattr(merging, "quantise", copied)
    monkeypatch.setattr(merging, "merge", lambda *_: None)
    monkeypatch.setattr(merging, "fastest", lambda files: next(iter(files)))
    try:
        catalog.verified("voice")
    except RehearseError as error:
        pytest.skip(str(error))
    return written


def names() -> list[str]:
    return sorted(path.name for path in settings.voices_folder().iterdir())


def another_adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the catalog name another adapter from now on."""
    entry = catalog.entry

    def changed(role: str) -> catalog.Carried | None:
        found = entry(role)
        return replace(found, sha256="0" * 64) if found and role == "adapter" else found

    monkeypatch.setattr(catalog, "entry", changed)


def test_it_is_made_once_and_found_again(quick: list[Path]) -> None:
    shares: list[float] = []
    assert merging.found() is None
    made = merging.build(shares.append)
    assert made == merging.found() and made.parent == settings.voices_folder()
    assert shares == sorted(shares) and 0 < shares[0] < shares[-1] <= 1
    assert len(names()) == 2, "the file and its note; nothing half made is left"
    count = len(quick)
    assert merging.build(shares.append) == made and len(quick) == count
    assert oct(made.stat().st_mode)[-3:] == "600"


def test_a_file_that_was_changed_does_not_count_and_is_made_anew(quick: list[Path]) -> None:
    made = merging.build(lambda _: None)
    whole = made.read_bytes()
    made.write_bytes(whole[:-1] + b"?")
    assert merging.found() is None
    assert merging.build(lambda _: None).read_bytes() == whole


def test_without_its_note_it_does_not_count(quick: list[Path]) -> None:
    merging.build(lambda _: None).with_suffix(".json").unlink()
    assert merging.found() is None


def test_another_adapter_gives_another_file_and_the_old_one_goes(quick: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    old = merging.build(lambda _: None)
    another_adapter(monkeypatch)
    assert merging.found() is None
    # The carried adapter is not the one the catalog now names: it is refused, and nothing is made of it.
    with pytest.raises(RehearseError):
        merging.build(lambda _: None)
    assert old.is_file()
    monkeypatch.setattr(catalog, "verified", lambda role: catalog.locate(catalog.entry(role)))  # type: ignore[arg-type]
    new = merging.build(lambda _: None)
    assert new != old and names() == sorted([new.name, new.with_suffix(".json").name])


def test_a_failure_on_the_way_leaves_nothing_behind(quick: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(merging, "merge", full)
    with pytest.raises(VoiceError, match="could not be written"):
        merging.build(lambda _: None)
    assert names() == []


def test_where_the_disk_is_short_the_adapter_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**10, 10**10 - 10**9, 10**9))
    assert not merging.possible()
    with pytest.raises(VoiceError, match="not enough room"):
        merging.build(lambda _: None)


def test_only_the_embedded_voice_is_made_faster() -> None:
    assert not quicken(ScriptedVoice("Hm."), lambda _: None)


# -- the real files ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def merged_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a data folder in which the merged voice was really made, through the process that makes it."""
    try:
        catalog.verified("voice"), catalog.verified("adapter")
    except RehearseError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("merged")
    shares: list[float] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REHEARSE_HOME", str(folder / "home"))
        patch.setenv("REHEARSE_THREADS", "1")
        made = merging.apart(shares.append)
    assert made is not None and shares[-1] == 1.0
    assert made.stat().st_size < 150e6
    yield folder / "home"


def asked(line: str) -> list[Message]:
    return prompt.reply(scenario(), [Turn("mother", line, Openness.WARY)], prompt.template("tuned"))


def said(voice: LlamaVoice, line: str) -> str:
    return "".join(voice.stream(asked(line), GREEDY, Event()))


LINES = ("How is the new job?", "You never call me.", "I drove past the old pool.", "I miss you.", "Are you eating well?", "Hi!")


@pytest.mark.model
def test_it_speaks_as_the_adapter_does(merged_home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not word for word, it is quantised again; but far nearer to the adapter than the voice without it."""
    monkeypatch.setenv("REHEARSE_THREADS", "1")
    adapted = open_voice()
    bare = LlamaVoice.load(catalog.verified("voice"))
    monkeypatch.setenv("REHEARSE_HOME", str(merged_home))
    merged = open_voice()
    assert isinstance(adapted, LlamaVoice) and isinstance(merged, LlamaVoice)
    assert adapted.adapted and not merged.adapted and merged.tuned
    try:

        def alike(one: LlamaVoice, other: LlamaVoice) -> int:
            return sum(said(one, line).split()[:2] == said(other, line).split()[:2] for line in LINES)

        assert alike(merged, adapted) > alike(bare, adapted)
        assert alike(merged, adapted) >= len(LINES) // 2
    finally:
        for voice in (adapted, bare, merged):
            voice.close()


@pytest.mark.model
def test_he_goes_on_with_it_while_he_speaks(merged_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer in progress is finished by the voice it began with; the next one comes from the merged file."""
    monkeypatch.setenv("REHEARSE_THREADS", "1")
    voice = open_voice()
    assert isinstance(voice, LlamaVoice)
    before = said(voice, LINES[0])
    answer = voice.stream(asked(LINES[0]), GREEDY, Event())
    first = next(answer)
    monkeypatch.setenv("REHEARSE_HOME", str(merged_home))
    done: list[bool] = []
    changing = threading.Thread(target=lambda: done.append(quicken(voice, lambda _: None)))
    changing.start()
    changing.join(3)
    assert voice.adapted, "it waits for the answer"
    assert first + "".join(answer) == before
    changing.join(60)
    assert done == [True] and not voice.adapted
    assert said(voice, LINES[0]).strip()
    assert voice.tokens(asked(LINES[0])) > 10
    voice.close()


@pytest.mark.model
def test_the_room_makes_him_faster_behind_her_back(monkeypatch: pytest.MonkeyPatch, quick: list[Path]) -> None:
    """Whatever becomes of it, the room is ready before it is tried, and stays so."""
    monkeypatch.setenv("REHEARSE_THREADS", "1")
    seen: list[tuple[bool, float]] = []
    room = Room.open()

    def fails(voice: object, tell: object) -> bool:
        tell(0.4)  # type: ignore[operator]
        seen.append((room.settled, room.quickening))
        raise VoiceError("It broke.", "Never mind.")

    monkeypatch.setattr("rehearse.voice.choice.quicken", fails)
    given_back: list[bool] = []
    monkeypatch.setattr("rehearse.ui.loading.give_back", lambda: given_back.append(room.settled))
    load(room)
    assert seen == [(True, 0.4)] and given_back == [True]
    assert room.settled and room.quickening == 1.0 and room.parts.son is not None
    room.parts.son.voice.close()
    room.parts.transcripts.close()
