"""Model files: only the pinned bytes are loaded, and every other case is a sentence."""

import hashlib
import os
from pathlib import Path

import pytest

from rehearse import catalog, settings
from rehearse.errors import DataError, ModelChanged, ModelMissing

BYTES = b"weights"
ENTRY = """
[[carried]]
name = "Small"
role = "voice"
package = "{package}"
file = "small.gguf"
size = {size}
sha256 = "{sha256}"
licence = "Apache-2.0"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that stands for models/, with one pinned file of our own in it."""
    made = tmp_path / "models"
    made.mkdir()
    monkeypatch.setattr(settings, "models_folder", lambda: made)
    (made / "small.gguf").write_bytes(BYTES)
    pin(made)
    return made


def pin(folder: Path, *, package: str = "", size: int = len(BYTES), sha256: str = hashlib.sha256(BYTES).hexdigest()) -> None:
    (folder / "catalog.toml").write_text(ENTRY.format(package=package, size=size, sha256=sha256), encoding="utf-8")


def test_the_pinned_file_is_given(folder: Path) -> None:
    assert catalog.verified("voice") == folder / "small.gguf"


def test_other_bytes_of_the_same_size_are_refused(folder: Path) -> None:
    (folder / "small.gguf").write_bytes(b"w3ights")
    with pytest.raises(ModelChanged, match="Small is not the one this version was made with.*Run the set-up again"):
        catalog.verified("voice")


def test_a_file_cut_short_is_refused(folder: Path) -> None:
    (folder / "small.gguf").write_bytes(BYTES[:-1])
    with pytest.raises(ModelChanged, match="not loaded"):
        catalog.verified("voice")


def test_a_file_replaced_while_the_app_runs_is_read_again(folder: Path) -> None:
    catalog.verified("voice")
    path = folder / "small.gguf"
    path.write_bytes(b"w3ights")
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelChanged):
        catalog.verified("voice")


def test_a_missing_file_is_said(folder: Path) -> None:
    (folder / "small.gguf").unlink()
    with pytest.raises(ModelMissing, match="file of Small is missing.*Run the set-up again"):
        catalog.verified("voice")


def test_a_missing_package_is_said_with_the_name_to_install(folder: Path) -> None:
    pin(folder, package="no_such_package")
    with pytest.raises(ModelMissing, match="package that carries Small is not installed.*no-such-package"):
        catalog.verified("voice")


def test_a_packages_file_is_found_without_importing_it(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "carrying_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')", encoding="utf-8")
    (package / "small.gguf").write_bytes(BYTES)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    pin(folder, package="carrying_package")
    assert catalog.verified("voice") == package / "small.gguf"


def test_an_unknown_role_is_said(folder: Path) -> None:
    with pytest.raises(ModelMissing, match="names no file for the encoder"):
        catalog.verified("encoder")
    assert catalog.entry("encoder") is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[carried]]\nname = 'Small'", "lacks a field"),
        (ENTRY.format(package="", size=1, sha256="ab"), "no SHA-256 or no size"),
        (ENTRY.format(package="", size=0, sha256="a" * 64), "no SHA-256 or no size"),
        ("not toml", "not valid TOML"),
    ],
    ids=["field", "hash", "size", "toml"],
)
def test_a_broken_catalog_is_said(folder: Path, text: str, problem: str) -> None:
    (folder / "catalog.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"catalog.toml.*{problem}"):
        catalog.carried()


def test_the_real_catalog_is_whole() -> None:
    roles = [each.role for each in catalog.carried()]
    assert len(roles) == len(set(roles))
    assert {"voice", "encoder"} <= set(roles)
    names = [each.name for each in catalog.offered()]
    assert names and len(names) == len(set(names))
    for each in catalog.offered():
        assert each.size > 10**8 and each.ram >= 4 and each.licence and each.expect and each.file.endswith(".gguf")
        assert each.sha256 == "" or len(each.sha256) == 64
        # The hash of each was verified, so that the state of the repository that was meant need not be believed.
        assert each.title and each.repo.count("/") == 1 and each.revision
    # Something for each computer: a small one, a common one, a good one.
    assert {each.ram for each in catalog.offered()} == {4, 8, 16}


OFFERED = """
[[offered]]
name = "big"
title = "Big"
repo = "maker/big"
revision = "main"
file = "{file}"
size = {size}
ram = 8
sha256 = "{sha256}"
licence = "Apache-2.0"
expect = "Bigger."
"""


@pytest.mark.parametrize("wrong", [{"file": "../big.gguf"}, {"size": 0}, {"sha256": "abc"}])
def test_an_offered_voice_that_cannot_be_is_said(folder: Path, wrong: dict[str, object]) -> None:
    (folder / "catalog.toml").write_text(
        OFFERED.format(**{"file": "big.gguf", "size": 1, "sha256": "", **wrong}), encoding="utf-8"
    )
    with pytest.raises(DataError, match="big has a size"):
        catalog.offered()
