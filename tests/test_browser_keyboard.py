"""The whole flow by keyboard alone, over the doubles: every room of the page, with nothing pressed but keys."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from running import admitted, console_errors, running_app
from states import DRAFT, HARD, PATIENCE, VIEWS, barriers, patient, settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

FURTHEST = 150
# Where the keyboard is shows, and a row that goes on to the side brings it into sight.
SEEN = """() => {
  const now = document.activeElement;
  const style = getComputedStyle(now);
  const [box, wide] = [now.getBoundingClientRect(), document.documentElement.clientWidth];
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 && box.left >= 0 && box.right <= wide;
}"""


def go(page: "Page", there: str) -> None:
    """Press Tab until the keyboard is there, and see that it shows."""
    for _ in range(FURTHEST):
        if page.evaluate("there => document.activeElement.matches(there)", there):
            page.wait_for_function(SEEN)
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not get to {there}")


def press(page: "Page", there: str, key: str = "Enter") -> None:
    go(page, there)
    page.keyboard.press(key)
    settled(page)


def view(page: "Page", name: str) -> None:
    """Go to another view by its name in the row above."""
    place = VIEWS.index(name) + 1
    press(page, f"#views [role=tab]:nth-child({place})")
    page.wait_for_selector(f"#views [role=tab]:nth-child({place})[aria-selected=true]")


def write(page: "Page", text: str) -> None:
    """Write a line in the place of what stands there, and wait until it is read."""
    go(page, DRAFT)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.wait_for_function("text => document.querySelector('#report .report')?.dataset.text === text", arg=text)


def answered(page: "Page", lines: int) -> None:
    page.wait_for_function("many => document.querySelectorAll('li.turn.son:not(.typing) .acts').length === many", arg=lines)
    page.wait_for_selector("#send")
    settled(page)


@pytest.fixture
def page(chromium: "Browser", tmp_path: Path) -> Iterator["Page"]:
    """Return a page on a phone, over an app whose shelf is empty; its console is to stay without errors."""
    with running_app(tmp_path / "home", tmp_path / "log.txt", toy=True) as address:
        window = admitted(chromium, address, viewport={"width": 390, "height": 844})
        page = patient(window)
        page.set_default_timeout(PATIENCE)
        said = console_errors(page)
        page.goto(address)
        yield page
        assert said == [], "the browser's console has errors"
        window.close()


def test_the_whole_flow_by_keyboard_alone(page: "Page") -> None:
    page.wait_for_selector("#scenarios .card")
    settled(page)

    # Her own scene: one question, and enough.
    press(page, "#scenarios [data-value=own]")
    page.wait_for_function("() => document.activeElement.closest('#ask-name') !== null")
    page.keyboard.type("Tom")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('#ask-age') !== null")
    press(page, "#enough")
    page.wait_for_selector("dl.told")
    press(page, "#begin")
    page.wait_for_selector("#about h2")
    settled(page)

    # A line that may land hard: the next place, a wording taken, sent; said another way.
    write(page, HARD)
    press(page, "#report [data-look='1']")
    assert page.inner_text(".where") == "2 of 2"
    press(page, ".finding:not([hidden]) button.wording")
    page.wait_for_function("was => ![was, ''].includes(document.querySelector('#draft textarea').value)", arg=HARD)
    taken = page.input_value(DRAFT)
    press(page, DRAFT)  # Enter sends
    answered(page, 1)
    assert page.locator("li.turn.mother .line").all_inner_texts() == [taken]
    press(page, "[data-act=back]")
    page.wait_for_function("() => document.querySelectorAll('li.turn').length === 0")

    # Two doors, and through one of them; what he may have heard; changed seats, and back.
    write(page, HARD)
    press(page, "#two-doors")
    page.wait_for_function("() => document.querySelectorAll('.door [data-act=choose]').length === 2")
    press(page, ".door:last-child [data-act=choose]")
    answered(page, 1)
    press(page, "#felt")
    page.wait_for_selector(".felt")
    assert barriers(page) == []
    press(page, "#seats")
    page.wait_for_selector("text=You sit in Tom’s seat now")
    assert barriers(page) == []
    press(page, "#seats")
    page.wait_for_selector("text=You are in your own seat again")

    # Out with Escape, wherever she is, and in again.
    go(page, DRAFT)
    page.keyboard.press("Escape")
    page.wait_for_selector(".outside")
    assert barriers(page) == []
    press(page, ".outside [data-act=go_on]")
    page.wait_for_function("() => !document.querySelector('.outside')")

    # The end, and the look back: a point of the plot, and on with another scene.
    press(page, "#end-talk")
    page.wait_for_selector(".lookback svg")
    press(page, ".plot a")
    page.wait_for_selector("#views [role=tab]:nth-child(2)[aria-selected=true]")

    # The shelf: a name, a pin, deleted and brought back.
    view(page, "Your talks")
    page.wait_for_selector("ul.shelf")
    press(page, "ul.shelf details.more summary")
    go(page, "ul.shelf details.more input")
    page.keyboard.press("Control+A")
    page.keyboard.type("The evening with Tom")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=The new name is saved.")
    press(page, "ul.shelf [data-act=pin]")
    page.wait_for_selector("text=It stays at the top now.")
    press(page, "ul.shelf [data-act=delete]")
    press(page, ".undo [data-act=undo]")
    page.wait_for_selector("text=It is back on the shelf.")
    assert page.inner_text("ul.shelf li:first-child h3").endswith("The evening with Tom")

    # A practice leads to a scene; something to take along.
    view(page, "Practices")
    press(page, "[data-act=practise]")
    page.wait_for_selector("dl.told")
    view(page, "Take along")
    go(page, "#message textarea")
    page.keyboard.type("I thought of you today.")
    press(page, "#make")
    # The keyboard follows to the sheet.
    page.wait_for_function("() => document.activeElement.matches('.taken')")
    go(page, "[data-do=print]")
