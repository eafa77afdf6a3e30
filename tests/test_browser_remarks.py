"""“This is fine between us” and “This one stings” in a real browser, over the doubles: by mouse, by keyboard, in two windows."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from states import DARK, WIDTHS, barriers_by_night_and_day, begin, marks, opened, settled, tab, write
from test_transcripts_delete import traces

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CLOWN, SUIT = "You never change, you clown.", "Suit yourself."


def here(page: "Page") -> str:
    """Return the name of what the keyboard is at."""
    return page.evaluate("() => document.activeElement.ariaLabel || document.activeElement.innerText")


def emptied(page: "Page") -> None:
    """Take back all there is, from the list."""
    tab(page, "Your talks")
    page.wait_for_selector("#heeded h3")
    while count := page.locator("ul.heeded li").count():
        page.locator("ul.heeded [data-act=unsay]").first.click()
        page.wait_for_function("count => document.querySelectorAll('ul.heeded li').length < count", arg=count)
    page.wait_for_selector("#heeded >> text=Nothing yet.")


def test_by_mouse_from_the_click_to_the_last_byte(page: "Page", chromium: "Browser", address: str, place: Path) -> None:
    begin(page, address)
    write(page, f"{CLOWN} It is your fault.")
    assert marks(page) == [["under-finding here", "never"], ["under-finding", "fault"]]
    page.locator("[data-act=fine]:visible").click()
    page.wait_for_selector("#report [data-act=unsay]")
    page.wait_for_function("() => document.querySelectorAll('.mirror u').length === 1")
    assert marks(page) == [["under-finding here", "fault"]]
    assert f"“{CLOWN}” is fine between you two, you said" in page.inner_text("#report")
    # Another window, in a talk of its own, heeds it at once; what is nearly the same is let through, another line is not.
    other = opened(chromium, address)
    begin(other, address)
    write(other, "you never change YOU CLOWN")
    assert other.inner_text("#check-summary") == "Nothing here is likely to land as blame."
    write(other, "You never call.")
    assert other.inner_text("#check-summary") == "One place may land hard."
    # From one of several sentences there, and nothing stands in the way of sending it.
    write(other, f"It rains. {SUIT}")
    other.locator("details.own summary").click()
    other.get_by_role("button", name=f"This one stings: “{SUIT}”").click()
    other.wait_for_selector(".finding [data-act=unsay]")
    assert "This one stings, you said." in other.inner_text(".finding")
    assert other.inner_text("#send") == "Send it as it is"
    other.click("#send")
    other.wait_for_selector("li.turn.son:not(.typing) .acts")
    assert other.locator("li.turn.mother .line").inner_text() == f"It rains. {SUIT}"
    other.context.close()
    write(page, SUIT)
    assert page.inner_text("#check-summary") == "One place may land hard."
    # The list, and the way back: the draft in the talk is read again too.
    tab(page, "Your talks")
    page.wait_for_selector("ul.heeded li")
    assert [line.split("\n")[0] for line in page.locator("ul.heeded li").all_inner_texts()] == [SUIT, CLOWN]
    page.get_by_role("button", name=f"Take it back: “{SUIT}”").click()
    page.wait_for_selector("#heeded-note >> text=its words are erased")
    page.wait_for_function("() => document.activeElement.matches('#heeded-note p')")
    page.wait_for_function("() => document.querySelector('#check-summary').textContent.startsWith('Nothing here')")
    emptied(page)
    assert traces(place / "home", CLOWN) == 0
    tab(page, "The talk")
    write(page, CLOWN)
    assert page.inner_text("#check-summary") == "One place may land hard."


def test_the_second_press_of_two_meets_nothing_else(page: "Page", address: str) -> None:
    second = {"detail": 2, "bubbles": True, "cancelable": True}
    begin(page, address)
    write(page, f"{CLOWN} It is your fault. You must come.")
    page.locator("[data-act=fine]:visible").dblclick()
    page.wait_for_selector("#report [data-act=unsay]")
    page.locator("[data-act=fine]:visible").dispatch_event("click", second)
    settled(page)
    assert page.inner_text("#check-summary") == "2 places may land hard."
    page.locator("[data-act=fine]:visible").click()
    page.wait_for_function("() => document.querySelectorAll('#report [data-act=unsay]').length === 2")
    tab(page, "Your talks")
    page.wait_for_selector("ul.heeded li")
    page.locator("ul.heeded [data-act=unsay]").first.dblclick()
    page.wait_for_function("() => document.querySelectorAll('ul.heeded li').length === 1")
    page.locator("ul.heeded [data-act=unsay]").dispatch_event("click", second)
    settled(page)
    assert page.locator("ul.heeded li").count() == 1
    emptied(page)


def test_by_keyboard_alone(page: "Page", address: str) -> None:
    begin(page, address)
    page.focus("#draft textarea")
    page.keyboard.type(CLOWN)
    page.wait_for_selector("[data-act=fine]")
    for _ in range(40):
        page.keyboard.press("Tab")
        if here(page).startswith("This is fine between us"):
            break
    assert here(page) == f"This is fine between us: “{CLOWN}”"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.matches('#report [data-act=unsay]')")
    assert here(page) == f"Take it back: “{CLOWN}”"
    told = page.evaluate("() => document.getElementById(document.activeElement.getAttribute('aria-describedby')).innerText")
    assert "is fine between you two, you said" in told
    page.keyboard.press("Space")
    page.wait_for_function("() => document.activeElement.id === 'check-summary'")
    assert here(page) == "One place may land hard."
    assert page.input_value("#draft textarea") == CLOWN
    page.focus("#draft textarea")
    page.keyboard.press("Control+A")
    page.keyboard.type(SUIT)
    page.wait_for_selector("[data-act=stung]")
    page.focus("[data-act=stung]")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.matches('.finding [data-act=unsay]')")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-act=stung]")
    emptied(page)


@pytest.mark.parametrize("page", [DARK], indirect=True, ids=["by phone"])
def test_nothing_bars_anyones_way(page: "Page", address: str) -> None:
    begin(page, address)
    write(page, f"{CLOWN} It is your fault. I miss you. {SUIT}")
    page.locator("[data-act=fine]:visible").click()
    page.wait_for_selector("#report [data-act=unsay]")
    page.locator("details.own summary").click()
    assert barriers_by_night_and_day(page) == []
    page.locator("[data-act=stung]", has_text=SUIT).click()
    page.wait_for_selector(".finding [data-act=unsay]")
    assert barriers_by_night_and_day(page) == []
    assert page.locator(".finding:visible mark").inner_text() == SUIT, "what she has just said is what is shown"
    tab(page, "Your talks")
    page.wait_for_selector("ul.heeded li")
    assert barriers_by_night_and_day(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        settled(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    emptied(page)
