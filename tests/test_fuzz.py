"""Whatever comes in from outside gives a correct result or a sentence, never a crash and never something half right.

``make fuzz`` tries more than ten thousand cases; the ordinary run a few of each kind.
"""

import copy
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from doubles import son, toy_check
from rehearse import settings
from rehearse.cli import main
from rehearse.errors import ScenarioError, SettingError, TranscriptError
from rehearse.scenario import LONGEST, TEMPERAMENTS, Scenario, Son
from rehearse.tone import ToneCheck
from rehearse.transcripts import Transcripts, read_document, read_documents, to_html, to_json, to_lines, to_markdown
from rehearse.transcripts.export import openness_labels
from rehearse.turn import Openness, Turn
from rehearse.voice import choice
from rehearse.voice.scripted import ScriptedVoice

# Seven tests take this many each: with 1500 that is more than ten thousand.
CASES = int(os.environ.get("FUZZ_CASES", "40"))
fuzz = trying(
    max_examples=CASES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

ANY_TEXT = st.text(max_size=80) | st.sampled_from(["", " ", "\x00", "\ud83d", "\u202e", "never", "<b>", "A" * 5000, "٣", "1e999"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
KEYS = st.sampled_from("id son name age text turns speaker openness scenario situation parent leaf report state".split())
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | ANY_TEXT, inner, max_size=5), max_leaves=12
)


@pytest.fixture(scope="module")
def stores() -> Iterator[tuple[Transcripts, Transcripts]]:
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder, "one"), Path(folder, "two")
        with Transcripts(one / "rehearsals.db") as first, Transcripts(two / "rehearsals.db") as second:
            for store in (first, second):
                store._database._connection.execute("PRAGMA synchronous = OFF")  # no power cut to fear here
            yield first, second


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """A rehearsal with everything in it."""
    turns = [
        Turn(
            "mother",
            "You never call.",
            Openness.SHUT,
            id="a",
            report=toy_check().check("You never call.").to_dict(),
            reason="Why.",
        ),
        Turn("son", "Well.", Openness.SHUT, "a", id="b", state="stopped"),
        Turn("mother", "I miss you.", Openness.WARMING, "b", id="c", label="softer"),
        Turn("son", "", Openness.WARMING, "c", id="d", state="partial"),
        Turn("mother", "Sorry.", Openness.WARY, id="e"),
    ]
    with tempfile.TemporaryDirectory() as folder, Transcripts(Path(folder, "home", "rehearsals.db")) as store:
        scene = Scenario(Son("Dániel", 24, "nurse", "guarded"), "He left.", "A talk.", Openness.SHUT, "son", "Hm.", practice=3)
        rehearsal = store.create(scene, "Sunday").id
        store._database._connection.execute("PRAGMA synchronous = OFF")
        for turn in turns:
            store.append(rehearsal, turn)
        store.end(rehearsal)
        return store.export(rehearsal)


# -- import ----------------------------------------------------------------------------------------------------------------


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*at, key)
        yield from places(each, (*at, key))


def spoil(document: dict[str, Any], draw: Callable[..., Any]) -> dict[str, Any]:
    """Return the document with one to three things replaced, removed, doubled or moved."""
    spoilt = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(spoilt))
        if not found:
            break
        *above, last = draw(st.sampled_from(found))
        holder = spoilt
        for key in above:
            holder = holder[key]
        how = draw(st.sampled_from(["replace", "remove", "copy", "from elsewhere"]))
        if how == "remove":
            del holder[last]
        elif how == "copy" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        elif how == "from elsewhere":
            *way, key = draw(st.sampled_from(found))
            other: Any = document
            # The place may be of the spoilt document alone; then nothing comes from there.
            for each in way:
                inside = range(len(other)) if isinstance(other, list) else other if isinstance(other, dict) else ()
                other = other[each] if each in inside else None
            value = other.get(key) if isinstance(other, dict) else None
            holder[last] = copy.deepcopy(value)
        else:
            holder[last] = draw(ANYTHING)
    return spoilt


@fuzz
@given(data=st.data())
def test_a_spoilt_document(data: st.DataObject, stores: tuple[Transcripts, Transcripts], document: dict[str, Any]) -> None:
    first, second = stores
    before = first.count()
    try:
        saved = first.import_(spoil(document, data.draw))
    except TranscriptError as error:
        assert error.happened and error.remedy
        assert first.count() == before
        return
    # Taken in: then it is whole. It can be shown in every form, and carried on it stays the same.
    out = first.export(saved.id)
    labels = openness_labels()
    to_html(out, labels), to_markdown(out, labels)
    assert second.export(second.import_(read_document(to_json(out))).id) == out
    first.path(saved.id, saved.leaf_id)
    first._database._connection.execute("DELETE FROM rehearsal")
    second._database._connection.execute("DELETE FROM rehearsal")


