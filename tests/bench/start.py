"""python -m tests.bench.start [--json]: from `python app.py` to the first page, beside a bare Gradio page with torch.

Both are started in turn, several times, each as a process of its own on a free port; the clock stops at the first
answer of 200. The bare page imports torch and gradio and shows one textbox: nothing of this kind can be faster.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

from tests.conftest import ROOT, free_port

BARE = """
import torch
import gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    gr.Textbox()
demo.launch(run_history=False, ssr_mode=False, server_name="127.0.0.1")
"""
OURS = "import runpy; runpy.run_path('app.py', run_name='__main__')"


def seconds(program: str, patience: float = 300) -> float:
    """From the start of a process to its page's first answer; the process is ended afterwards."""
    port = free_port()
    quiet = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    begun = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, env={**os.environ, **quiet}, stdout=subprocess.DEVNULL
    )
    try:
        while time.perf_counter() - begun < patience and server.poll() is None:
            try:
                if urlopen(f"http://127.0.0.1:{port}/", timeout=5).status == 200:
                    return time.perf_counter() - begun
            except (URLError, OSError):
                time.sleep(0.02)
        raise SystemExit("The page did not start.")
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.start", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    seconds(BARE), seconds(OURS)  # the first start reads everything from the disk
    rows: dict[str, list[float]] = {"bare page with torch": [], "Atelier": []}
    for _ in range(options.runs):
        rows["bare page with torch"].append(seconds(BARE))
        rows["Atelier"].append(seconds(OURS))
    ratio = statistics.median(rows["Atelier"]) / statistics.median(rows["bare page with torch"])
    if options.json:
        print(json.dumps({"seconds": rows, "ratio": ratio}))
        return
    for name, values in rows.items():
        print(f"{name:<22} median {statistics.median(values):6.2f} s   {min(values):.2f} to {max(values):.2f}")
    print(f"ratio of the medians {ratio:.2f}")


if __name__ == "__main__":
    main()
