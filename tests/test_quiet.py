"""An error's message may hold her words; no unexpected one is shown with its message while the page is served."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rehearse.ui.quiet import told

ROOT = Path(__file__).resolve().parents[1]
MARKER = "Quillfeather-Umbrella-73"
WAYS = {
    "printed by a library": "import traceback\ntry:\n    fail()\nexcept ValueError:\n    traceback.print_exc()",
    "printed to a file": "import traceback\ntry:\n    fail()\nexcept ValueError:\n    traceback.print_exc(file=sys.stdout)",
    "logged": "import logging\ntry:\n    fail()\nexcept ValueError:\n    logging.exception('It failed.')",
    "logged in a server's form": (
        "import logging, uvicorn.logging\nhandler = logging.StreamHandler()\n"
        "handler.setFormatter(uvicorn.logging.DefaultFormatter('%(levelprefix)s %(message)s'))\n"
        "logging.getLogger('x').addHandler(handler)\n"
        "try:\n    fail()\nexcept ValueError:\n    logging.getLogger('x').exception('It failed.')"
    ),
    "not caught": "fail()",
    "not caught in a thread": "import threading\nthread = threading.Thread(target=fail)\nthread.start()\nthread.join()",
}


@pytest.mark.parametrize("way", WAYS)
def test_no_message_is_shown(way: str) -> None:
    head = (
        "import sys\nfrom rehearse.ui.quiet import keep_quiet\nkeep_quiet()\n"
        "def fail():\n    words = ' '.join(sys.argv[1:])\n    try:\n        {}[words]\n"
        "    except KeyError as error:\n        raise ValueError('got ' + words) from error\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = [sys.executable, "-c", head + WAYS[way], MARKER]
    done = subprocess.run(code, text=True, capture_output=True, timeout=100, env=environment)
    said = done.stdout + done.stderr
    assert MARKER not in said
    assert "ValueError" in said and "KeyError" in said and "in fail" in said, "whoever mends it must see where it failed"


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError("a"), KeyError("b")
    one.__cause__, two.__cause__ = two, one
    assert told(one).count("builtins.") == 2
    assert told(None) == ""
