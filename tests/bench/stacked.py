"""python -m tests.bench.stacked [--json]: how many of 1,000 modes two losses find, on stacked numerals.

The protocol of PacGAN (Lin et al., arXiv:1712.04086, after Che et al. and VEEGAN): three numerals of our gallery, drawn
independently, become the red, green and blue of one picture, which gives 1,000 equally frequent modes. Without labels a
GAN learns from fresh ones for so many seconds of CPU, its rates falling to 0 over the last four tenths of them; 25,600
of its paintings are sorted by what our judge of numerals reads in each colour. Modes: how many of 1,000 were painted at
least once; KL: from their shares to even ones, in nats. The floor is as many real pictures, sorted in the same way. All
games have the same network, batch and time: ours, the non-saturating one with our penalty on the critic's slope, and
without it, both players at one rate, as the first GANs were.
"""

import argparse
import json
import math
import statistics

import torch
from torch import Tensor

from core import checkpoint
from core.data import open_collection
from core.data.collection import Pictures
from core.families import build
from core.measure import in_chunks
from core.model import Batch, noise
from core.train import Plan, Trainer
from tests.bench.timed import learn

PAINTED, MODES = 25_600, 1000
DECAY = 0.4


class Stacked(Pictures):
    """Three numerals in one picture (3, S, S), without labels."""

    def __init__(self) -> None:
        self.numerals = open_collection("numerals")

    def facts(self) -> dict[str, int]:
        return {"channels": 3, "side": self.numerals.card.side, "classes": 0}

    def batch(self, size: int, rng: torch.Generator, split: str = "train") -> Batch:
        single = self.numerals.batch(3 * size, rng, split).x
        return Batch(single.reshape(size, 3, *single.shape[2:]), None)


def modes(x: Tensor, judge) -> Tensor:
    """x (N, 3, S, S) -> how often each of 1,000 modes is in it."""
    digits = in_chunks(lambda rows: judge.logits(rows).argmax(1), x.flatten(0, 1)[:, None]).reshape(-1, 3)
    return (digits * torch.tensor([100, 10, 1])).sum(1).bincount(minlength=MODES)


def divergence(counts: Tensor) -> float:
    """KL in nats from the shares of counts (1000,) to even ones."""
    shares = counts / counts.sum()
    return math.log(MODES) - float(torch.special.entr(shares).sum())


@torch.inference_mode()
def row(paintings, judge) -> tuple[int, float]:
    """Modes and KL of PAINTED pictures, made a thousand at a time."""
    counts = sum(modes(paintings(i, 1024), judge) for i in range(PAINTED // 1024))
    return int((counts > 0).sum()), divergence(counts)


GAMES = {
    "relativistic": {"loss": "relativistic"},
    "non-saturating": {"loss": "non-saturating"},
    "no penalty": {"loss": "non-saturating", "penalty": 0.0, "critic_pace": 1.0},
}


def learnt(game: str, data: Stacked, seed: int, seconds: float, size: str):
    """A GAN after so many seconds, and its steps."""
    torch.manual_seed(seed)
    gan = build("gan", size, data.facts(), GAMES[game])
    trainer = Trainer(Plan("gan", "stacked", size, seed), gan, data)
    learn(trainer, seconds, DECAY)
    gan = trainer.model.eval()
    y = torch.zeros(1024, dtype=torch.long)
    return (lambda i, n: gan.paint(gan.latents(n, noise(seed, 9, i)), y)), trainer.step


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stacked", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=300, help="of CPU time, for each game and seed")
    parser.add_argument("--size", default="small")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, judge = Stacked(), checkpoint.load("judge-numerals").model.eval()
    found = {"real pictures": [row(lambda i, n: data.batch(n, noise(1, i), "test").x, judge)]}
    steps: dict[str, list[int]] = {}
    for seed in range(options.seeds):
        for game in GAMES:
            paintings, done = learnt(game, data, seed, options.seconds, options.size)
            found.setdefault(game, []).append(row(paintings, judge))
            steps.setdefault(game, []).append(done)
    if options.json:
        print(json.dumps({"modes and KL": found, "steps": steps, "seconds": options.seconds, "size": options.size}))
        return
    told = f"{options.seconds:g} s of CPU a game, {options.size}, {options.threads} threads"
    print(f"{PAINTED:,} pictures of {MODES:,} modes; {told}")
    for name, pairs in found.items():
        covered, apart = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:<16} modes {covered:6.0f}   KL {apart:6.3f}   {f'steps {steps[name]}' if name in steps else ''}")


if __name__ == "__main__":
    main()
