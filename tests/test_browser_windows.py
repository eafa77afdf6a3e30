"""Two windows of the page over the doubles: what one of them is told when the other one deletes its talk or goes on with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from running import admitted, console_errors, running_app
from test_browser_page import DRAFT, PATIENCE, barriers, send, tab, write

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RESTING = "li.turn.son:last-child:not(.typing) .acts"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("windows")


@pytest.fixture(scope="module")
def address(chromium: "Browser", place: Path) -> Iterator[str]:
    with running_app(place / "home", place / "log.txt", toy=True) as found:
        yield found


@pytest.fixture(scope="module")
def pair(chromium: "Browser", address: str) -> Iterator[tuple["Page", "Page"]]:
    # Windows and not tabs: a tab in the background hardly moves.
    contexts = [admitted(chromium, address, viewport={"width": 1200, "height": 900}) for _ in range(2)]
    one, other = (each.new_page() for each in contexts)
    said = [console_errors(each) for each in (one, other)]
    for each in (one, other):
        each.set_default_timeout(PATIENCE)
        each.goto(address)
    yield one, other
    assert said == [[], []], "the browser's console has errors"
    for each in contexts:
        each.close()


@pytest.fixture
def windows(pair: tuple["Page", "Page"], place: Path) -> tuple["Page", "Page"]:
    """Give two windows on one new talk, in which she has said a line."""
    with Transcripts(place / "home" / "rehearsals.db") as store:
        talk = store.create(Scenario.load("missed-calls"))
        hers = Turn("mother", "Hello love.", Openness.WARY)
        store.append(talk.id, hers)
        store.append(talk.id, Turn("son", "Hm.", Openness.WARY, hers.id))
    for each in pair:
        tab(each, "The talk")
        tab(each, "Your talks")
        each.locator(f"[data-act=open][data-value='{talk.id}']").click()
        each.wait_for_url(f"**/?talk={talk.id}")
        each.wait_for_function(
            "() => document.querySelectorAll('li.turn').length === 2 && document.querySelector('ol.talk').offsetParent"
        )
        each.wait_for_timeout(400)
    return pair


def no_plain_error(page: "Page") -> None:
    assert page.locator(".toast-body").count() == 0, "Gradio's own error is on the page"


def test_a_talk_that_went_on_is_shown_as_it_is_and_her_words_stay(windows: tuple["Page", "Page"]) -> None:
    one, other = windows
    write(one, "I was wondering how work is.")
    send(other, "How was your week?")
    one.press(DRAFT, "Enter")
    one.wait_for_selector("#talk-note .error >> text=This talk has gone on since it was shown here")
    assert one.locator("li.turn.mother .line").all_inner_texts() == ["Hello love.", "How was your week?"]
    assert one.input_value(DRAFT) == "I was wondering how work is."
    assert "gone on" in one.inner_text("#announce")
    no_plain_error(one)
    assert barriers(one) == []
    # Now that she has seen it, the same key sends.
    one.press(DRAFT, "Enter")
    one.wait_for_function("() => document.querySelectorAll('li.turn.mother').length === 3")
    one.wait_for_selector(RESTING)
    assert one.locator("#talk-note .error").count() == 0
    # And whoever comes back to a window is told before she does anything; where nothing has changed, nothing is said.
    for window in (one, other):
        window.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    other.wait_for_selector("#talk-note .error >> text=This talk has gone on")
    assert "I was wondering how work is." in other.inner_text("ol.talk")
    assert one.locator("#talk-note .error").count() == 0


def test_a_deleted_talk_is_told_as_that_and_nothing_of_it_stays(windows: tuple["Page", "Page"]) -> None:
    one, other = windows
    write(one, "You never call.")
    tab(other, "Your talks")
    other.locator("ul.shelf [data-act=delete]").first.click()
    other.wait_for_selector(".undo")
    one.click("#send")
    one.wait_for_selector("#talk .error >> text=This talk was deleted in another window.")
    other.get_by_role("button", name="Delete it now").click()
    other.wait_for_selector("#shelf-note >> text=It is deleted.")
    one.click("#send")
    one.wait_for_selector("#talk .error >> text=This talk is no longer here")
    assert one.input_value(DRAFT) == "You never call."
    assert "Hello love." not in one.content()
    one.click("#felt")
    one.wait_for_selector("#beside-panel .error >> text=This talk is no longer here")
    one.click("#step-out")
    one.click("#two-doors")
    one.click("#end-talk")
    one.wait_for_selector("#lookback .error >> text=This talk is no longer here")
    no_plain_error(one)
    assert barriers(one) == []
