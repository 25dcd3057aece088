"""What order costs and brings: python -m tests.bench.dial [--data digits] [--steps 1000] [--threads 1]

A plain autoencoder (beta 0 alone) of the shipped shape learns for so many steps; beside it stand the shipped model at
three places of its dial. Told are the bits of a code, how far off redraws are beside PCA with as many numbers, and how
far fresh pictures, out of random numbers, lie from real ones (Frechet distance in our judge's features).
"""

import argparse

import torch

from core import checkpoint
from core.data import open_collection
from core.dial import turned
from core.families import build
from core.model import seeded
from core.train import Plan, Trainer

SHOWN = (0, 4, 12)  # of the dial's stops


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dial", description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, judge = open_collection(options.data), checkpoint.load(f"judge-{options.data}").model.eval()
    rule = {"beta": 0.0, "likelihood": checkpoint.load(f"vae-{options.data}").model.config.likelihood}
    with seeded(0):
        model = build("vae", "medium", data.facts(), rule)
    trainer = Trainer(Plan("vae", options.data, "medium", steps=options.steps, options=rule), model, data)
    for _ in trainer.run(every=10):
        pass
    plain = turned(model.eval(), data, judge)
    shipped = turned(checkpoint.load(f"vae-{options.data}").model.eval(), data, judge)
    rows = {f"beta 0 alone, {options.steps} steps": plain.rows[0]}
    rows |= {f"the dial at beta {shipped.rows[i][0]:.2g}": shipped.rows[i] for i in SHOWN}
    print(f"{options.data}, {plain.n:,} unseen pictures; PCA {plain.pca:.4f}, real pictures {plain.floor:.1f}")
    for name, (_, bits, error, far) in rows.items():
        print(f"{name:<28} bits {bits:6.1f}   error {error:.4f} ({error / plain.pca:.2f} of PCA)   fresh {far:6.1f}")


if __name__ == "__main__":
    main()