@fuzz
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
    | ANYTHING.map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_as_a_file(given_bytes: bytes) -> None:
    for read in (lambda: read_document(given_bytes), lambda: list(read_documents(io.BytesIO(given_bytes)))):
        try:
            read()
        except TranscriptError as error:
            assert error.happened and error.remedy


@fuzz
@given(data=st.data())
def test_a_file_that_was_cut_or_changed(data: st.DataObject, document: dict[str, Any]) -> None:
    lines = "".join(to_lines([document, document])).encode()
    whole = data.draw(st.sampled_from([lines, to_json(document).encode()]))
    body = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4)) if body else 0):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        for found in read_documents(io.BytesIO(bytes(body))):
            assert read_document(to_json(found)) == found
    except TranscriptError as error:
        assert error.happened and error.remedy


# -- scenario and settings --------------------------------------------------------------------------------------------------


NAMED = st.fixed_dictionaries({"name": ANY_TEXT}, optional={"age": SCALARS, "temperament": st.sampled_from(TEMPERAMENTS)})
FIELDS = "situation hope openness speaks_first opening id title practice".split()


@fuzz
@given(ANYTHING | st.fixed_dictionaries({"son": NAMED}, optional=dict.fromkeys(FIELDS, SCALARS)))
def test_anything_as_a_scenario(given_scenario: Any) -> None:
    try:
        scenario = Scenario.from_dict(given_scenario)
    except ScenarioError as error:
        assert error.happened and error.remedy
        return
    assert Scenario.from_dict(scenario.to_dict()) == scenario
    assert scenario.son.name and len(scenario.son.name) <= LONGEST["name"] and 1 <= scenario.openness <= 5


@fuzz
@given(st.sampled_from([setting.name for setting in settings.SETTINGS]), ANY_TEXT | st.integers().map(str))
def test_anything_as_a_setting(name: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        try:
            patch.setenv(name, value)
        except (ValueError, UnicodeEncodeError):
            return  # the system has no such values
        for read in (
            settings.data_folder,
            settings.port,
            settings.threads,
            settings.context,
            settings.voice,
            settings.voice_model,
            settings.debug,
        ):
            try:
                found = read()
            except SettingError as error:
                assert name in str(error)
            else:
                assert found is not None


# -- check and reply --------------------------------------------------------------------------------------------------------


@fuzz
@given(ANY_TEXT | st.text(max_size=3000), ANY_TEXT)
def test_any_text_to_the_check(text: str, his: str) -> None:
    report = toy_check().check(text, his).to_dict()
    assert report["flagged"] == bool(report["findings"])
    assert 0 <= report["score"] <= 1
    for found in (*report["findings"], *report["strengths"]):
        assert report["text"][found["start"] : found["end"]] == found["text"]
    json.dumps(report, allow_nan=False)


TURNS = st.lists(st.fixed_dictionaries({"speaker": st.sampled_from(["mother", "son", "father"]), "text": ANY_TEXT}), max_size=5)
SCENES = st.fixed_dictionaries({"son": NAMED}, optional={"openness": SCALARS})
ROWS = st.fixed_dictionaries({}, optional={"id": SCALARS, "scenario": SCENES | ANYTHING, "turns": TURNS | ANYTHING})


@fuzz
@given(ROWS | ANYTHING)
def test_any_line_to_reply(row: Any) -> None:
    voice = son(*["It is fine. I am well. Really."] * 9).voice
    assert isinstance(voice, ScriptedVoice)
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ToneCheck, "load", classmethod(lambda cls: toy_check()))
        patch.setattr(choice, "open_voice", lambda name="embedded": voice)
        patch.setattr("rehearse.son.Ranker.load", classmethod(lambda cls, embedder: None))
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(row).encode() + b"\n"), encoding="utf-8"))
        patch.setattr(sys, "stdout", out)
        status = main(["reply", "--jsonl", "-"])
    out.seek(0)
    (line,) = out.read().splitlines()
    answer = json.loads(line)
    assert status == ("error" in answer)
    assert "error" in answer or (answer["text"] and 1 <= answer["openness"] <= 5)
