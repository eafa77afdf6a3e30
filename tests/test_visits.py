"""What is remembered of a visit of the page: it neither grows with the talk nor holds a word of it."""

import asyncio
import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from doubles import parts
from rehearse.ui.gate import Keys
from rehearse.ui.leaving import Leaving
from rehearse.ui.loading import Loading
from rehearse.ui.room import Room
from rehearse.ui.screen import screen
from rehearse.ui.serve import application
from rehearse.ui.visits import MOST, Visit, Visits

WORDS = "the violet kettle"


@pytest.fixture
def served(home: Path) -> Iterator[Any]:
    made = parts(home)
    with made.transcripts:
        room = Room(made, Leaving(made.transcripts, home / "leaving"), Loading("ready"), Loading("ready"))
        yield application(room, Keys()).routes[-1]


@pytest.fixture
def page(served: Any) -> gr.Blocks:
    return served.app.get_blocks()  # type: ignore[no-any-return]


def answered(page: gr.Blocks, visit: Visit, pieces: int) -> None:
    """Show an answer that grows, as an event does: by turns nothing new in a place of the page, and something."""
    sends = next(each for each in page.fns.values() if each.fn is not None and each.fn.__qualname__ == "Talk.say")

    async def shown() -> None:
        for number in range(pieces):
            changed = screen(talk=f"{WORDS} {number}", gauge="2", shown=f"line {number}") if number % 2 else screen(note="Hm.")
            await page.postprocess_data(sends, list(changed), visit)

    # In a thread of its own: the browser tests leave a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, shown()).result()


def test_it_does_not_grow_and_holds_no_word(served: Any, page: gr.Blocks) -> None:
    holder = served.app.state_holder
    assert isinstance(holder, Visits) and page.state_holder is holder
    visit = holder["a visit"]
    known = set(visit.blocks_config.blocks)
    answered(page, visit, 21)
    assert set(visit.blocks_config.blocks) == known == set(page.default_config.blocks)
    assert visit.config_values == {} and list(visit.components) == []
    gc.collect()
    # By the type and not by isinstance: that asks whatever else lives in this process for its class, and some of it imports then.
    held = [each for each in gc.get_objects() if type(each) is dict and any(WORDS in value for value in _texts(each))]
    assert held == []
    # What the page asks for at its next event is there.
    assert "line 19" in visit.state_data.values()


def _texts(found: dict[Any, Any]) -> list[str]:
    # What this test itself holds is no find.
    return [value for name, value in found.items() if isinstance(value, str) and name not in ("WORDS", "__file__")]


def test_visits_keep_to_themselves_and_the_oldest_go(served: Any, page: gr.Blocks) -> None:
    holder = served.app.state_holder
    one, other = holder["one"], holder["other"]
    answered(page, one, 2)
    assert "line 1" in one.state_data.values() and "line 1" not in other.state_data.values()
    assert holder["one"] is one
    for number in range(MOST):
        holder[f"later {number}"]
    assert "other" not in holder and len(holder.session_data) == MOST
