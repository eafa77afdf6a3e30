"""What the page says besides its own words, in every language it has: nothing of it is left out, and every gap is kept."""

import ast
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rehearse import catalog, data, debrief, doors, errors, helplines, scenario, seats, settings
from rehearse.distress import METS
from rehearse.errors import DataError, RehearseError, Sentence, TranscriptError, VoiceError
from rehearse.rehearsal import MetOutside
from rehearse.scenario import Scenario, Son
from rehearse.settings import LANGUAGES, prompts_folder
from rehearse.son import silence
from rehearse.transcripts import Transcripts, read_document, rows, trouble, written
from rehearse.turn import Openness, Turn
from rehearse.ui import words
from rehearse.voice import download
from rehearse.voice.fit import TooBig, gigabytes
from rehearse.voice.progress import Progress

OTHERS = [each for each in LANGUAGES if each != "en"]
ROOT = Path(errors.__file__).parent
# What is said of an English line, how a weekday stands, and a country that is called so in both.
SAME = {"help.countries.AU", "page.header.title", "page.check.this", "page.check.strength", "page.date.weekday"}
# His words and hers, which are English; the names and numbers of help lines; and what is no words at all.
STAYS = re.compile(
    r"help\.line\b|debrief\.next\b|beside\.felt\b|beside\.silence\.(words|nothing|practices)\b|beside\.seats\.(?!label)"
)
# What is handed on: chosen from a table, and what Sentence and _broken() were given.
GIVEN = {"sentence", "each", "what", "fillings", "{'seconds': round(wait)}"}
# Where no failure is made: they say one, or carry it from one process to another.
CARRIED = ("ui/words.py", "voice/progress.py")
# What only a terminal says, and a voice that is for tests.
TERMINAL = re.compile(r"(terminal\w*|cli|doctor|privacy|keeper|lab|scripted|__main__)\b")


def leaves(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{name}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, f"{name}.{number}")
    else:
        yield name, value


# -- files of words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("file", ["page", "debrief", "help", "beside", "copy"])
def test_every_sentence_has_its_twin(file: str, language: str) -> None:
    english = dict(leaves(data.read_toml(prompts_folder() / f"{file}.toml"), file))
    twin = dict(leaves(data.read_toml(prompts_folder() / f"{file}-{language}.toml"), file))
    assert {name for name in english if not STAYS.match(name)} == set(twin)
    for name, text in twin.items():
        assert data.gaps(text) == data.gaps(english[name]), name
        assert (text == english[name]) == (name in SAME), name
    # What the app itself reads is the one where there is one, and the English elsewhere.
    assert dict(leaves(data.read_words(prompts_folder() / f"{file}.toml", language), file)) == {**english, **twin}


@pytest.mark.parametrize(
    ("twin", "problem"),
    [
        ('more = "Más"', "has what the English has not"),
        ('one = "Una"', "other gaps"),
        ('one = "Una {nombre}"', "other gaps"),
        ('one = " "', "form"),
        ("one = 1", "form"),
        ('many = ["a"]', "form"),
    ],
)
def test_a_twin_that_does_not_fit_is_refused(twin: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "some.toml").write_text('one = "One {name}"\nmany = ["a", "b"]', encoding="utf-8")
    (tmp_path / "some-es.toml").write_text(twin, encoding="utf-8")
    with pytest.raises(DataError, match=f"some-es.toml.*{problem}"):
        data.read_words(tmp_path / "some.toml", "es")


