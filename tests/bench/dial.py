"""What order costs and brings: python -m tests.bench.dial [--data digits] [--steps 1000] [--plain FOLDER] [--threads 1]

A plain autoencoder (beta 0 alone) of the shipped shape learns for so many steps; or it has learnt before, in pieces:

    python -m core train vae digits --name plain --size medium --steps 1000 --option beta=0.0 --seconds 200 --resume

and --plain names its folder. Beside it stand the shipped model at three places of its dial. Told are the bits of a
code, how far off redraws are beside PCA with as many numbers (squared error per pixel), and how far fresh pictures, out
of random numbers, lie from real ones (Frechet distance in our judge's features).
"""

import argparse
from pathlib import Path

import torch

from core import checkpoint
from core.data import open_collection
from core.data.collection import Pictures
from core.dial import stops, turned
from core.families import build
from core.model import seeded
from core.train import Plan, Trainer
from core.vae import VAE

SHOWN = (0, 4, 12)  # of the dial's stops


def learnt(data: Pictures, name: str, shape: VAE.Config, steps: int) -> VAE:
    """A plain autoencoder of that shape, trained alone."""
    rule = {"beta": 0.0, "likelihood": shape.likelihood, "latent": shape.latent}
    with seeded(0):
        model = build("vae", "medium", data.facts(), rule)
    trainer = Trainer(Plan("vae", name, "medium", steps=steps, options=rule), model, data)
    for _ in trainer.run(every=10):
        pass
    return model


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dial", description=__doc__.split("\n")[0])
    parser.add_argument("--data", default="digits")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--plain", type=Path, help="folder of one that has learnt before")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, judge = open_collection(options.data), checkpoint.load(f"judge-{options.data}").model.eval()
    ours = checkpoint.load(f"vae-{options.data}").model.eval()
    if options.plain:
        alone = checkpoint.bring(options.plain / "card.json", options.plain / "model.safetensors")
        model, steps = alone.model, alone.card["step"]
    else:
        model, steps = learnt(data, options.data, ours.config, options.steps), options.steps
    plain = turned(model.eval(), data, judge, at=torch.zeros(1))
    shipped = turned(ours, data, judge, at=stops()[list(SHOWN)])
    rows = {f"beta 0 alone, {steps} steps": plain.rows[0]}
    rows |= {f"the dial at beta {row[0]:.2g}": row for row in shipped.rows}
    print(f"{options.data}, {plain.n:,} unseen pictures; PCA {plain.pca:.4f}, real pictures {plain.floor:.1f}")
    for name, (_, bits, error, far) in rows.items():
        print(f"{name:<28} bits {bits:6.1f}   error {error:.4f} ({error / plain.pca:.2f} of PCA)   fresh {far:6.1f}")


if __name__ == "__main__":
    main()
