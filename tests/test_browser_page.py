"""The page as a whole in a real browser, over the doubles: every state of it, for everybody."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from running import running_app
from states import DARK, DRAFT, STATES, WIDTHS, barriers, barriers_by_night_and_day, begin, findings, send, settled, tab

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

# The names of the views stand in one row, the one that is shown in sight; and no table has to be drawn to the side.
CUT_OFF = """() => {
  const [row, shown] = ['.tab-container', '.tab-container .selected'].map(name => document.querySelector('#views ' + name));
  const [around, inside] = [row, shown].map(each => each.getBoundingClientRect());
  const seen = around.left <= inside.left && inside.right <= around.right;
  const tops = new Set([...row.children].map(each => each.offsetTop));
  const tables = [...document.querySelectorAll('.scroll')].filter(each => each.scrollWidth > each.clientWidth);
  return [...(seen && tops.size === 1 ? [] : [row.innerText]), ...tables.map(each => each.innerText)];
}"""


@pytest.mark.parametrize("page", [DARK], indirect=True, ids=["by phone"])
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_nothing_bars_anyones_way(page: "Page", address: str, state: Callable[["Page", str], None]) -> None:
    state(page, address)
    assert barriers_by_night_and_day(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        settled(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, f"{state.__name__} sticks out at {width}"
        assert page.evaluate(CUT_OFF) == [], f"{state.__name__} at {width}"


# -- for everybody ------------------------------------------------------------------------------------------------------------


def test_at_twice_the_size_nothing_is_lost(page: "Page", address: str) -> None:
    # 200 % zoom of a window of 1280 pixels leaves 640 of them.
    page.set_viewport_size({"width": 640, "height": 450})
    findings(page, address)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 640
    assert page.locator("#send").is_visible()


@pytest.mark.parametrize("page", [{"reduced_motion": "reduce"}], indirect=True)
def test_nothing_moves_for_those_who_want_that(page: "Page", address: str) -> None:
    findings(page, address)
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(each => {
          const style = getComputedStyle(each);
          const animated = style.animationName !== 'none' && parseFloat(style.animationDuration) > 0;
          return animated || parseFloat(style.transitionDuration) > 0;
        }).map(each => each.className)"""
    )
    assert moving == []


def test_the_language_is_named_and_every_control_has_a_name(page: "Page", address: str) -> None:
    findings(page, address)
    assert page.evaluate("() => document.documentElement.lang") == "en"
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, textarea, a')].filter(each => each.offsetParent
          && !each.textContent.trim() && !each.ariaLabel && !(each.labels && each.labels.length))
          .map(each => each.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []


def test_her_lines_and_his_differ_without_colour(page: "Page", address: str) -> None:
    begin(page, address)
    send(page, "Hello.")
    looks = page.evaluate(
        """() => ['mother', 'son'].map(who => { const turn = document.querySelector('li.turn.' + who);
          return {who: turn.querySelector('.who').innerText, font: getComputedStyle(turn.querySelector('.line')).fontFamily,
                  left: turn.getBoundingClientRect().left}; })"""
    )
    assert [each["who"] for each in looks] == ["You", "Jamal"]
    assert looks[0]["font"] != looks[1]["font"]
    assert looks[0]["left"] > looks[1]["left"]
    assert re.search("serif", looks[1]["font"])


def test_the_page_in_spanish(page: "Page", place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSE_LANGUAGE", "es")
    with running_app(place / "otra", place / "registro.txt", toy=True, wait=300) as address:
        page.goto(address.open)
        page.locator("#scenarios .card").first.click()
        page.wait_for_selector("dl.told")
        assert page.evaluate("() => document.documentElement.lang") == "es"
        assert page.inner_text("#begin") == "Empezar la charla"
        assert "están en inglés" in page.inner_text("body")
        page.click("#begin")
        page.wait_for_selector(DRAFT)
        settled(page)
        send(page, "I miss our talks.")
        assert page.locator("li.turn .line").first.get_attribute("lang") == "en"
        page.click("#step-out")
        page.wait_for_selector(".outside")
        assert "Jamal está callado" in page.inner_text(".outside") and "Teléfonos de ayuda en Irlanda" in page.inner_text(
            ".outside"
        )
        assert barriers(page) == []
        page.click("#end-talk")
        page.wait_for_selector(".lookback svg")
        assert "terminó la charla" in page.inner_text(".lookback") and "dicho en inglés" in page.inner_text(".lookback")
        tab(page, "Your talks")
        page.locator("#import input[type=file], input[type=file]").first.set_input_files(
            {"name": "a.json", "mimeType": "application/json", "buffer": b"{}"}
        )
        page.wait_for_selector("#shelf-note .error")
        assert "El archivo no es la copia de una charla." in page.inner_text("#shelf-note")
        assert barriers(page) == []
        page.goto("about:blank")


def test_every_state_has_its_picture() -> None:
    folder = Path(__file__).resolve().parent.parent / "docs" / "screens"
    assert {path.stem for path in folder.glob("*.png")} >= {state.__name__ for state in STATES}