@pytest.mark.parametrize("language", OTHERS)
def test_the_rooms_speak_the_language(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> list[str]:
        told = [helplines.words(each) for each in (*METS, helplines.OUT)]
        general = [helplines.general(each) for each in ("check", "elsewhere", "private", "country")]
        ending = debrief._told(prompts_folder() / "debrief.toml", settings.language())["empty"]
        named = doors._labels(prompts_folder() / "beside.toml", settings.language())
        aside = [ending, silence._told().offer, seats._told().label, *named]
        return [*general, *helplines.countries().values(), *(part for each in told for part in each.words), *aside]

    his = silence._told().words
    lines = helplines.lines("US", "violence")
    english = said()
    monkeypatch.setenv("REHEARSE_LANGUAGE", language)
    assert [ours for ours, theirs in zip(english, said(), strict=True) if ours == theirs] == ["Australia"]
    assert helplines.lines("US", "violence") == lines and silence._told().words == his, "names, numbers and he stay as they are"


# -- failures -----------------------------------------------------------------------------------------------------------------


def kinds_of_failure(trees: dict[Path, ast.Module]) -> set[str]:
    """Return the names of all classes that are failures shown to a person."""
    classes = [each for tree in trees.values() for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    found = {"RehearseError"}
    while (
        more := {each.name for each in classes if {base.id for base in each.bases if isinstance(base, ast.Name)} & found} - found
    ):
        found |= more
    return found


def own_beginning(tree: ast.Module, names: set[str]) -> Iterator[ast.Call]:
    """Yield where a failure that makes its own sentences hands them on."""
    for each in ast.walk(tree):
        if isinstance(each, ast.ClassDef) and each.name in names - {"RehearseError"}:
            yield from (
                call for call in ast.walk(each) if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
            )


def texts(value: ast.expr, module: ModuleType, *, filling: bool = False) -> Iterator[str]:
    """Yield the texts that an argument stands for: itself, or a constant of its module; what fills a gap may be anything."""
    if isinstance(value, ast.Starred):
        value = value.value
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.Name) and value.id.lstrip("_").isupper():
        found = getattr(module, value.id)
        yield from (each for each in (found if isinstance(found, tuple) else (found,)) if isinstance(each, str))
    else:
        # A sentence with its gaps filled already could not be said in another language; one of another failure can.
        known = isinstance(value, ast.Subscript) or ast.unparse(value) in GIVEN
        assert filling or known, f"{module.__name__}:{value.lineno}"


def raised() -> set[str]:
    """Return every sentence that the page may have to say of a failure, as it stands in the code."""
    places = {path: path.relative_to(ROOT).as_posix() for path in sorted(ROOT.rglob("*.py"))}
    paths = [path for path, place in places.items() if not (place in CARRIED or TERMINAL.match(place.removeprefix("voice/")))]
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    names = kinds_of_failure(trees)
    # These are given what they need for sentences of their own.
    makers = {
        each.name
        for tree in trees.values()
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef)
        and each.name in names
        and any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in each.body)
    } - {"RehearseError"}
    found: set[str] = set()
    for path, tree in trees.items():
        module = importlib.import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__"))
        calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)]
        # The check has sentences of its own, which are hers.
        plain = names - makers | ({"Sentence", "_broken"} if getattr(module, "Sentence", None) is Sentence else set())
        calls = [each for each in calls if each.func.id in plain]  # type: ignore[attr-defined]
        # How a download ended comes from another process, and is made a failure here.
        ends = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and ast.unparse(each.func) == "Progress"]
        for call in (*calls, *own_beginning(tree, names), *ends):
            if call not in ends:
                found |= {text for each in call.args for text in texts(each, module)}
            found |= {text for each in call.keywords for text in texts(each.value, module, filling=True)}
    return found


def pieces() -> set[str]:
    """Return what fills gaps, or is chosen from a table."""
    wrong = re.findall(r', "([^"]+)"\),', inspect.getsource(rows.problem))
    assert len(wrong) == 10
    chosen = {text for _, both in trouble._SENTENCES for text in both}
    return {*wrong, *chosen, "title", "label", *scenario.LONGEST}


@pytest.mark.parametrize("language", OTHERS)
def test_every_failure_can_be_told(language: str) -> None:
    told = data.read_toml(prompts_folder() / f"errors-{language}.toml")
    wanted = raised() | pieces()
    assert len(wanted) > 150
    assert sorted(wanted - set(told)) == []
    assert sorted(set(told) - wanted) == [], "no sentence stands there unused"
    for english, other in told.items():
        assert data.gaps(other) == data.gaps(english), english


@pytest.mark.parametrize("language", OTHERS)
def test_the_numbers_to_call_are_the_same(language: str) -> None:
    english, other = (data.read_words(prompts_folder() / "help.toml", each) for each in ("en", language))
    for name, text in leaves(english, "help"):
        assert re.findall(r"\d+", str(dict(leaves(other, "help"))[name])) == re.findall(r"\d+", str(text)), name


