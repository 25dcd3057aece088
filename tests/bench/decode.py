"""How fast the storyteller tells, beside transformers: python -m tests.bench.decode [--json]

One stream, one thread, exact fp32 weights, the shipped shape with random weights; the rivals are a GPT-2 and a Llama of
equal depth, width, heads, vocabulary and number of weights. All sample at one temperature without cuts, and take turns,
so that what else the machine does hits them alike. Measured as the machine is, and with a busy loop beside it.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

from core.decode import Decoder
from core.gpt import GPT
from core.model import noise

PROMPT, LENGTH, RUNS, TEMPERATURE = list(range(8)), 120, 5, 0.8
LONGEST = 600  # seconds after which the busy loop ends, whatever became of us


def storyteller() -> GPT:
    """The shipped shape; a new model's blocks do nothing, so its zero matrices are filled."""
    torch.manual_seed(0)
    gpt = GPT(GPT.Config(vocab=4096)).eval().requires_grad_(False)
    for block in gpt.blocks:
        block.mix.weight.normal_(std=0.02)
        block.down.weight.normal_(std=0.02)
    return gpt


def rivals(gpt: GPT) -> dict[str, Any]:
    """Models of transformers with the storyteller's shape."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    try:
        from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
    except ImportError:
        sys.exit("This bench needs a rival: pip install transformers")
    c, marks = gpt.config, {"bos_token_id": 0, "eos_token_id": None, "pad_token_id": 0, "vocab_size": gpt.config.vocab}
    shape = {"n_positions": c.context, "n_embd": c.width, "n_layer": c.layers, "n_head": c.heads, "n_inner": c.hidden}
    gpt2 = GPT2LMHeadModel(GPT2Config(**shape, **marks))
    shape = {"hidden_size": c.width, "num_hidden_layers": c.layers, "num_attention_heads": c.heads}
    gated = c.hidden * 2 // 3  # three matrices where the others have two
    shape |= {"intermediate_size": gated, "max_position_embeddings": c.context, "tie_word_embeddings": True}
    llama = LlamaForCausalLM(LlamaConfig(**shape, **marks))
    return {"transformers, GPT-2": gpt2.eval(), "transformers, Llama": llama.eval()}


def generate(model: Any, streams: int = 1) -> int:
    """Tokens told by a rival, of one stream or of several in a batch that begin and end together."""
    ids = torch.tensor([PROMPT] * streams)
    told = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        min_new_tokens=LENGTH,
        max_new_tokens=LENGTH,
        do_sample=True,
        temperature=TEMPERATURE,
        top_k=0,
    )
    return streams * (told.shape[1] - len(PROMPT))


def tell(teller: GPT | Decoder) -> int:
    return sum(1 for _ in teller.tell(PROMPT, noise(0), LENGTH, temperature=TEMPERATURE))


def race(runners: dict[str, Callable[[], int]], runs: int = RUNS) -> dict[str, dict[str, float]]:
    """Tokens a second of each, by the clock on the wall and by its own processor time: medians over runs in turn."""
    rates: dict[str, dict[str, list[float]]] = {name: {"wall": [], "processor": []} for name in runners}
    for _ in range(runs):
        for name, run in runners.items():
            wall, busy = time.perf_counter(), time.process_time()
            tokens = run()
            rates[name]["wall"].append(tokens / (time.perf_counter() - wall))
            rates[name]["processor"].append(tokens / (time.process_time() - busy))
    return {name: {clock: round(median(runs), 1) for clock, runs in kinds.items()} for name, kinds in rates.items()}


def spin(until: float) -> None:
    while time.time() < until:
        pass


@contextmanager
def company() -> Iterator[None]:
    """Another process that keeps a core busy."""
    other = multiprocessing.get_context("spawn").Process(target=spin, args=(time.time() + LONGEST,), daemon=True)
    other.start()
    try:
        yield
    finally:
        other.kill()
        other.join()


def bench() -> dict[str, Any]:
    torch.set_num_threads(1)
    gpt = storyteller()
    decoder = Decoder(gpt)
    runners: dict[str, Callable[[], int]] = {"Decoder.tell": lambda: tell(decoder), "GPT.tell": lambda: tell(gpt)}
    runners |= {name: (lambda model=model: generate(model)) for name, model in rivals(gpt).items()}
    for run in runners.values():
        run()
    found: dict[str, Any] = {"unit": "tokens/s", "tokens": LENGTH, "runs": RUNS, "load": os.getloadavg()[0]}
    found["as it is"] = race(runners)
    with company():
        found["one core busy"] = race(runners)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    asked = parser.parse_args()
    found = bench()
    if asked.json:
        print(json.dumps(found))
        return
    print(f"tokens/s, one stream, one thread, median of {RUNS} x {LENGTH} tokens; load before: {found['load']:.1f}")
    for state in ("as it is", "one core busy"):
        ours = found[state]["Decoder.tell"]
        print(f"\n{state:24}{'wall':>8}{'processor':>11}   Decoder is so many times as fast (wall, processor)")
        for name, rate in found[state].items():
            times = f"{ours['wall'] / rate['wall']:8.2f}{ours['processor'] / rate['processor']:8.2f}"
            print(f"{name:24}{rate['wall']:8.1f}{rate['processor']:11.1f}   {times}")


if __name__ == "__main__":
    main()
