"""python -m tests.bench.nats [--minutes 20]: how many nats an unseen binarised digit costs.

Dynamically binarised MNIST, 28 x 28: all 60,000 training pictures, each pixel drawn anew as a Bernoulli of its
brightness whenever a picture is seen; the 10,000 test pictures are drawn once, with seed 0. Test pictures are not
looked at while learning: the last weights are told. -log p(x) is bounded from above by importance weighting (Burda,
Grosse & Salakhutdinov 2016, arXiv:1509.00519) with 5,000 codes a picture, for the first N test pictures of the
collection's fixed shuffle. "all" is the figure to compare with published ones: the bound of one code a picture on all
10,000, less what 5,000 codes gain on the N; its error is that of the gain, far smaller than that of N pictures' mean.

Time is CPU time of this process, all its threads together, so 20 minutes are 10 minutes on two cores; measuring is not
counted. The learning rate falls in a straight line to 0. Every rival learns as long on the same pictures:

ours     a code and a decoder that also sees its neighbours, as PixelVAE (Gulrajani et al. 2016, arXiv:1611.05013). A
         picture is 14 x 14 blocks of four pixels, each block one of 16 with its own softmax, so that pixels of a block
         are drawn jointly; convolutions let a block see those above it and to its left. The code comes in late, in
         1 x 1 layers: when many codes are tried for one picture, its neighbours are looked at once.
no code  the same without a code, with its neighbours alone: its nats are exact, no bound.
plain    our VAE of core/vae.py, medium, every pixel by itself. It paints 32 x 32; the 28 x 28 inside are counted.
"""

import argparse
import json
import math
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from core.data import open_collection
from core.data.collection import Pictures
from core.data.packs import MARGIN, SIDE
from core.measure import in_chunks
from core.model import Batch, Model, noise, seeded
from core.train import Plan, Trainer
from core.vae import VAE, kl
from tests.bench.timed import learn

GRID = SIDE // 2  # blocks on a side
KINDS = 16  # what four pixels of ink or none can be
WIDTH, DEEP, LATENT = 64, 3, 32
AT_ONCE = 250  # codes tried at once


