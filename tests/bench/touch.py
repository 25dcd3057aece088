"""How soon the page answers a pen and a pointer: python -m tests.bench.touch [--delay 200] [--json]

Chromium on loopback, from the pointer's event to the frame that shows the answer: a stroke on the pad and its redraw by
the model, and a move over the map and the picture under the pointer. Each waits for the one before. The floor is the
next frame after an event that changes nothing.
"""

import shutil
from contextlib import ExitStack
from time import sleep

from playwright.sync_api import Page, sync_playwright

from tests.bench.slider import OURS, served, told
from tests.conftest import CHROMIUM, QUIET

TOUCHES, WARM = 100, 5

# Sends pointer events to a place of a canvas, and returns when the frame is painted in which a counter has moved on.
TOUCH = """([target, kinds, x, y, shown]) => new Promise((done, fail) => {
    const canvas = document.querySelector(target), box = canvas.getBoundingClientRect(), start = performance.now();
    const count = () => shown ? document.querySelector(shown).dataset.n : performance.now();
    const before = count();
    const look = () => {
        if (performance.now() - start > 20000) return fail(new Error(`nothing came at ${shown}`));
        if (count() === before) return requestAnimationFrame(look);
        setTimeout(() => done(performance.now() - start));
    };
    for (const kind of kinds) canvas.dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerId: 1, button: 0,
        isPrimary: true, pointerType: 'pen', clientX: box.left + x * box.width, clientY: box.top + y * box.height }));
    requestAnimationFrame(look);
})"""
PAD, REDRAW = "#vae-sketch-pad canvas", "#vae-sketch-mixer .again canvas"
MAP, UNDER = "#vae-map-view .over", "#vae-map-view .here canvas"
MOVE = ["pointermove"]


def places(count: int) -> list[tuple[float, float]]:
    """Points that differ from one to the next, away from the edges."""
    return [(0.15 + 0.7 * ((7 * i) % 17) / 16, 0.15 + 0.7 * ((5 * i) % 13) / 12) for i in range(count)]


def stroked(page: Page) -> list[float]:
    """Milliseconds from each move of a pen that is down to the redraw of what it has drawn so far."""
    page.evaluate("HTMLCanvasElement.prototype.setPointerCapture = () => {}")  # there is no such pointer to capture
    page.evaluate(TOUCH, [PAD, ["pointerdown"], 0.5, 0.5, ""])
    return [page.evaluate(TOUCH, [PAD, MOVE, x, y, REDRAW]) for x, y in places(WARM + TOUCHES)][WARM:]


def hovered(page: Page) -> list[float]:
    """Milliseconds from each move over the map to the picture of that place."""
    return [page.evaluate(TOUCH, [MAP, MOVE, x, y, UNDER]) for x, y in places(WARM + TOUCHES)][WARM:]


def run(delay: float) -> dict[str, list[float]]:
    """Milliseconds of all touches; every answer of the server comes `delay` milliseconds later than it would."""
    with ExitStack() as stack:
        url = stack.enter_context(served(OURS))
        playwright = stack.enter_context(sync_playwright())
        found = next(filter(None, map(shutil.which, CHROMIUM)), playwright.chromium.executable_path)
        page = playwright.chromium.launch(executable_path=found, args=QUIET).new_page()
        page.goto(url)
        page.get_by_role("tab", name="Sketch and Redraw", exact=True).click()
        page.wait_for_selector(f"{REDRAW}[data-n]")
        sleep(4)  # what the page does at first is over
        slow = {"offline": False, "latency": delay, "downloadThroughput": -1, "uploadThroughput": -1}
        page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
        times = {"stroke to redraw": stroked(page)}
        page.get_by_role("tab", name="Map", exact=True).click()
        page.wait_for_selector("#vae-map-view .chart[data-map]", timeout=120_000)
        sleep(2)
        times["map, under the pointer"] = hovered(page)
        times["an event that changes nothing"] = [
            page.evaluate(TOUCH, [MAP, ["pointerenter"], x, y, ""]) for x, y in places(TOUCHES)
        ]
    return times


if __name__ == "__main__":
    told(__doc__ or "", run, "from a touch to its answer on screen", "touches")