def spanish(error: RehearseError) -> str:
    """Return what the page says of a failure, which never changes what a terminal says of it."""
    english = f"{error.happened} {error.remedy}"
    found = words.trouble(error)
    assert str(error) == english != found
    return found


def test_a_failure_is_told_in_spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    too_big = TooBig("small.gguf", 4_700_000_000, 1_100_000_000)
    assert words.trouble(too_big) == str(too_big)
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    assert "necesita unos 4,7 GB de memoria, y hay 1,1 GB libres." in spanish(too_big)
    assert "4.7 GB" in str(too_big)
    assert spanish(MetOutside("distress")).startswith("Puede que esto sea más")
    assert "kinds.toml" in spanish(DataError(Path("kinds.toml"), "it cannot be read"))


def test_what_fills_a_gap_is_told_in_spanish_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    given: dict[str, Any] = {"format": "rehearse-transcript", "version": 1, "id": "one", "title": 1}
    with pytest.raises(TranscriptError) as caught:
        read_document(json.dumps({**given, "turns": []}))
    assert spanish(caught.value).startswith("El archivo no se puede traer: el título no es un texto. ")
    with pytest.raises(TranscriptError) as caught:
        read_document(json.dumps({**given, "turns": ["no"]}))
    assert spanish(caught.value).startswith("El archivo no se puede traer: la frase 1 no es una frase. ")
    given |= {"title": "A", "created": "2026-11-22T10:00:00Z", "turns": [], "scenario": {"son": {"name": "N" * 50}}}
    with pytest.raises(TranscriptError) as caught:
        read_document(json.dumps(given))
    assert "«nombre» tiene más de 40 caracteres." in spanish(caught.value)


def test_how_a_download_ended_is_told_in_spanish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    error = download._told(ConnectionError(), catalog.offered()[0])
    told = Progress(**json.loads(json.dumps(asdict(Progress.because(error)))))
    assert spanish(told.problem).startswith("La conexión con ") and spanish(told.problem).endswith("y sigue desde ahí.")


def test_a_sentence_that_is_not_translated_stays_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    assert (
        words.trouble(VoiceError("Nobody wrote this: {why}.", "Try again.", why="so"))
        == "Nobody wrote this: so. Prueba otra vez."
    )


@pytest.mark.parametrize("line", ['"One {name}." = "Una."', '"One." = " "', '"One." = 1'])
def test_a_table_of_failures_that_does_not_fit_is_refused(line: str, tmp_path: Path) -> None:
    (tmp_path / "errors-es.toml").write_text(line, encoding="utf-8")
    with pytest.raises(DataError, match="errors-es.toml"):
        words._failures(tmp_path, "es")


def test_numbers_have_their_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"size": gigabytes(1_100_000_000), "ram": 8, "licence": "GPL-2.0"}
    assert "1.1 GB" in words.say("voices.facts", **given) and "1.5" in words.say("voices.hours", count=1.5)
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    assert words.say("voices.facts", **given) == "1,1 GB · para un ordenador con 8 GB de memoria · licencia GPL-2.0"
    assert "1,5" in words.say("voices.hours", count=1.5)


def test_a_copy_speaks_the_language_of_the_page(home: Path) -> None:
    with Transcripts(home / "rehearsals.db") as store:
        saved = store.create(Scenario(Son("Daniel"), "He moved."))
        hers = Turn("mother", "Hello.", Openness.SHUT, None)
        store.append(saved.id, hers)
        store.append(saved.id, Turn("son", "Hm.", Openness.SHUT, hers.id, state="stopped"))
        document = store.export(saved.id)
    labels = {int(each): "Cerrado" for each in Openness}
    for form in ("markdown", "html"):
        english, told = written(document, form), written(document, form, labels, lang="es")
        for name, other in data.read_toml(prompts_folder() / "copy-es.toml").items():
            if name in ("talk", "scene", "who", "situation", "starts", "you", "stopped"):
                assert other in told and other not in english, name
        assert "Daniel: Cerrado" in told and "Una charla con Daniel" in told and "lo interpretó un modelo de lenguaje" in told
        assert "He moved." in told and "Hello." in told and "A talk with" not in told
