"""What every test stands on: a home of its own, no way to the network, and a browser where one is wanted."""

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Read once when these libraries are imported, so set before any test can import them.
os.environ.update(
    GRADIO_ANALYTICS_ENABLED="False",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HUB_OFFLINE="1",
    NO_PROXY="127.0.0.1,localhost",
    TOKENIZERS_PARALLELISM="false",
    no_proxy="127.0.0.1,localhost",
)
if "PYTEST_XDIST_WORKER" in os.environ:
    # Two runs share the cores: threads that wait for each other by spinning would take them from the other run.
    os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="PASSIVE")

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from running import Address

# Whoever starts the tests in the background, or with nohup, has them ignore these, and so would every app they start.
for each in (signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGINT)):
    if signal.getsignal(each) is signal.SIG_IGN:
        signal.signal(each, signal.default_int_handler if each == signal.SIGINT else signal.SIG_DFL)

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No sandbox, because a container's root may not have one; the rest keeps the browser from calling anyone but this machine.
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
KEPT = ("REHEARSE_BROWSER_REQUIRED",)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let a test in the browser run out of patience once: on a busy computer Chromium may sit still for a minute.

    Tried again is only what waited too long, and the summary counts it; what the page shows wrongly fails at once.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=["TimeoutError"]))


class NetworkRefused(AssertionError):
    """A test tried to reach something other than this machine."""


def _loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection that would leave this machine, and every look-up of a foreign name."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse(host: object) -> None:
        if not _loopback(host):
            raise NetworkRefused(f"a test tried to reach {host!r}; tests may only talk to this machine")

    def guarded(call: Any) -> Any:
        def guard(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                refuse(address[0])
            return call(self, address)

        return guard

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        # A server may look up the wildcard address it was told to listen on.
        if host not in ("0.0.0.0", "::"):
            refuse(host)
        return getaddrinfo(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded(connect))
        patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
        patch.setattr(socket, "getaddrinfo", look_up)
        yield


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is set up once for many tests away from the real data folder too."""
    with pytest.MonkeyPatch.context() as patch:
        _settle(patch, tmp_path_factory.mktemp("nobody") / "home")
        yield


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a data folder of its own (not made yet) and every other setting its default."""
    folder = tmp_path / "home"
    _settle(monkeypatch, folder)
    return folder


def _settle(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in list(os.environ):
        if name.startswith("REHEARSE_") and name not in KEPT:
            patch.delenv(name)
    patch.setenv("REHEARSE_HOME", str(folder))


def _browser_path() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """Return a headless Chromium to open pages in; skip where there is none, fail where one is required."""
    path = _browser_path()
    if path is None:
        reason = f"no browser was found (looked for {', '.join(BROWSERS)})"
        if os.environ.get("REHEARSE_BROWSER_REQUIRED", "") not in ("", "0"):
            pytest.fail(f"{reason}, and REHEARSE_BROWSER_REQUIRED is set", pytrace=False)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=BROWSER_FLAGS)
        yield browser
        browser.close()


# -- the page over the doubles: one app for all tests that look at it, since each start takes seconds ----------------------------


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the app over the doubles lives: its data folder is ``home`` in it."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="session")
def address(chromium: "Browser", place: Path) -> Iterator["Address"]:
    """Return where the app over the doubles is."""
    from running import running_app

    with running_app(place / "home", place / "log.txt", toy=True) as found:
        yield found


@pytest.fixture(scope="session")
def windows(chromium: "Browser", address: "Address") -> Iterator["Callable[..., BrowserContext]"]:
    """Return a window for each look there is: a browser reads the page's scripts once in a window, and not for every tab of it.

    The app leaves nothing in a browser but the key to its door, so tabs of one window share nothing else.
    """
    from running import admitted
    from states import RESTS, WINDOW

    found: dict[str, BrowserContext] = {}

    def window(**given: Any) -> "BrowserContext":
        looks = repr(sorted(given.items()))
        if looks not in found:
            found[looks] = admitted(chromium, address, **{**WINDOW, "accept_downloads": True, **given})
            found[looks].add_init_script(RESTS)
        return found[looks]

    yield window
    for each in found.values():
        each.close()


@pytest.fixture
def page(windows: "Callable[..., BrowserContext]", request: pytest.FixtureRequest) -> Iterator["Page"]:
    """Return a page in a tab of its own, in a window that looks as the parameter says; its console is to stay without errors."""
    from running import console_errors
    from states import PATIENCE

    page = windows(**getattr(request, "param", {})).new_page()
    page.set_default_timeout(PATIENCE)
    said = console_errors(page)
    yield page
    assert said == [], "the browser's console has errors"
    page.close()
