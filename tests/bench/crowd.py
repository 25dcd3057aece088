"""How fast a crowd of stories is told, beside transformers: python -m tests.bench.crowd [--runs 5] [--json]

One thread, exact fp32 weights, the shipped shape with random weights; the rivals of tests/bench/decode tell the same
streams one after another, and once all as one batch, which must begin and end together. All sample at one temperature
without cuts, and take turns, so that what else the machine does hits them alike. The streams of the crowd join one by
one with dice of their own and leave when they are told; the crowd itself, as on a page, is there all day.
Last, whether 8-bit weights would pay here for one stream: the products of one token.
"""

import argparse
import json
import os
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import torch

from core.crowd import Crowd
from core.decode import Decoder
from core.model import noise
from tests.bench.decode import LENGTH, PROMPT, RUNS, TEMPERATURE, generate, race, rivals, storyteller

STREAMS, OFTEN = (1, 4, 30), 200  # streams told together; how often a product is measured


def tell(crowd: Crowd, streams: int) -> int:
    """Tokens told until every stream has its length."""
    here = [crowd.join(PROMPT, noise(i), temperature=TEMPERATURE) for i in range(streams)]
    while here:
        crowd.advance(here)
        for stream in [stream for stream in here if len(stream.ids) == len(PROMPT) + LENGTH]:
            crowd.leave(stream)
            here.remove(stream)
    return streams * LENGTH


def bench(runs: int) -> dict[str, Any]:
    torch.set_num_threads(1)
    decoder, found = Decoder(storyteller()), {"unit": "tokens/s", "tokens": LENGTH, "runs": runs}
    crowd = Crowd(decoder, STREAMS[-1])
    found["load"] = os.getloadavg()[0]
    runners: dict[str, Callable[[], int]] = {f"Crowd, {n}": lambda n=n: tell(crowd, n) for n in STREAMS}
    for name, model in rivals(decoder.gpt).items():
        runners[f"{name}, one after another"] = lambda model=model: generate(model)
        runners[f"{name}, {STREAMS[-1]} as one batch"] = lambda model=model: generate(model, STREAMS[-1])
    race(dict([*runners.items()][:1]), 1)
    return {**found, "products": products(decoder), "rates": race(runners, runs)}


@torch.inference_mode()
def products(decoder: Decoder) -> dict[str, float]:
    """Milliseconds that the products of one token take, with the weights as they are and with a byte a weight."""
    weights = [*(w for layer in decoder.layers for w in layer), decoder.out]
    packed = [eight_bits(w) for w in weights]
    rows = [torch.randn(1, w.shape[1], generator=noise(0)) for w in weights]
    halves = [row.bfloat16() for row in rows]
    ways: dict[str, Callable[[], Any]] = {
        "fp32": lambda: [torch.mv(w, row[0]) for w, row in zip(weights, rows)],
        "8 bits, bf16 activations": lambda: [
            torch._weight_int8pack_mm(row, q, unit) for (q, unit), row in zip(packed, halves)
        ],
        "8 bits, fp32 activations": lambda: [
            torch._weight_int8pack_mm(row, q, unit.float()) for (q, unit), row in zip(packed, rows)
        ],
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(OFTEN):
        for name, way in ways.items():
            begun = perf_counter()
            way()
            times[name].append(1000 * (perf_counter() - begun))
    return {name: round(median(runs), 3) for name, runs in times.items()}


def eight_bits(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(O, I) -> the same in 255 levels a row, and what a level is worth (O,)."""
    unit = weight.abs().amax(1).clamp(min=1e-12) / 127
    return (weight / unit[:, None]).round().to(torch.int8).contiguous(), unit.bfloat16()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=RUNS, help="of which the median is taken")
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    asked = parser.parse_args()
    found = bench(asked.runs)
    if asked.json:
        print(json.dumps(found))
        return
    ours = found["rates"][f"Crowd, {STREAMS[-1]}"]
    print(f"tokens/s in all, one thread, median of {asked.runs} x {LENGTH} tokens a stream")
    print(f"load before: {found['load']:.1f}")
    print(f"\n{'':40}{'wall':>8}{'processor':>11}   so many times as fast are {STREAMS[-1]} together")
    for name, rate in found["rates"].items():
        times = f"{ours['wall'] / rate['wall']:8.2f}{ours['processor'] / rate['processor']:8.2f}"
        print(f"{name:40}{rate['wall']:8.1f}{rate['processor']:11.1f}   {times}")
    print("\nall products of one token, ms: " + ", ".join(f"{name} {ms}" for name, ms in found["products"].items()))


if __name__ == "__main__":
    main()
