"""The house itself: what an import costs, the order of the rooms, modules of a readable size, documents that are current."""

import ast
import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import NetworkRefused
from rehearse import settings

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "rehearse"
MODULES = sorted(PACKAGE.rglob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

HEAVY = {"gradio", "llama_cpp", "sentence_transformers", "torch", "transformers"}
# Programs of the lab are run one at a time, by someone who has come to train or to measure.
LIGHT = [path for path in MODULES if "lab" not in path.relative_to(PACKAGE).parts and path.name != "__main__.py"]
# The pieces of the page are made of gradio; what serves them is not, because it must first turn gradio's reporting off.
PAGE = [path for path in LIGHT if path.parent.name == "ui" and path.name not in ("__init__.py", "serve.py")]
LONGEST_MODULE = 400


def relative(path: Path) -> str:
    """Return a path as a test's name shows it."""
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    """Return the name a module is imported by."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run this Python in a process of its own."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=110,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


# -- importing --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        (["rehearse"], set()),
        ([dotted(path) for path in LIGHT if path not in PAGE], set()),
        ([dotted(path) for path in PAGE], {"gradio"}),
    ],
    ids=["rehearse", "every module", "the page"],
)
def test_importing_loads_nothing_heavy(names: list[str], allowed: set[str]) -> None:
    """The page must be up before a model library is even read from the disk."""
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint(*{HEAVY!r} & set(sys.modules))"
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) <= allowed


def test_rooms_import_downwards_only() -> None:
    """The rooms of docs/architecture.md, as pyproject.toml tells them to import-linter."""
    done = python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])")
    assert done.returncode == 0, done.stdout + done.stderr


# -- modules ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    """No module has 400 lines or more."""
    assert len(path.read_text(encoding="utf-8").splitlines()) < LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_no_module_catches_everything(path: Path) -> None:
    """A bare `except`, or one of `Exception` or `BaseException`, only where it raises again."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {"BaseException"}
        raises_again = isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
        assert raises_again or not caught & {"Exception", "BaseException"}, f"{relative(path)}:{node.lineno}"


# -- documents --------------------------------------------------------------------------------------------------------------


def test_generated_parts_are_current() -> None:
    """What cog writes into docs/ is what stands there; `make docs` writes it again."""
    done = python("-m", "cogapp", "--check", *(relative(path) for path in sorted((ROOT / "docs").glob("*.md"))))
    assert done.returncode == 0, done.stdout + done.stderr


def test_contributing_is_short() -> None:
    """Nobody reads a long one."""
    assert len((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()) < 80


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_links_lead_somewhere(path: Path) -> None:
    """Every file a document links to is there, and so is the heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        other = (path.parent / name).resolve() if name else path
        assert other.exists(), f"{relative(path)} links to {target}"
        if anchor:
            headings = re.findall(r"(?m)^#+ (.+)$", other.read_text(encoding="utf-8"))
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_make_target_a_document_names_is_there() -> None:
    """`make start` and the others exist under the names the documents use."""
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = {name for path in DOCUMENTS for name in re.findall(r"`make ([a-z]+)", path.read_text(encoding="utf-8"))}
    assert {"start", "test"} <= named <= targets


def test_every_setting_is_used() -> None:
    """A setting in the list is read somewhere, and one that is read is in the list."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    named = {setting.name for setting in settings.SETTINGS}
    assert named == set(re.findall(r"\bREHEARSE_[A-Z_]+\b", code))
    for setting in settings.SETTINGS:
        assert len(re.findall(rf"\b{setting.name}\b", code)) > 1, f"{setting.name} is never read"


# -- the wheel --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the names of the files in a freshly built wheel. Takes a few seconds."""
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation, so that nothing is fetched: the build backend comes with the test packages.
    done = python(
        "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(ROOT)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("rehearse-*.whl")
    with zipfile.ZipFile(built) as archive:
        return archive.namelist()


def test_the_wheel_holds_every_module(wheel: list[str]) -> None:
    """An installed copy has all of the package, and what lies beside the modules too."""
    files = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {relative(path) for path in files} <= set(wheel)


def test_the_wheel_holds_prompts_and_models(wheel: list[str]) -> None:
    """What the app reads travels with it; what it was trained on does not."""
    held = set(wheel)
    carried = [path for name in ("prompts", "models") for path in (ROOT / name).rglob("*") if path.is_file()]
    data = {
        f"rehearse/{relative(path)}"
        for path in carried
        if not {"acts", "lines", "wordings", "read", "second", "dialogues", "safety"} & set(path.parts)
    }
    assert {name for name in data if not name.endswith("/parts.toml")} <= held
    assert "rehearse/prompts/article.toml" in held
    assert "rehearse/models/catalog.toml" in held
    trained_on = {"acts", "lines", "wordings", "read", "second", "dialogues", "safety"}
    left_out = [name for name in wheel if trained_on & set(name.split("/")) or name.endswith("parts.toml")]
    assert left_out == []


def test_the_wheel_holds_nothing_else(wheel: list[str]) -> None:
    """No tests, no environment, no transcripts of whoever built it."""
    assert {name.split("/")[0] for name in wheel} == {"rehearse", next(n for n in wheel if n.endswith("/METADATA")).split("/")[0]}
    assert not [name for name in wheel if name.endswith((".db", ".log", ".pyc", ".gguf.part"))]


# -- the tests' own walls ---------------------------------------------------------------------------------------------------


def test_the_network_is_out_of_reach() -> None:
    """A test that tries to leave this machine fails with a sentence that says so."""
    with pytest.raises(NetworkRefused, match="only talk to this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with pytest.raises(NetworkRefused, match="example.invalid"):
        socket.getaddrinfo("example.invalid", 80)


def test_this_machine_is_in_reach() -> None:
    """The page's own tests talk to it over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5) as client:
        assert client.getpeername() == server.getsockname()


def test_every_test_has_a_home_of_its_own(home: Path, tmp_path: Path) -> None:
    """No test can touch the data of whoever runs it."""
    assert settings.data_folder() == home == tmp_path / "home"
