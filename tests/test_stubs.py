"""Gradio is imported without the stubs it writes for type checkers, in a process of its own as the app does it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WATCHED = """
import sys
seen = []
sys.addaudithook(lambda event, given: event == "open" and str(given[0]).endswith(".pyi") and seen.append(given))
from rehearse.ui.serve import prepare_environment
prepare_environment()
prepare_environment()
import gradio
from gradio.component_meta import ComponentMeta
assert not seen, seen[:3]
# Whoever makes a component of their own still can: it has its events, and nothing is written for it.
class Own(gradio.Textbox):
    EVENTS = ["change"]
with gradio.Blocks():
    Own().change(print)
print(len(seen), sum(type(each).__name__ == "_Finder" for each in sys.meta_path))
"""


def test_no_stub_is_read_or_written(home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", WATCHED], text=True, capture_output=True, timeout=100, env=environment)
    assert done.stdout.split() == ["0", "1"], done.stderr
