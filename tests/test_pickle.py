"""Nothing that is read can bring code along: no pickle is written, carried or opened."""

import ast
import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rehearse import catalog
from rehearse.errors import RehearseError

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "rehearse").rglob("*.py"))
# What brings objects or code out of bytes.
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle", "yaml"}
UNSAFE_CALLS = {"eval", "exec", "compile", "__import__"}
SUFFIXES = {".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib", ".ckpt", ".npy", ".npz", ".h5", ".dill", ".pyc", ".so"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_module_makes_objects_of_bytes(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {each.name.split(".")[0] for each in node.names} & UNSAFE_MODULES
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in UNSAFE_MODULES
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in UNSAFE_CALLS
            assert called not in ("numpy.load", "np.load", "pd.read_pickle"), "weights are read from safetensors"
            named = {each.arg: ast.unparse(each.value) for each in node.keywords}
            # Where a training that was cut off goes on from its own file; torch then builds nothing but tensors and plain data.
            assert called != "torch.load" or (path.parent.name == "lab" and named.get("weights_only") == "True")
            assert named.get("trust_remote_code") in (None, "False")
            assert named.get("allow_pickle") in (None, "False")


def looks_like_a_pickle(raw: bytes) -> bool:
    """Whether a file is a pickle, or an archive that holds one, as torch writes them."""
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return any(name.endswith(".pkl") for name in archive.namelist())
    return len(raw) > 2 and raw[0] == 0x80 and raw[1] in range(2, pickle.HIGHEST_PROTOCOL + 1)


def test_no_file_that_is_carried_is_one() -> None:
    carried = [path for folder in ("models", "prompts", "rehearse") for path in (ROOT / folder).rglob("*") if path.is_file()]
    for entry in catalog.carried():
        try:
            carried.append(catalog.locate(entry))
        except RehearseError:
            continue
    assert carried
    suspect = [path.name for path in carried if path.suffix in SUFFIXES - {".pyc"} or looks_like_a_pickle(path.read_bytes())]
    assert suspect == []


def test_the_look_knows_one() -> None:
    assert all(looks_like_a_pickle(pickle.dumps({"a": 1}, protocol)) for protocol in (2, 3, 4, 5))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("archive/data.pkl", pickle.dumps(1))
    assert looks_like_a_pickle(archive.getvalue())
    assert not looks_like_a_pickle(b'{"a": 1}')


@pytest.mark.model
@pytest.mark.timeout(900)
def test_loading_everything_opens_none() -> None:
    """Python tells of each class that a pickle asks for; while check and voice are loaded and used, it has nothing to tell."""
    code = (
        "import json, sys\n"
        "found = []\n"
        "sys.addaudithook(lambda event, given: found.append(str(given)) if event == 'pickle.find_class' else None)\n"
        "from rehearse.tone import ToneCheck\n"
        "ToneCheck.load().check('You never call me anymore.')\n"
        "from rehearse.voice.choice import open_voice\n"
        "open_voice().close()\n"
        "own = list(found)\n"
        "import pickle, pathlib\n"
        "pickle.loads(pickle.dumps(pathlib.PurePath('a')))\n"
        "print(json.dumps([own, len(found) > len(own)]))\n"
    )
    try:
        catalog.verified("voice")
    except RehearseError as error:
        pytest.skip(str(error))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, timeout=850, env=environment)
    assert done.returncode == 0, done.stderr
    opened, told = json.loads(done.stdout.splitlines()[-1])
    assert told, "this Python does not tell of pickles"
    assert opened == []
