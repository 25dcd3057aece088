"""The page as a visitor meets it: served by a process of its own, opened in a real browser.

`url`    where the page is served; at the end its log must be free of tracebacks, and it must have called nobody
`visit`  opens the page for a new visitor: visit("?__theme=dark", width=390, height=844)
`page`   the page at 1280 x 800, which the tests of a module share in their order, as one visitor would go through it
`phone`  the page at 390 x 844, of one visitor whom all tests share

At their end no page may have reported an error or asked anything of another host.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlparse
from urllib.request import urlopen

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch obeys; two threads that wait for each other crawl
ROOT = Path(__file__).parent.parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
PATIENCE = 180  # seconds for the server to start on a busy machine
SLOW = 120  # seconds for a page to show what is waited for, on one core with two servers that train

# Runs app.py and writes a line for every other machine that it looks up or speaks to.
WATCHED = f"""
import runpy, sys
def watch(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        target = args[1] if event in ("socket.connect", "socket.sendto") else args[0]
        host = target[0] if isinstance(target, tuple) else target
        host = host.decode() if isinstance(host, bytes) else host
        if host not in {(*LOOPBACK, "0.0.0.0", "", None)!r} and not str(host).startswith("/"):
            print("OUTBOUND", event, host, file=sys.stderr, flush=True)
sys.addaudithook(watch)
sys.path.insert(0, ".")
runpy.run_path("app.py", run_name="__main__")
"""


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Pages first: they wait most, and one at the end would keep one process waiting for the other."""
    items.sort(key=lambda item: "url" not in item.fixturenames)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except (URLError, OSError):
        return False


@pytest.fixture(scope="session")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the server has written so far."""
    return tmp_path_factory.mktemp("server") / "log"


@pytest.fixture(scope="session")
def url(server_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serves the page on a free port of loopback."""
    port = free_port()
    here = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path_factory.mktemp("gradio"))}
    with server_log.open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", WATCHED], cwd=ROOT, env={**os.environ, **here}, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        yield wait_for(f"http://127.0.0.1:{port}/", server, server_log)
    finally:
        server.terminate()
        server.wait(20)
    said = server_log.read_text()
    assert "Traceback" not in said, said[-4000:]
    assert "OUTBOUND" not in said, said[-4000:]


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> str:
    """The url, once it answers."""
    end = time.monotonic() + PATIENCE
    while not answers(url):
        if server.poll() is not None or time.monotonic() > end:
            pytest.fail(f"The server did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.2)
    return url


def no_browser(reason: str) -> None:
    """Skips, or fails where a browser was promised."""
    (pytest.fail if os.environ.get("ATELIER_NEED_BROWSER") == "1" else pytest.skip)(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:  # noqa: F821
    """A headless Chromium from the PATH, or the one that playwright has installed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        no_browser("playwright is not installed")
    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, CHROMIUM)), playwright.chromium.executable_path)
        if not Path(found).exists():
            no_browser("no Chromium was found")
        chromium = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield chromium
        chromium.close()


@contextmanager
def visitors(browser: "Browser", url: str) -> Iterator[Callable[..., "Page"]]:  # noqa: F821
    """A function that opens the page for another visitor."""
    contexts, complaints = [], []

    def opened(query: str = "", width: int = 1280, height: int = 800, refusals: bool = False) -> "Page":  # noqa: F821
        """With refusals, the server may refuse what the test sends: Chromium notes each in its console."""

        def complain(said: "ConsoleMessage") -> None:  # noqa: F821
            if said.type == "error" and not (refusals and "status of 500" in said.text):
                complaints.append(said.text)

        contexts.append(browser.new_context(viewport={"width": width, "height": height}))
        contexts[-1].set_default_timeout(1000 * SLOW)
        page = contexts[-1].new_page()
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if is_far(asked.url) else None)
        page.goto(url + query)
        page.wait_for_selector("#house")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture
def visit(browser: "Browser", url: str) -> Iterator[Callable[..., "Page"]]:  # noqa: F821
    with visitors(browser, url) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser: "Browser", url: str) -> Iterator["Page"]:  # noqa: F821
    """One visitor's page: to open it anew for each test would take most of the suite's time."""
    with visitors(browser, url) as opened:
        yield opened()


@pytest.fixture(scope="session")
def phone(browser: "Browser", url: str) -> Iterator["Page"]:  # noqa: F821
    with visitors(browser, url) as opened:
        yield opened(width=390, height=844)


def to_family(page: "Page", name: str) -> "Page":  # noqa: F821
    """Opens the tab of a family."""
    from demo.words import words  # only here: it brings Gradio, which the benches that serve a page need not wait for

    page.get_by_role("tab", name=words(name)["title"], exact=True).click()
    return page


def is_far(url: str) -> bool:
    """Whether a request leaves this machine."""
    parts = urlparse(url)
    return parts.scheme not in ("data", "blob", "about") and parts.hostname not in LOOPBACK


def enter(page: "Page", box: str, value: str) -> None:  # noqa: F821
    """Types a number into a box, again where a fold just opened has put its old value back."""
    for _ in range(5):
        page.fill(box, value)
        page.press(box, "Tab")
        page.wait_for_timeout(300)
        if float(page.input_value(box)) == float(value):
            return
    pytest.fail(f"{box} does not keep {value}")


def opened(page: "Page", room: str, alive: str) -> "Page":  # noqa: F821
    """Opens a room by its title, and waits until there is something to see."""
    page.get_by_role("tab", name=room, exact=True).click()
    page.wait_for_selector(alive)
    return page


def stroke(page: "Page", canvas: str) -> None:  # noqa: F821
    """Draws a line across a canvas with the mouse."""
    page.locator(canvas).evaluate("canvas => canvas.scrollIntoView()")
    box = page.locator(canvas).bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(box["x"] + 60 + 3 * i, box["y"] + 60 + 2 * i)
    page.mouse.up()


def dots(page: "Page", canvas: str) -> str:  # noqa: F821
    """All that is on a canvas."""
    return page.locator(canvas).evaluate("(c) => c.toDataURL()")


def steady(page: "Page", *canvases: str) -> tuple[str, ...]:  # noqa: F821
    """All that is on some canvases, once it no longer changes."""
    return still(page, lambda: tuple(dots(page, canvas) for canvas in canvases))


def still(page: "Page", look: Callable[[], Any], rest: int = 600) -> Any:  # noqa: F821
    """What a look at the page gives, once it is the same after a rest in milliseconds."""
    seen = None
    while (now := look()) != seen:
        seen = now
        page.wait_for_timeout(rest)
    return seen


def until_new(page: "Page", canvas: str, before: str) -> None:  # noqa: F821
    """Waits until the canvas shows another picture."""
    page.wait_for_function("([c, old]) => document.querySelector(c).toDataURL() !== old", arg=[canvas, before])


def before_it_comes(page: "Page", control: str, choice: "Locator", act: Callable[[], None]) -> None:  # noqa: F821
    """Acts after something was chosen and before the page has it from the server, and waits for the answer."""
    own = page.evaluate("(id) => window.gradio_config.components.find((c) => c.props.elem_id === id).id", control)
    held = []

    def hold(asked: "Route") -> None:  # noqa: F821
        first = not held and asked.request.post_data_json["trigger_id"] == own
        held.append(asked) if first else asked.continue_()

    page.route("**/run/predict", hold)
    choice.click()
    with page.expect_response("**/run/predict"):
        act()
    held[0].continue_()
    page.unroute("**/run/predict")


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine comes to, on a thread of its own: playwright's event loop runs on for as long as the browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def laid_out(part: Callable[[], Any]) -> Any:
    """A room, on a page of its own that nobody sees."""
    import gradio as gr  # only here, as in to_family

    async def lay() -> Any:
        with gr.Blocks():
            return part()

    return finish(lay())  # Gradio makes a loop of its own where none runs, and leaves it open


@pytest.fixture
def gpt() -> "GPT":  # noqa: F821
    """A tiny one whose projections are not zero, as after training."""
    import torch  # only here: the benches that serve a page need none of it

    from core.gpt import GPT

    torch.manual_seed(0)
    model = GPT(GPT.Config(vocab=300, **GPT.PRESETS["tiny"])).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.2)
    return model