class Causal(nn.Conv2d):
    """A convolution over blocks that sees rows above, and of its own row what is to the left (and itself, if `own`)."""

    mask: Tensor

    def __init__(self, ins: int, outs: int, rows: int, wide: int, own: bool):
        super().__init__(ins, outs, (rows, wide), padding=(rows - 1, wide // 2))
        mask = torch.ones(rows, wide)
        mask[-1, wide // 2 + own :] = 0
        self.register_buffer("mask", mask)

    def forward(self, input: Tensor) -> Tensor:
        """(B, ins, G, G) -> (B, outs, G, G)"""
        return self._conv_forward(input, self.weight * self.mask, self.bias)[:, :, : input.shape[2]]


class Look(nn.Module):
    """x and what half as many channels found among its neighbours. No norm: one over the picture would see it all."""

    def __init__(self, width: int):
        super().__init__()
        self.near = Causal(width, width // 2, 2, 3, own=True)
        self.out = nn.Conv2d(width // 2, width, 1)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.out(F.silu(self.near(F.silu(x))))


class Coded(Model):
    """What all rows share: the bound, from `encode`, `seen` (once a picture) and `cost` (once a code)."""

    RECIPE = {"lr": 2e-3, "batch": 32}

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, 1, 32, 32) in -1..1 -> mean and log variance of its code (B, Z)"""
        raise NotImplementedError

    def seen(self, x: Tensor) -> tuple[Tensor, ...]:
        """What can be said of x before there is a code, for `cost`"""
        raise NotImplementedError

    def cost(self, seen: tuple[Tensor, ...], z: Tensor) -> Tensor:
        """-log p(x | z) in nats (B,), of as many z (B, Z) or of one picture for all of them"""
        raise NotImplementedError

    def bound(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """(B, 2) reconstruction and rate in nats, with one code a picture"""
        mean, logvar = self.encode(x)
        z = mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=rng)
        return torch.stack([self.cost(self.seen(x), z), kl(mean, logvar).sum(1)], 1)

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        reconstruction, rate = self.bound(batch.x, rng).mean(0)
        return {"loss": reconstruction + rate}


class Neighbours(Coded):
    """Every block from the blocks before it and, unless `latent` is 0, from a code."""

    def __init__(self, latent: int = LATENT, width: int = WIDTH, deep: int = DEEP):
        super().__init__()
        self.latent = latent
        self.before = nn.Sequential(Causal(4, width, 4, 9, own=False), *(Look(width) for _ in range(deep)))
        self.place = nn.Parameter(torch.zeros(1, width, GRID, GRID))
        self.kind = nn.Sequential(nn.SiLU(), nn.Conv2d(width, width, 1), nn.SiLU(), nn.Conv2d(width, KINDS, 1))
        if not latent:
            return
        corner = GRID // 2
        self.encoder = nn.Sequential(
            *(nn.Conv2d(4, 64, 3, 1, 1), nn.SiLU(), nn.Conv2d(64, 64, 4, 2, 1), nn.SiLU(), nn.Flatten()),
            *(nn.Linear(64 * corner**2, 256), nn.SiLU(), nn.Linear(256, 2 * latent)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(latent, 256), nn.SiLU(), nn.Linear(256, 64 * corner**2), nn.SiLU()),
            *(nn.Unflatten(1, (64, corner, corner)), nn.ConvTranspose2d(64, width, 4, 2, 1)),
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if not self.latent:
            return x.new_zeros(len(x), 0), x.new_zeros(len(x), 0)
        mean, logvar = self.encoder(blocks(x)).chunk(2, dim=1)
        return mean, logvar.clamp(-12, 6)

    def seen(self, x: Tensor) -> tuple[Tensor, ...]:
        """What the neighbours say (B, W, G, G), and which kind each block is (B, G, G) long"""
        four = blocks(x)
        kinds = ((four > 0) * torch.tensor([1, 2, 4, 8])[:, None, None]).sum(1)
        return self.before(four) + self.place, kinds

    def logits(self, near: Tensor, z: Tensor) -> Tensor:
        """(B, KINDS, G, G)"""
        return self.kind(near + self.decoder(z) if self.latent else near)

    def cost(self, seen: tuple[Tensor, ...], z: Tensor) -> Tensor:
        near, kinds = seen
        raw = self.logits(near, z)
        return F.cross_entropy(raw, kinds.expand(len(raw), -1, -1), reduction="none").flatten(1).sum(1)


class Plain(Coded):
    """core/vae.py as it is, for comparison."""

    RECIPE = VAE.RECIPE

    def __init__(self) -> None:
        super().__init__()
        self.vae = VAE(VAE.Config(1, SIDE + 2 * MARGIN, **VAE.PRESETS["medium"]))

    def optimizers(self, lr: float) -> tuple[Optimizer, ...]:
        return self.vae.optimizers(lr)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.vae.encode(x)

    def seen(self, x: Tensor) -> tuple[Tensor, ...]:
        return (inner(x),)

    def cost(self, seen: tuple[Tensor, ...], z: Tensor) -> Tensor:
        raw = inner(self.vae.logits(z))
        return self.vae.surprise(raw, seen[0].expand_as(raw))


def inner(x: Tensor) -> Tensor:
    """(B, C, 32, 32) -> (B, C, 28, 28)"""
    return x[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def blocks(x: Tensor) -> Tensor:
    """x (B, 1, 32, 32) -> (B, 4, G, G): the four pixels of each block of the 28 x 28 inside"""
    return F.pixel_unshuffle(inner(x), 2).contiguous(memory_format=torch.channels_last)


def inked(x: Tensor, rng: torch.Generator) -> Tensor:
    """x in -1..1 -> -1 or 1, each drawn with its brightness as the chance of 1"""
    return 2 * torch.bernoulli((x + 1) / 2, generator=rng) - 1


class Inked(Pictures):
    """A collection whose pictures are ink or none, drawn anew whenever they are asked for."""

    def __init__(self, grey: Pictures):
        self.grey, self.card = grey, grey.card

    def batch(self, size: int, rng: torch.Generator, split: str = "train") -> Batch:
        return Batch(inked(self.grey.batch(size, rng, split).x, rng))


def log_weights(model: Coded, x: Tensor, samples: int, rng: torch.Generator) -> Tensor:
    """log p(x, z) / q(z | x) of so many codes of one picture x (1, 1, 32, 32) -> (samples,) in nats"""
    (mean, logvar), seen, parts = model.encode(x), model.seen(x), []
    for start in range(0, samples, AT_ONCE):
        e = torch.randn(min(AT_ONCE, samples - start), mean.shape[1], generator=rng)
        z = mean + (0.5 * logvar).exp() * e
        ratio = (e.square() - z.square() + logvar).sum(1) / 2  # log p(z) - log q(z | x)
        parts.append(ratio - model.cost(seen, z))
    return torch.cat(parts)


def gathered(weights: Tensor) -> Tensor:
    """log weights (K,) -> the log of their mean: no more than log p(x) on average, and the nearer the more there are"""
    return weights.logsumexp(0) - math.log(len(weights))


class Row(NamedTuple):
    """What a model needs for an unseen picture, in nats."""

    all: float  # of all test pictures
    error: float  # standard error of what the codes gain
    some: float  # mean of the n with so many codes
    some_error: float  # standard error of that mean as one of pictures
    bound: float  # one code a picture, all test pictures
    rate: float  # of the bound, what the code costs
    seen: int  # training pictures


@torch.inference_mode()
def weighed(model: Coded, x: Tensor, n: int, samples: int, seen: int) -> Row:
    """Of test pictures x (N, 1, 32, 32) in -1 or 1."""
    bound = in_chunks(lambda rows, i: model.bound(rows, noise(1, int(i[0]))), x, torch.arange(len(x)))
    exact = not bound[:, 1].any()  # without a code there is nothing to try
    weights = [log_weights(model, x[i : i + 1], 1 if exact else samples, noise(2, i)) for i in range(n)]
    told = -torch.stack([gathered(w) for w in weights])
    gain = -torch.stack([w.mean() for w in weights]) - told
    mean = float(bound.sum(1).mean())
    return Row(
        mean - float(gain.mean()),
        float(gain.std()) / n**0.5,
        float(told.mean()),
        float(told.std()) / n**0.5,
        mean,
        float(bound[:, 1].mean()),
        seen,
    )


def mean_picture(data: Pictures, x: Tensor) -> float:
    """Nats of test pictures x where each pixel has its mean brightness as the chance of ink, whatever the picture."""
    chance = ((inner(data.fixed(data.held("train"), "train").x).mean(0) + 1) / 2).clamp(1e-4, 1 - 1e-4)
    ink = (inner(x) + 1) / 2
    return float(F.binary_cross_entropy(chance.expand_as(ink), ink, reduction="none").sum((1, 2, 3)).mean())


MODELS = {"ours": Neighbours, "no code": lambda: Neighbours(latent=0), "plain": Plain}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nats", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--minutes", type=float, default=20, help="of CPU time, for each model")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--test", type=int, default=200, metavar="N", help="pictures weighed with all samples")
    parser.add_argument("--samples", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder of states, to go on after a cut")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = open_collection("digits")
    assert isinstance(data, Pictures)
    x = inked(data.fixed(data.held()).x, noise(0))
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    rows = {}
    print(
        f"nats a picture; the mean picture {mean_picture(data, x):.1f}; {options.minutes:g} CPU minutes each",
        flush=True,
    )
    for name in options.models:
        with seeded(options.seed):
            model = MODELS[name]()
        keep = options.keep and options.keep / f"{name.replace(' ', '-')}-{options.seed}.pt"
        trainer = Trainer(Plan("vae", "digits", seed=options.seed), model, Inked(data))
        seen = learn(trainer, 60 * options.minutes, 1.0, keep)
        rows[name] = row = weighed(model.eval(), x, options.test, options.samples, seen)
        some = f"first {options.test} {row.some:6.2f} (+-{row.some_error:.2f})"
        code = f"one code {row.bound:6.2f}, rate {row.rate:5.2f}"
        print(f"{name:<8} all {row.all:6.2f} (+-{row.error:.2f})  {some}  {code}  {row.seen:,} seen", flush=True)
    if options.json:
        print(json.dumps({name: row._asdict() for name, row in rows.items()}))


if __name__ == "__main__":
    main()
