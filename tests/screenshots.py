"""Take the pictures of docs/ again: ``make screenshots``. The app is the real one, with the real models."""

import shutil
import sys
import tempfile
from pathlib import Path

from conftest import BROWSER_FLAGS, BROWSERS
from running import ROOT, running_app

PICTURES = (("screenshot.png", 1200, "light"), ("screenshot-phone.png", 390, "dark"))
FIRST = "I tried your number on Sunday. How was your week?"
DRAFT = "You never call me anymore. I miss our talks."


def main() -> int:
    """Play the same short talk at two widths and take its picture."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        sys.stderr.write(f"No browser was found (looked for {', '.join(BROWSERS)}).\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with running_app(place / "home", place / "log.txt") as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
            for name, width, colours in PICTURES:
                page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=colours).new_page()
                page.set_default_timeout(120_000)
                page.goto(address)
                page.wait_for_selector(".status.ready")
                page.locator("#scenarios label").first.click()
                page.click("#begin")
                page.wait_for_selector("#draft textarea")
                page.fill("#draft textarea", FIRST)
                page.wait_for_selector(".report")
                page.click("#send")
                page.wait_for_selector("li.turn.son:not(.typing) .acts")
                page.fill("#draft textarea", DRAFT)
                page.wait_for_selector(".finding")
                page.wait_for_timeout(300)
                page.screenshot(path=ROOT / "docs" / name, full_page=True)
                sys.stdout.write(f"docs/{name}\n")
            browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
