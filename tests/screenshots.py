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
from running import ROOT, admitted, running_app
from test_browser_page import STATES, debrief, findings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

DOCS = ROOT / "docs"
STATES_OVER_DOUBLES = [
    *((DOCS / "screens" / f"{state.__name__}.png", state, 1200, "light") for state in STATES),
    (DOCS / "screens" / "findings-768.png", findings, 768, "light"),
    (DOCS / "screens" / "debrief-dark.png", debrief, 390, "dark"),
]
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
        for toy, pictures in ((True, STATES_OVER_DOUBLES), (False, REAL)):
            chosen = [each for each in pictures if not wanted or each[0].stem in wanted]
            if chosen:
                _take(browser, chosen, toy=toy)
        browser.close()
    return 0


def _take(browser: "Browser", pictures: list[tuple[Path, Callable[["Page", str], None], int, str]], *, toy: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with running_app(place / "home", place / "log.txt", wait=300, toy=toy) as address:
            for picture, state, width, colours in pictures:
                context = admitted(browser, address, viewport={"width": width, "height": 900}, color_scheme=colours)
                page = context.new_page()
                page.set_default_timeout(900_000)
                page.goto(address)
                page.wait_for_selector(".status.ready")
                state(page, address)
                page.wait_for_selector(".status.ready")
                page.wait_for_timeout(800)
                page.screenshot(path=picture, full_page=True)
                context.close()
                sys.stdout.write(f"{picture.relative_to(ROOT)}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
