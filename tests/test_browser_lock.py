"""The passphrase in a browser with a profile of its own: set, changed, asked for, forgotten; and that it is in no file."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import BROWSER_FLAGS, _browser_path
from rehearse.scenario import Scenario
from rehearse.transcripts import Transcripts
from rehearse.turn import Openness, Turn
from running import Address, running_app
from test_browser_page import PATIENCE, WIDTHS, barriers, tab
from test_traces import MARKER, search, told_to_the_system
from test_transcripts_delete import traces

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PASSPHRASE, ANOTHER, WRONG = (f"{MARKER} {words}" for words in ("has no link", "& an umbrella", "is wrong"))
WORDS = "A marmalade jar."
STORED = """async () => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, document.title,
  await indexedDB.databases(), await caches.keys()])"""

Started = Callable[[], "Iterator[tuple[Address, Page]]"]


@pytest.fixture
def started(chromium: "Browser", tmp_path: Path) -> Started:
    """Return what starts the app and opens a window on it, each time in the same home and the same profile."""
    surroundings = {"TMPDIR": "temp", "XDG_CACHE_HOME": "cache", "HF_HOME": "cache", "HOME": "user"}
    for name in (*surroundings.values(), "profile"):
        (tmp_path / name).mkdir(exist_ok=True)
    settled = {name: str(tmp_path / folder) for name, folder in surroundings.items()}
    count = iter(range(9))

    @contextmanager
    def start() -> "Iterator[tuple[Address, Page]]":
        with running_app(tmp_path / "home", tmp_path / f"log-{next(count)}.txt", toy=True, **settled) as address:
            own: BrowserContext = chromium.browser_type.launch_persistent_context(
                str(tmp_path / "profile"), executable_path=_browser_path(), headless=True, args=BROWSER_FLAGS
            )
            name, _, value = address.cookie.partition("=")
            own.add_cookies([{"name": name, "value": value, "url": str(address), "httpOnly": True, "sameSite": "Strict"}])
            page = own.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(str(address))
            yield address, page
            assert MARKER.encode() not in told_to_the_system(address.pid)
            assert MARKER not in page.evaluate(STORED)
            own.close()
        assert search(tmp_path) == [], "the passphrase is in a file"
        assert (tmp_path / "outside.txt").read_text(encoding="utf-8") == ""

    return start


def looked_at(page: "Page") -> None:
    assert barriers(page) == []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 850})
        page.wait_for_timeout(150)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def focused(page: "Page", inside: str) -> None:
    page.wait_for_function("inside => document.activeElement.closest(inside) !== null", arg=inside)


def typed(page: "Page", *words: str) -> None:
    """Fill the fields one after another, and send, with the keyboard alone."""
    for number, each in enumerate(words):
        if number:
            page.keyboard.press("Tab")
        page.keyboard.type(each)
    page.keyboard.press("Enter")


def pressed(page: "Page", name: str) -> None:
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")


def test_the_passphrase(started: Started, tmp_path: Path) -> None:
    with Transcripts(tmp_path / "home" / "rehearsals.db", passphrase=PASSPHRASE) as store:
        talk = store.create(Scenario.load("missed-calls"), WORDS)
        store.append(talk.id, Turn("mother", WORDS, Openness.WARY))
    with started() as (address, page):
        opened_with_the_right_one(address, page)
        changed_taken_away_and_set(page, tmp_path / "home")
    with started() as (address, page):
        forgotten(address, page, tmp_path / "home")
    assert traces(tmp_path / "home", WORDS) == 0


def opened_with_the_right_one(address: Address, page: "Page") -> None:
    page.wait_for_selector("h2 >> text=Your talks are locked")
    focused(page, "#passphrase")
    looked_at(page)
    assert page.request.get(f"{address}/config").status == 404
    for _ in range(2):
        typed(page, WRONG)
        page.wait_for_selector("[role=alert] >> text=This passphrase does not open your talks.")
        focused(page, "#passphrase")
        assert page.input_value("#passphrase") == "" and page.url == f"{address}/"
        assert barriers(page) == []
        page.reload()
        assert page.locator("[role=alert]").count() == 0
    page.get_by_role("link", name="I have forgotten it").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("h2 >> text=Begin with an empty shelf?")
    pressed(page, "Set them aside and begin anew")
    assert page.url.endswith("/forgotten"), "it goes on without her word"
    page.get_by_role("link", name="No, I will try again").focus()
    page.keyboard.press("Enter")
    focused(page, "#passphrase")
    typed(page, PASSPHRASE)
    page.wait_for_selector("#scenarios .card")


def changed_taken_away_and_set(page: "Page", home: Path) -> None:
    tab(page, "Your talks")
    page.wait_for_selector(f"ul.shelf >> text={WORDS}")
    pressed(page, "Change it")
    focused(page, "#lock-old")
    typed(page, WRONG, ANOTHER, ANOTHER)
    page.wait_for_selector("#lock-problem >> text=That is not the passphrase your talks have now")
    focused(page, "#lock-old")
    assert {each.input_value() for each in page.locator("#lock input").all()} == {""}
    assert barriers(page) == []
    typed(page, PASSPHRASE, ANOTHER, ANOTHER)
    page.wait_for_selector("#lock-note >> text=The new passphrase is set.")
    focused(page, "#lock-note")
    pressed(page, "Take it away")
    focused(page, "#lock-old")
    typed(page, ANOTHER)
    page.wait_for_selector("#lock-note >> text=The passphrase is taken away.")
    assert traces(home, WORDS) > 0
    pressed(page, "Set a passphrase")
    focused(page, "#lock-new")
    assert "Nobody can bring a forgotten passphrase back" in page.inner_text("#lock-what")
    assert page.locator("#lock input[type=password]:visible").count() == 2
    looked_at(page)
    typed(page, PASSPHRASE, WRONG)
    page.wait_for_selector("#lock-problem >> text=The two were not the same")
    focused(page, "#lock-new")
    typed(page, PASSPHRASE, PASSPHRASE)
    page.wait_for_selector("#lock-note >> text=Your talks are locked.")
    assert traces(home, WORDS) == 0
    assert MARKER not in page.content()


def forgotten(address: Address, page: "Page", home: Path) -> None:
    page.goto(f"{address}/forgotten")
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    looked_at(page)
    pressed(page, "Set them aside and begin anew")
    page.wait_for_selector("h2 >> text=Your earlier talks are set aside")
    (aside,) = (home / "backups").glob("*-locked.db")
    assert str(aside) in page.inner_text("main")
    assert barriers(page) == []
    page.get_by_role("link", name="Go on to an empty shelf").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#scenarios .card")
    tab(page, "Your talks")
    page.wait_for_selector("#shelf >> text=No talk is kept here yet.")
    page.wait_for_selector("#lock-told >> text=Your talks have no passphrase")
