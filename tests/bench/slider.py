"""How soon a moved slider shows a new picture: python -m tests.bench.slider [--delay 200] [--json]

Chromium on loopback, from the slider's event to the frame that shows the picture. The rival is a bare Gradio page: a
gr.Slider for each latent and a gr.Image, both as they come, with the same model behind them. They take turns, so that
what else the machine does hits them alike; every move waits for its picture.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.conftest import CHROMIUM, QUIET, ROOT, answers, free_port

MOVES, WARM, TURN = 120, 5, 20  # moves counted, moves before, moves at a time
PATIENCE = 120  # seconds for a page to be served

OURS = "import runpy; runpy.run_path('app.py', run_name='__main__')"
RIVAL = """
import gradio as gr, torch
from core.checkpoint import load, names
model = load(sorted(names("vae"))[0]).model
@torch.inference_mode()
def paint(*numbers):
    code = torch.zeros(1, len(numbers))
    code[0, model.order] = torch.tensor(numbers, dtype=torch.float)  # the most telling first, as with us
    x = model.decode(code)[0]
    return ((x + 1) * 127.5).byte().permute(1, 2, 0).squeeze().numpy()
with gr.Blocks() as page:
    sliders = [gr.Slider(-3, 3, 0, step=0.05, label=str(i)) for i in range(model.config.latent)]
    image = gr.Image(paint(*[0.0] * len(sliders)), elem_id="image")
    gr.on([slider.input for slider in sliders], paint, sliders, image)
page.launch()
"""

# Moves a slider, looks before every frame whether the picture is another, and returns when that frame is painted.
MOVE = """([slider, value, shown, attribute]) => new Promise((done, fail) => {
    const range = document.querySelector(slider), of = () => document.querySelector(shown);
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
    const before = of().getAttribute(attribute), start = performance.now();
    const look = async () => {
        if (performance.now() - start > 20000) return fail(new Error(`no picture came at ${shown}`));
        if (of()?.getAttribute(attribute) === before || of()?.complete === false) return requestAnimationFrame(look);
        setTimeout(() => done(performance.now() - start));
    };
    set.call(range, value);
    range.dispatchEvent(new Event('input', { bubbles: true }));
    requestAnimationFrame(look);
})"""


@contextmanager
def served(program: str) -> Iterator[str]:
    """A page served by a process of its own."""
    port = free_port()
    with TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        here = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": folder, "GRADIO_ANALYTICS_ENABLED": "False"}
        server = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **here}, stdout=log, stderr=log
        )
        try:
            url, end = f"http://127.0.0.1:{port}/", monotonic() + PATIENCE
            while not answers(url):
                if server.poll() is not None or monotonic() > end:
                    raise SystemExit((Path(folder) / "log").read_text())
                sleep(0.2)
            yield url
        finally:
            server.terminate()
            server.wait(20)


def open_ours(page: Page, url: str) -> tuple[str, str, str]:
    """Selectors of a slider and of the picture, and the attribute that changes with it."""
    page.goto(url)
    page.get_by_role("tab", name="Sketch and Redraw", exact=True).click()
    page.wait_for_selector("#vae-sketch-mixer .again canvas[data-n]")
    return "#vae-sketch-mixer .first input", "#vae-sketch-mixer .again canvas", "data-n"


def open_rival(page: Page, url: str) -> tuple[str, str, str]:
    page.goto(url)
    page.wait_for_selector("#image img")
    return "input[type=range]", "#image img", "src"


def moved(page: Page, where: tuple[str, str, str], first: int, count: int) -> list[float]:
    """Milliseconds of each of `count` moves to places that differ from one to the next."""
    slider, shown, attribute = where
    places = [round(-2.9 + 0.35 * ((7 * i) % 17), 2) for i in range(first, first + count)]
    return [page.evaluate(MOVE, [slider, str(place), shown, attribute]) for place in places]


def run(delay: float) -> dict[str, list[float]]:
    """Milliseconds of all moves, by page; every answer of the server comes `delay` milliseconds later than it would."""
    with ExitStack() as stack:
        urls = {"ours": stack.enter_context(served(OURS)), "rival": stack.enter_context(served(RIVAL))}
        playwright = stack.enter_context(sync_playwright())
        found = next(filter(None, map(shutil.which, CHROMIUM)), playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        pages = {name: browser.new_page() for name in urls}
        ready = {"ours": open_ours, "rival": open_rival}
        where = {name: ready[name](page, urls[name]) for name, page in pages.items()}
        pages["ours"].wait_for_selector("#vae-sketch-mixer [data-ahead]")
        sleep(3)  # what the pages do at first is over
        for page in pages.values():
            slow = {"offline": False, "latency": delay, "downloadThroughput": -1, "uploadThroughput": -1}
            page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
        times: dict[str, list[float]] = {name: [] for name in pages}
        for name, page in pages.items():
            moved(page, where[name], 1000, WARM)
        for first in range(0, MOVES, TURN):
            for name, page in pages.items():
                page.bring_to_front()
                times[name] += moved(page, where[name], first, TURN)
        browser.close()
    return times


def summary(times: list[float]) -> dict[str, Any]:
    return {"p50": round(median(times), 1), "p95": round(quantiles(times, n=20)[-1], 1), "n": len(times)}


def told(about: str, run: Callable[[float], dict[str, list[float]]], title: str, what: str) -> None:
    """The command line of a bench of milliseconds: its table, or one object."""
    parser = argparse.ArgumentParser(description=about.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds by which the network is made slower")
    asked = parser.parse_args()
    found = {name: summary(times) for name, times in run(asked.delay).items()}
    load = round(os.getloadavg()[0], 1)
    if asked.json:
        print(json.dumps({"unit": "ms", "load": load, **found}))
        return
    print(f"{title} (ms), network {asked.delay:g} ms slower; load average {load}")
    for name, row in found.items():
        print(f"{name:30} p50 {row['p50']:6.1f}   p95 {row['p95']:6.1f}   ({row['n']} {what})")


if __name__ == "__main__":
    told(__doc__ or "", run, "slider to new picture on screen", "moves")
