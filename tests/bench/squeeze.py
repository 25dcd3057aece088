"""python -m tests.bench.squeeze [--seconds 200]: how far off redraws are at so many latents, and what their codes cost.

Our medium VAE without a dial learns a collection for so many seconds of CPU, its rate falling to 0 over the last four
tenths of them. Told are the squared error per pixel of unseen pictures redrawn from their mean codes (brightness in
0..1), the same beside PCA with as many numbers (fitted to 10,000 training pictures), and always the rate, in bits: at
beta 0 it is no cost that was minded, and grows as it likes.
"""

import argparse
import itertools
import json
import statistics
from pathlib import Path

import torch

from core.data import open_collection
from core.families import build
from core.measure import measure
from core.model import seeded
from core.train import Plan, Trainer
from tests.bench.timed import learn

DECAY = 0.4


def redrawn(name: str, latent: int, beta: float, seed: int, options: argparse.Namespace) -> dict[str, float]:
    """One model, learnt and measured."""
    data, rule = (
        open_collection(name),
        {"latent": latent, "beta": beta, "likelihood": options.likelihood, "hidden_layers": options.hidden_layers},
    )
    with seeded(seed):
        vae = build("vae", options.size, data.facts(), rule)
    plan = Plan("vae", name, options.size, seed, lr=options.lr, batch=options.batch, options=rule)
    keep = (
        options.keep
        and options.keep / f"{name}-{latent}-{beta:g}-{options.hidden_layers}-{options.seconds:g}s-{seed}.pt"
    )
    trainer = Trainer(plan, vae, data)
    for group in (group for optimizer in trainer.optimizers for group in optimizer.param_groups):
        group["weight_decay"] = options.weight_decay or group["weight_decay"]
    seen = learn(trainer, options.seconds, DECAY, keep)
    numbers = measure(vae.eval(), data)
    error, rate = numbers["error"], numbers["rate"]
    pca = error.yardsticks[f"PCA with {latent} numbers"]
    return {"error": error.value, "pca": pca, "of pca": error.value / pca, "bits": rate.value, "seen": seen}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.squeeze", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--data", nargs="+", default=["digits", "fashion"])
    parser.add_argument("--latents", nargs="+", type=int, default=[2, 8, 16, 32])
    parser.add_argument("--betas", nargs="+", type=float, default=[0.0, 1.0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=200, help="of CPU time, for each model")
    parser.add_argument("--size", default="medium")
    parser.add_argument("--likelihood", default="bernoulli")
    parser.add_argument("--hidden-layers", type=int, default=0, help="layers between the code and the convolutions")
    parser.add_argument("--lr", type=float, default=0.0, help="0: the family's recipe")
    parser.add_argument("--weight-decay", type=float, default=0.0, help="0: the family's own; long runs want .1")
    parser.add_argument("--batch", type=int, default=0, help="0: the family's recipe")
    parser.add_argument("--keep", type=Path, help="folder of states, to go on after a cut")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    print(
        f"{options.size}, {options.likelihood}, {options.seconds:g} s of CPU a model, {options.seeds} seeds (medians)"
    )
    found = []
    for latent, beta, name in itertools.product(options.latents, options.betas, options.data):
        runs = [redrawn(name, latent, beta, seed, options) for seed in range(options.seeds)]
        row = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        found.append({"data": name, "latents": latent, "beta": beta, **row, "runs": runs})
        told = f"error {row['error']:.4f}, {row['of pca']:.2f} of PCA's {row['pca']:.4f}, {row['bits']:5.1f} bits"
        print(f"{name:<8} {latent:>2} latents  beta {beta:g}  {told}  {row['seen']:,.0f} seen", flush=True)
    if options.json:
        print(json.dumps({"seconds": options.seconds, "size": options.size, "rows": found}))


if __name__ == "__main__":
    main()
