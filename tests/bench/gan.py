"""python -m tests.bench.gan [--json]: a minute of our forger against three minutes of the tutorial's, on fashion.

The rival is the DCGAN of PyTorch's own tutorial (Radford et al. 2015: transposed convolutions, batch norm in both
players, Adam 2e-4 with beta1 0.5, logistic loss) at our width, side and batch. Both learn alone on the machine, one
after the other, timed by the wall clock; both are measured by the same judge on the same 10,000 unseen pictures, with
real against real as the floor. The rival is measured after our own time as well, and paints with averaged weights too,
if that makes it better: distances mean something under one judge only, so hold ours against the rival's.

Needs Fashion-MNIST in the data folder (`python -m core fetch fashion`).
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import Adam

from core import checkpoint
from core.data import open_collection
from core.families import build
from core.measure import fixed, frechet, in_chunks
from core.model import noise
from core.train import Plan, Trainer

WIDTH, LATENT, BATCH = 32, 64, 64


class Tutorial:
    """The tutorial's DCGAN, at 32 x 32."""

    def __init__(self, seed: int):
        torch.manual_seed(seed)
        up, down, W = nn.ConvTranspose2d, nn.Conv2d, WIDTH
        self.generator = nn.Sequential(
            *(up(LATENT, 4 * W, 4, 1, 0, bias=False), nn.BatchNorm2d(4 * W), nn.ReLU(True)),
            *(up(4 * W, 2 * W, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * W), nn.ReLU(True)),
            *(up(2 * W, W, 4, 2, 1, bias=False), nn.BatchNorm2d(W), nn.ReLU(True)),
            *(up(W, 1, 4, 2, 1, bias=False), nn.Tanh()),
        ).to(memory_format=torch.channels_last)
        self.discriminator = nn.Sequential(
            *(down(1, W, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)),
            *(down(W, 2 * W, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * W), nn.LeakyReLU(0.2, True)),
            *(down(2 * W, 4 * W, 4, 2, 1, bias=False), nn.BatchNorm2d(4 * W), nn.LeakyReLU(0.2, True)),
            *(down(4 * W, 1, 4, 1, 0, bias=False), nn.Flatten(0)),
        ).to(memory_format=torch.channels_last)
        for module in (*self.generator.modules(), *self.discriminator.modules()):
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.normal_(module.weight, 0.0, 0.02)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, 1.0, 0.02)
        self.players = [Adam(m.parameters(), 2e-4, betas=(0.5, 0.999)) for m in (self.discriminator, self.generator)]
        self.average, self.steps = deepcopy(self.generator), 0

    def train(self, data, seed: int, seconds: float) -> None:
        """So long from where it stands."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            real = data.batch(BATCH, noise(seed, self.steps)).x.contiguous(memory_format=torch.channels_last)
            self.step(real, noise(seed, self.steps, 1))
            self.steps += 1

    def step(self, real: torch.Tensor, rng: torch.Generator) -> None:
        fake = self.generator(torch.randn(BATCH, LATENT, 1, 1, generator=rng))
        critic, forger = self.players
        critic.zero_grad()
        (F.softplus(-self.discriminator(real)).mean() + F.softplus(self.discriminator(fake.detach())).mean()).backward()
        critic.step()
        forger.zero_grad()
        F.softplus(-self.discriminator(fake)).mean().backward()
        forger.step()
        with torch.no_grad():
            for kept, new in zip(self.average.state_dict().values(), self.generator.state_dict().values()):
                kept.lerp_(new, 0.01) if kept.is_floating_point() else kept.copy_(new)


def ours(data, seed: int, seconds: float, size: str) -> tuple[torch.Tensor, int]:
    """Paintings (5000, 1, 32, 32) after so many seconds, labels as real pictures have them."""
    torch.manual_seed(seed)
    trainer = Trainer(Plan("gan", "fashion", size, seed), build("gan", size, data.facts()), data)
    for now in trainer.run(every=0):
        if now.seconds >= seconds:
            break
    gan = trainer.model.eval()
    y = data.fixed(5000, "train").y
    with torch.inference_mode():
        return in_chunks(gan.paint, gan.latents(5000, noise(seed, 9)), y), trainer.step


def theirs(data, seed: int, *seconds: float) -> Iterator[tuple[list[torch.Tensor], int]]:
    """The tutorial's paintings after each of these times, by its last weights and its averaged ones; and its steps."""
    rival, spent = Tutorial(seed), 0.0
    z = torch.randn(5000, LATENT, 1, 1, generator=noise(seed, 9))
    for until in seconds:
        rival.train(data, seed, until - spent)
        spent = until
        with torch.inference_mode():
            both = [in_chunks(deepcopy(g).eval(), z) for g in (rival.generator, rival.average)]
        yield both, rival.steps


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.gan", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60, help="of ours; the tutorial learns three times as long")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, judge = open_collection("fashion"), checkpoint.load("judge-fashion").model

    def features(x: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return in_chunks(judge.features, x)

    real = features(fixed(data, 10_000, "test")[0])
    rows = {"real against real": [frechet(features(fixed(data, 5000, "train")[0]), real)]}
    steps: dict[str, list[int]] = {}
    us, times = f"ours, {options.seconds:g} s", (options.seconds, 3 * options.seconds)
    for seed in range(options.seeds):
        x, done = ours(data, seed, options.seconds, "small")
        rows.setdefault(us, []).append(frechet(features(x), real))
        steps.setdefault(us, []).append(done)
        for seconds, (both, done) in zip(times, theirs(data, seed, *times)):
            them = f"tutorial DCGAN, {seconds:g} s"
            rows.setdefault(them, []).append(min(frechet(features(x), real) for x in both))
            steps.setdefault(them, []).append(done)
    if options.json:
        print(json.dumps({"frechet": rows, "steps": steps, "threads": options.threads}))
        return
    print(f"Frechet distance in judge-fashion's features, 5,000 paintings, {options.threads} threads")
    for name, values in rows.items():
        detail = f"worst {max(values):6.2f}  steps {steps[name]}" if name in steps else ""
        print(f"{name:<28} median {statistics.median(values):6.2f}  {detail}")


if __name__ == "__main__":
    main()
