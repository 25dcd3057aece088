"""How many pictures a second each drawn collection gives: python -m tests.bench.gallery [--json]"""

import argparse
import json
from statistics import median
from time import perf_counter, process_time

import torch

from core.data.gallery import GALLERY, open_gallery

SIZE, RUNS = 512, 9


def speed(name: str) -> dict[str, float]:
    """Pictures a second of one thread: by its processor time, and by the clock on the wall."""
    gallery, busy, wall = open_gallery(name), [], []
    gallery.draw(torch.arange(SIZE))
    for run in range(1, RUNS + 1):
        seeds = torch.arange(SIZE) + run * SIZE
        before = process_time(), perf_counter()
        gallery.draw(seeds)
        busy.append(process_time() - before[0])
        wall.append(perf_counter() - before[1])
    return {"processor": SIZE / median(busy), "wall": SIZE / median(wall)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    speeds = {name: speed(name) for name in GALLERY}
    if asked.json:
        print(json.dumps({"unit": "pictures/s", "size": SIZE, "runs": RUNS, "collections": speeds}))
        return
    print(f"{'collection':20}{'pictures/s of a core':>22}{'on the wall':>14}   (median of {RUNS}, one thread)")
    for name, rates in speeds.items():
        print(f"{name:20}{rates['processor']:22,.0f}{rates['wall']:14,.0f}")


if __name__ == "__main__":
    main()
