"""Take the pictures of docs/ again: ``make screenshots``.

Every state of the page is taken over the doubles, so that the pictures come out alike each time and quickly; those that
the README shows are of the real app, with the real models. Names given on the command line choose some of them.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import BROWSER_FLAGS, BROWSERS
from rehearse.transcripts import Transcripts
from running import ROOT, admitted, running_app
from states import STATES, debrief, findings, patient, send, settled, tab, told

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DOCS = ROOT / "docs"


def unkept(page: "Page", address: str) -> None:
    """Bring the page to a talk that leaves no trace."""
    told(page, address)
    page.get_by_label("Leave no trace of this talk").check()
    page.click("#begin")
    page.wait_for_selector(".unkept")
    settled(page)
    send(page, "I miss our talks.")


def parting(page: "Page", address: str) -> None:
    """Bring the page to the end of such a talk."""
    unkept(page, address)
    page.click("#end-talk")
    page.wait_for_selector(".parting")


def passphrase(page: "Page", address: str) -> None:
    """Bring the page to where a passphrase is set."""
    tab(page, "Your talks")
    page.get_by_role("button", name="Set a passphrase").click()
    page.wait_for_selector("#lock-new input")


def unlock(page: "Page", address: str) -> None:
    """Leave the page as it is: the lobby of locked talks."""
    page.wait_for_selector("#passphrase")


STATES_OVER_DOUBLES = [
    *((DOCS / "screens" / f"{state.__name__}.png", state, 1200, "light") for state in (*STATES, unkept, parting, passphrase)),
    (DOCS / "screens" / "findings-768.png", findings, 768, "light"),
    (DOCS / "screens" / "debrief-dark.png", debrief, 390, "dark"),
]
OVER_LOCKED = [(DOCS / "screens" / "unlock.png", unlock, 1200, "light")]
REAL = [
    (DOCS / "screenshot.png", findings, 1440, "light"),
    (DOCS / "screenshot-phone.png", findings, 390, "dark"),
]


def main() -> int:
    """Bring the page into each of its states and take its picture."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        sys.stderr.write(f"No browser was found (looked for {', '.join(BROWSERS)}).\n")
        return 1
    wanted = set(sys.argv[1:])
    (DOCS / "screens").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        for toy, locked, pictures in ((True, False, STATES_OVER_DOUBLES), (True, True, OVER_LOCKED), (False, False, REAL)):
            chosen = [each for each in pictures if not wanted or each[0].stem in wanted]
            if chosen:
                _take(browser, chosen, toy=toy, locked=locked)
        browser.close()
    return 0


Pictures = list[tuple[Path, Callable[["Page", str], None], int, str]]


def _take(browser: "Browser", pictures: Pictures, *, toy: bool, locked: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if locked:
            Transcripts(place / "home" / "rehearsals.db", passphrase="four words no link").close()
        with running_app(place / "home", place / "log.txt", wait=300, toy=toy) as address:
            for picture, state, width, colours in pictures:
                context = admitted(browser, address, viewport={"width": width, "height": 900}, color_scheme=colours)
                page = patient(context)
                page.set_default_timeout(900_000)
                page.goto(address)
                ready = "main h1" if locked else ".status.ready"
                page.wait_for_selector(ready)
                state(page, address)
                page.wait_for_selector(ready)
                settled(page)
                page.screenshot(path=picture, full_page=True)
                context.close()
                sys.stdout.write(f"{picture.relative_to(ROOT)}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
