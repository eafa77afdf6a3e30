"""The app falls while she is at it, and goes on: killed as by a system without memory, or by a fault in native code."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import doubles
from rehearse.parts import Parts
from rehearse.rehearsal import Rehearsal
from rehearse.transcripts import Transcripts
from rehearse.turn import Turn
from rehearse.ui.leaving import Leaving
from rehearse.ui.room import Room
from running import Address, admitted, running_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE = 120_000
DRAFT = "#draft textarea"
LINE = "Tell me slowly how you are."
TYPING = "What I was still typing."
STILL = "What you sent is kept, and what you were typing is still here."

here = pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fall")


@pytest.fixture(scope="module")
def address(chromium: "Browser", place: Path) -> Iterator[Address]:
    with running_app(place / "home", place / "log.txt", toy=True) as found:
        yield found


@pytest.fixture(scope="module")
def window(chromium: "Browser", address: Address) -> Iterator["BrowserContext"]:
    context = admitted(chromium, address, viewport={"width": 1200, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def begin(page: "Page", address: str) -> None:
    # A tab in the background hardly moves.
    page.bring_to_front()
    page.goto(address)
    page.locator("#scenarios .card", has_text="He stops answering my calls").click()
    page.wait_for_selector("dl.told")
    page.click("#begin")
    page.wait_for_selector("#about h2")
    page.wait_for_timeout(700)


def send(page: "Page", text: str) -> None:
    page.bring_to_front()
    page.fill(DRAFT, text)
    page.wait_for_function("text => document.querySelector('#report .report')?.dataset.text === text", arg=text)
    page.click("#send")


# What was said across the top, in turn: on a busy computer, one that looks now and then may miss what stands there for a second.
SAID = """() => {
  const bar = document.querySelector('#away p');
  window.said = [];
  const seen = new MutationObserver(() => window.said.push(bar.textContent));
  seen.observe(bar, {childList: true, characterData: true, subtree: true});
}"""


def struck(page: "Page", address: Address, blow: int) -> None:
    """Bring the app down, and wait until the page says that it is back."""
    page.evaluate(SAID)
    os.kill(address.app, blow)
    page.wait_for_function("() => window.said.length && !window.said.at(-1)")
    page.wait_for_selector("#back .back")
    away = "The app stopped for a moment and is starting again. What you sent is kept."
    assert page.evaluate("() => window.said") == [away, ""]


@pytest.mark.browser
@pytest.mark.timeout(400)
@here
def test_she_goes_on_where_she_was(window: "BrowserContext", address: Address, place: Path) -> None:
    """He is answering in one tab, she is telling the scene in another, and the app is brought down twice."""
    talk, scene = window.new_page(), window.new_page()
    scene.bring_to_front()
    scene.goto(address)
    scene.locator("#scenarios .card", has_text="My own situation").click()
    scene.fill("#ask-name input, #ask-name textarea", "Thomas")
    begin(talk, address)
    talk.evaluate("() => { window.same = true; }")
    before = talk.url
    send(talk, LINE)
    talk.wait_for_selector("li.turn.son:not(.typing) .line")
    talk.fill(DRAFT, TYPING)

    struck(talk, address, signal.SIGKILL)
    told = talk.inner_text("#back p")
    assert STILL in told
    assert "was cut off in the middle of his answer" in told
    assert talk.locator("li.turn.mother .line").all_inner_texts() == [LINE]
    assert "broken off" in talk.inner_text("li.turn.son")
    assert talk.input_value(DRAFT) == TYPING
    assert talk.evaluate("() => window.same") is True and talk.url == before, "the page was loaded anew"
    assert "Traceback" not in (place / "log.txt").read_text(encoding="utf-8")

    # Nothing is half of what it was: he answers, the button takes the words away, the next line is read and answered.
    talk.click("#back button")
    assert talk.locator("#back .back").count() == 0
    talk.locator("li.turn.son [data-act=again]").click()
    talk.wait_for_selector("li.turn.son:last-child:not(.typing) .tries")
    talk.wait_for_selector("#send")
    send(talk, "I am listening.")
    talk.wait_for_function("() => document.querySelectorAll('ol.talk > li').length === 4")
    talk.wait_for_selector("li.turn.son:last-child:not(.typing) .acts")

    scene.bring_to_front()
    scene.wait_for_selector("#back .back")
    scene.click("#next")
    scene.wait_for_selector("#ask-age")
    struck(scene, address, signal.SIGSEGV)
    scene.click("#step-back")
    scene.wait_for_selector("#ask-name")
    assert scene.input_value("#ask-name input, #ask-name textarea") == "Thomas"
    talk.bring_to_front()
    talk.wait_for_selector("#back .back")
    assert talk.inner_text("#back p") == f"The app had to start again. {STILL}"

    # Whoever comes anew is told too.
    late = window.new_page()
    late.bring_to_front()
    late.goto(address)
    late.wait_for_selector("#back .back")
    assert late.inner_text("#back p") == "The app had to start again. What you sent is kept."
    # The app knows of the page again: what she deletes goes for good when the page is closed.
    gone = talk.url.rpartition("=")[2]
    talk.bring_to_front()
    talk.click("#back button")
    talk.get_by_role("tab", name="Your talks").click()
    talk.locator(f"#shelf [data-act=delete][data-value='{gone}']").click()
    talk.wait_for_selector("#shelf-note .undo")
    with Transcripts(place / "home" / "rehearsals.db") as store:
        assert gone in [each.id for each in store.list()]
        talk.close()
        until(lambda: gone not in [each.id for each in store.list()])
    for page in (scene, late):
        page.close()
    said = (place / "log.txt").read_text(encoding="utf-8")
    assert said.count("?key=") == 1, "the address is told once"
    assert said.count("is starting again") == 2


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_line_that_waits_for_its_turn_says_so(chromium: "Browser", window: "BrowserContext", address: Address) -> None:
    """There is one voice: while he answers in one tab, the others are told where they stand, and can be looked at."""
    # A browser opens six connections to one address, two for each tab that waits: the third is in a browser of its own.
    elsewhere = admitted(chromium, address)
    elsewhere.set_default_timeout(PATIENCE)
    pages = [window.new_page(), window.new_page(), elsewhere.new_page()]
    for page in pages[:2]:
        begin(page, address)
    send(pages[0], "Tell me very slowly how you are.")
    pages[0].wait_for_selector("#stop")
    send(pages[1], "And how are you here?")
    pages[1].wait_for_selector("#queue p:not(:empty)")
    assert pages[1].inner_text("#queue p") == "He is still speaking in another window. You are next."
    # A talk can be opened meanwhile.
    pages[2].bring_to_front()
    pages[2].goto(pages[0].url)
    pages[2].wait_for_selector("li.turn.mother .line")
    begin(pages[2], address)
    send(pages[2], "And how are you there?")
    pages[2].wait_for_selector("#queue p:not(:empty)")
    assert pages[2].inner_text("#queue p") == "He is still speaking in another window. Before you: 2."
    elsewhere.close()
    pages[0].bring_to_front()
    pages[0].click("#stop")
    pages[1].bring_to_front()
    pages[1].wait_for_selector("li.turn.son:last-child:not(.typing) .acts")
    assert pages[1].inner_text("#queue p") == ""
    for page in pages[:2]:
        page.close()


@pytest.mark.browser
@pytest.mark.timeout(300)
@here
def test_an_app_that_is_closed_is_called_closed(window: "BrowserContext", address: Address, place: Path) -> None:
    # Last in this file: nothing is there afterwards.
    page = window.new_page()
    begin(page, address)
    page.fill(DRAFT, TYPING)
    address.process.send_signal(signal.SIGINT)
    page.wait_for_selector("#away p:has-text('The app is closed.')")
    assert page.input_value(DRAFT) == TYPING
    assert address.process.wait(timeout=60) == 130
    said = (place / "log.txt").read_text(encoding="utf-8")
    assert "Traceback" not in said and "Error" not in said and "ERROR" not in said, "closing is no failure"


def until(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE / 1000
    while not true():
        assert time.monotonic() < give_up, "it did not come to that"
        time.sleep(0.1)


# -- what is said, without a browser ----------------------------------------------------------------------------------------


def returned(tmp_path: Path, state: str = "", *, written: bool = True, draft: str = TYPING) -> tuple[str, dict[str, object]]:
    """Return what is said to her, and the screen, once the app is back; ``state`` is that of his answer, if there is one."""
    import gradio as gr

    from rehearse.ui.back import Back
    from rehearse.ui.screen import Screen
    from rehearse.ui.talk import Talk

    parts = doubles.parts(tmp_path)
    rehearsal = Rehearsal.start(doubles.scenario(), parts=parts, written=written)
    hers = Turn("mother", LINE, doubles.openness(2))
    parts.transcripts.append(rehearsal.id, hers)
    if state:
        parts.transcripts.append(rehearsal.id, Turn("son", "Hm", doubles.openness(2), hers.id, state="partial"))
    if state == "complete":
        his = parts.transcripts.turns(rehearsal.id)[-1]
        parts.transcripts.finish(his.id, "Hm.", "complete")
    parts.transcripts.close()
    # Another life: what was in memory alone is gone.
    again = Parts(Transcripts(tmp_path / "rehearsals.db"), parts.check, parts.son)
    room = Room(again, Leaving(again.transcripts, tmp_path / "leaving"))
    room.line.leave(life=2)
    with gr.Blocks():
        back = Back(room, Talk(room, gr.Textbox()))
    assert "The app had to start again." in back.arrived()
    said, id, *screen = back.returned(rehearsal.id, draft)
    again.transcripts.close()
    return said, {**Screen(*screen)._asdict(), "id": id, "same": id == rehearsal.id}


def test_what_he_had_not_finished_is_said(tmp_path: Path) -> None:
    for number, (state, words) in enumerate(
        [("", "has not answered your last line"), ("partial", "was cut off"), ("complete", "")]
    ):
        said, screen = returned(tmp_path / str(number), state)
        assert screen["same"] and "What you sent is kept" in said
        assert words in said and ("You can let him answer" in said) == bool(words)
        assert LINE in str(screen["talk"])


def test_a_draft_stays_unless_it_was_sent(tmp_path: Path) -> None:
    _, screen = returned(tmp_path / "typing")
    assert "value" not in dict(screen["draft"])  # type: ignore[call-overload]
    for state in ("", "partial"):
        _, screen = returned(tmp_path / f"sent{state}", state, draft=f" {LINE}\n")
        assert dict(screen["draft"])["value"] == ""  # type: ignore[call-overload]


def test_a_talk_that_was_to_leave_no_trace_is_not_called_kept(tmp_path: Path) -> None:
    said, screen = returned(tmp_path, written=False)
    assert "the talk on this page is not there any more" in said and "is kept" not in said
    assert screen["id"] == "", "its id is not to stand in the address"
    assert LINE not in str(screen["talk"]) and "one that is not kept" in str(screen["talk"])
    assert "value" not in str(screen["draft"])
