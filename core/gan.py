"""The Forger and the Critic: a generator learns to paint from nothing but a discriminator's opinion.

Goodfellow et al. 2014 (arXiv:1406.2661) in the convolutional form of Radford et al. (arXiv:1511.06434), with what makes
the game converge: relativistic pairing and a penalty on the critic's slope at real and at forged pictures (R3GAN, Huang
et al., arXiv:2501.05441; the slope by finite differences, which needs no second backward), labels in both players
(projection, Miyato & Koyama, arXiv:1802.05637), and averaged weights to paint with (Yazici et al., arXiv:1806.04498).
The older games are here to be compared with: non-saturating (Goodfellow), hinge (Lim & Ye, arXiv:1705.02894; Tran et
al., arXiv:1702.08896) and Wasserstein with a gradient penalty (Gulrajani et al., arXiv:1704.00028).

B pictures, C channels, S side, W width, Z latent, K classes.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Adam, Optimizer

from core.model import Batch, Mishap, Model, descend

LOSSES = ("relativistic", "non-saturating", "hinge", "wasserstein")


@dataclass(frozen=True)
class Config:
    channels: int  # 0 for points in the plane
    side: int
    classes: int  # 0: no labels, both players are told nothing
    width: int = 32
    latent: int = 64
    penalty: float = 2.0  # weight of R1 and R2 (gamma); critics of points want less
    blur: float = 0.05  # how far the critic's slope is felt, in picture units: finer grain than that it lets pass
    memory: float = 0.998  # of the averaged weights: about 500 steps
    loss: str = "relativistic"  # one of LOSSES; the penalty goes with all but Wasserstein's, which has its own
    critic_steps: int = 1  # of the critic for one of the forger, each on fresh pictures
    critic_pace: float = 2.0  # the critic's rate as a multiple of the forger's

    def __post_init__(self):
        if self.loss not in LOSSES:
            raise Mishap(f"A GAN's loss is one of {', '.join(LOSSES)}, not {str(self.loss)[:40]!r}.")
        if not 1 <= self.critic_steps <= 10:
            raise Mishap("The critic makes 1 to 10 steps for each of the forger's.")
        for name, least, most in (("penalty", 0, 1000), ("blur", 0.001, 1), ("critic_pace", 0, 100)):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not least <= value <= most:
                raise Mishap(f"A GAN's {name} lies between {least} and {most}, and {str(value)[:40]!r} does not.")
        if self.side % 8:
            raise Mishap(f"A picture side must be a multiple of 8, and {self.side} is not.")
        if self.width % 8:  # the finest size has half as many channels, normed in four groups
            raise Mishap(f"A forger's width must be a multiple of 8, and {self.width} is not.")


class Generator(nn.Module):
    """Paints coarse to fine: each size adds its detail to the enlarged picture (Karras et al., arXiv:1912.04958).

    No batch norm: with it every subject shrank to one picture (variety 3 of 16.7 on doodles, 12 without; measured).
    Colours want each painting normed by itself in groups of channels (Wu & He, arXiv:1803.08494): without it faces
    shrank in the same way (after 250 steps 5 to 9 of 13.6, against 10). Ink on black wants none: doodles hardly began.
    Enlarging before a plain convolution learns faster than free transposed ones: half the distance after as many steps.
    """

    def __init__(self, c: Config):
        super().__init__()
        self.label = nn.Embedding(max(1, c.classes), c.latent)
        self.groups = 4 if c.channels > 1 else 0
        widths = [4 * c.width, 2 * c.width, c.width, c.width // 2]  # at a side of S / 8, S / 4, S / 2, S
        if not c.side:  # points
            wide = widths[0]
            layers = [nn.Linear(2 * c.latent, wide), nn.ReLU(), nn.Linear(wide, wide), nn.ReLU()]
            self.body = nn.Sequential(*layers, nn.Linear(wide, 2))
            return
        base = (widths[0], c.side // 8, c.side // 8)
        first = nn.Linear(2 * c.latent, base[0] * base[1] * base[2])
        self.body = nn.Sequential(first, nn.Unflatten(1, base), nn.LeakyReLU(0.2))
        first_size = nn.Conv2d(widths[0], widths[0], 3, 1, 1)
        sizes = [first_size, *(Doubling(i, o) for i, o in pairwise(widths))]
        paints = [nn.Conv2d(o, c.channels, 1) for o in widths]
        self.sizes, self.paints = nn.ModuleList(sizes), nn.ModuleList(paints)
        nn.init.kaiming_normal_(first.weight, nonlinearity="linear")
        for size in sizes:
            nn.init.kaiming_normal_(size.weight, 0.2)  # no norm would mend a bad start
        for n, paint in enumerate(paints):
            paint.weight.data.mul_(0.03 if n else 0.3)  # begins grey and coarse, far from where tanh is flat

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """z (B, Z), y (B,) -> (B, C, S, S) in -1..1, or points (B, 2)"""
        return self.render(z, self.label(y))

    def render(self, z: Tensor, label: Tensor) -> Tensor:
        """The same for what labels are told as (B, Z)."""
        h = self.body(torch.cat((z, label), dim=1))
        if h.dim() == 2:
            return h
        picture, h = h.new_zeros(()), self.normed(h)
        for n, (size, paint) in enumerate(zip(self.sizes, self.paints)):
            larger = F.interpolate(picture, scale_factor=2, mode="bilinear") if n else picture
            h = self.normed(F.leaky_relu(size(h), 0.2))
            picture = larger + paint(h)
        return picture.tanh()

    def normed(self, h: Tensor) -> Tensor:
        """(B, W, s, s) -> the same, each painting's groups of channels at mean 0 and variance 1, where that helps"""
        return F.group_norm(h, self.groups) if self.groups else h


class Doubling(nn.Conv2d):
    """Every dot four times and a 3 x 3 convolution, as one transposed 4 x 4 of stride 2: half the work."""

    def __init__(self, i: int, o: int):
        super().__init__(i, o, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, S, S) -> (B, O, 2 S, 2 S)"""
        return F.conv_transpose2d(x, 4 * widened(self.weight).flip(2, 3).transpose(0, 1), self.bias, 2, 1)


class Halving(nn.Conv2d):
    """A 3 x 3 convolution and the mean of each 2 x 2, as one 4 x 4 convolution of stride 2.

    With a leaky kink before the mean the two cannot be one. Then pictures go through by 64: buffers beyond 32 MiB are
    got anew from the system each time (a step on faces took 209 ms so, and takes 163; measured).
    """

    def __init__(self, i: int, o: int, kinked: bool = False):
        super().__init__(i, o, 3)
        self.kinked = kinked
        nn.init.kaiming_normal_(self.weight, 0.2)
        nn.init.zeros_(self.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, S, S) -> (B, O, S / 2, S / 2)"""
        if not self.kinked:
            return F.conv2d(x, widened(self.weight), self.bias, 2, 1)
        looked = (F.leaky_relu_(F.conv2d(some, self.weight, self.bias, 1, 1), 0.2) for some in x.split(64))
        return torch.cat([F.avg_pool2d(h, 2) for h in looked])


def widened(weight: Tensor) -> Tensor:
    """(O, I, 3, 3) -> (O, I, 4, 4), the mean of it at four places, each a dot apart"""
    return F.avg_pool2d(F.pad(weight, (1, 1, 1, 1)), 2, 1)


class Discriminator(nn.Module):
    """Halves the picture three times, then adds what speaks for it: alone, and under its label.

    A plain convolution of stride 2 feels a dot differently at odd and even places, and hands that grain on to the
    forger. Ink on black wants it all the same: twice as near. Of colours so halved the critic soon saw through nearly
    all, and longer training spoilt them. A mean is blind to what changes its sign at every dot, and lets the forger
    paint such stripes: for colours a kink comes before the first (faces at 13.5: 5.0 1,500 steps on, 10.8 without).
    """

    def __init__(self, c: Config):
        super().__init__()
        act = nn.LeakyReLU(0.2)
        if not c.side:
            width = 4 * c.width
            self.body = nn.Sequential(nn.Linear(2, width), act, nn.Linear(width, width), act)
        else:
            colours, widths = c.channels > 1, [c.channels, c.width, 2 * c.width, 4 * c.width]
            convs: list[nn.Module] = [Halving(c.channels, c.width, kinked=True)] if colours else []
            for i, o in pairwise(widths[len(convs) :]):
                convs += [Halving(i, o) if colours else nn.Conv2d(i, o, 4, 2, 1), act]
            self.body = nn.Sequential(*convs, nn.Flatten())  # (B, 4 W (S / 8)^2)
            width = 4 * c.width * (c.side // 8) ** 2
        self.verdict = nn.Linear(width, 1)
        self.label = nn.Embedding(max(1, c.classes), width)
        nn.init.normal_(self.label.weight, std=width**-0.5)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x as the generator paints it, y (B,) -> logits (B,); only their differences mean anything"""
        h = self.body(x)
        return self.verdict(h)[:, 0] + (h * self.label(y)).sum(1)


class GAN(Model):
    """Two players; there is no loss that both minimise, so the game is told in `step`."""

    Config = Config
    PRESETS = {"tiny": {"width": 8, "latent": 16}, "small": {"width": 32}, "medium": {"width": 64}}
    RECIPE = {"lr": 1e-3, "batch": 64}
    LEARNS = ("images", "points")

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.generator, self.discriminator = Generator(config), Discriminator(config)
        self.average = deepcopy(self.generator).requires_grad_(False)
        self.register_buffer("steps", torch.zeros(()))

    def optimizers(self, lr: float) -> tuple[Optimizer, ...]:
        rates = (lr, lr * self.config.critic_pace)
        players = (self.generator, self.discriminator)
        return tuple(Adam(p.parameters(), rate, betas=(0.0, 0.99)) for p, rate in zip(players, rates))

    def draw(self, data: Any, size: int, rng: torch.Generator) -> Batch:
        """Fresh pictures for each of the critic's steps."""
        return data.batch(size * self.config.critic_steps, rng)

    def step(self, batch: Batch, rng: torch.Generator, optimizers: tuple[Optimizer, ...]) -> dict[str, Tensor]:
        """First the critic looks at real and forged, then the forger answers."""
        rounds = self.config.critic_steps
        real = fake = y = critic = slope = caught = batch.x  # each is made in the first round
        for real, y in zip(batch.x.chunk(rounds), self.labels(batch).chunk(rounds)):
            fake = self.generator(self.latents(len(real), rng), y)
            with torch.autocast(real.device.type, enabled=False):  # bf16 would drown the slope: half as near (measured)
                critic, slope, caught = self.critic_loss(real, fake.detach().float(), y, rng)
            descend(critic + slope, list(self.discriminator.parameters()), optimizers[1:], clip=10.0)

        with torch.no_grad():
            standard = self.discriminator(real, y)
        forger = self.forger_loss(standard, self.discriminator(fake, y))
        descend(forger, list(self.generator.parameters()), optimizers[:1], clip=10.0)
        self.remember()
        return {"forger": forger, "critic": critic, "slope": slope, "caught": caught}

    def critic_loss(self, real: Tensor, fake: Tensor, y: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """The critic's side of the game, the penalty on its slope, and the share of pairs told apart.

        The penalty is gamma / 2 (R1 + R2), with |slope|^2 at x the mean of ((D(x + s e) - D(x)) / s)^2 over normal e,
        for small s; Wasserstein's is 10 (|slope| - 1)^2 between real and forged.
        """
        both = torch.cat((real, fake))
        if self.config.loss == "wasserstein":
            here, slope = self.discriminator(both, y.repeat(2)).float(), self.between(real, fake, y, rng)
        else:
            blurred = both + self.config.blur * torch.randn(both.shape, generator=rng, device=both.device)
            here, there = self.discriminator(torch.cat((both, blurred)), y.repeat(4)).float().chunk(2)
            slope = self.config.penalty * ((there - here) / self.config.blur).square().mean()
        r, f = here.chunk(2)
        loss = {
            "relativistic": lambda: F.softplus(f - r),
            "non-saturating": lambda: F.softplus(-r) + F.softplus(f),
            "hinge": lambda: F.relu(1 - r) + F.relu(1 + f),
            "wasserstein": lambda: f - r,
        }[self.config.loss]()
        return loss.mean(), slope, (r > f).float().mean()

    def between(self, real: Tensor, fake: Tensor, y: Tensor, rng: torch.Generator) -> Tensor:
        """10 (|slope| - 1)^2 at a random place between each real and each forged picture."""
        share = torch.rand((len(real), *[1] * (real.dim() - 1)), generator=rng, device=real.device)
        place = torch.lerp(fake, real, share).requires_grad_()
        slopes = torch.autograd.grad(self.discriminator(place, y).float().sum(), place, create_graph=True)[0]
        return 10 * (slopes.flatten(1).norm(dim=1) - 1).square().mean()

    def forger_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """The forger's side, from the logits (B,) of both; only the first game lets it look at the real ones."""
        if self.config.loss == "relativistic":
            return F.softplus(real - fake).float().mean()
        return (F.softplus(-fake) if self.config.loss == "non-saturating" else -fake).float().mean()

    @torch.no_grad()
    def remember(self) -> None:
        """The averaged forger follows, at first quickly."""
        self.steps += 1
        share = 1 - min(self.config.memory, float(self.steps / (self.steps + 10)))
        for kept, new in zip(self.average.parameters(), self.generator.parameters()):
            kept.lerp_(new, share)

    def labels(self, batch: Batch) -> Tensor:
        """(B,) long; all 0 where the players are told nothing"""
        if batch.y is None or not self.config.classes:
            return torch.zeros(len(batch.x), dtype=torch.long, device=batch.x.device)
        return batch.y

    def latents(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, Z) normal noise: what a painting is made from"""
        return torch.randn(n, self.config.latent, generator=rng, device=rng.device)

    def paint(self, z: Tensor, y: Tensor) -> Tensor:
        """z (n, Z), y (n,) -> (n, C, S, S) in -1..1 by the averaged forger"""
        return self.average(z, y)

    def morph(self, z: Tensor, y: Tensor, n: int) -> Tensor:
        """z (2, Z), y (2,) -> (n, C, S, S) from the one painting to the other.

        Around the sphere on which nearly all normal noise lies, where a straight line leads through its empty middle
        (Shoemake 1985; White, arXiv:1609.04468); labels, which are points and no noise, go straight.
        """
        share = torch.linspace(0, 1, n, device=z.device)[:, None]
        angle = torch.acos(F.cosine_similarity(z[:1], z[1:]).clamp(-1, 1)).clamp(min=1e-4)
        around = (((1 - share) * angle).sin() * z[:1] + (share * angle).sin() * z[1:]) / angle.sin()
        start, end = self.average.label(y)
        return self.average.render(around, torch.lerp(start, end, share))

    def judge(self, x: Tensor, y: Tensor) -> Tensor:
        """x (n, C, S, S), y (n,) -> logits (n,): higher is more like the collection; 0 has no meaning of its own"""
        return self.discriminator(x, y)

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator, **knobs: Any) -> Iterator[Tensor]:
        """Knobs: y (n,) labels (all in turn, if not given), bold (1.0; below it paints more alike). Yields once."""
        y = knobs.get("y")
        if y is None:
            y = torch.arange(n, device=rng.device) % max(1, self.config.classes)
        yield self.paint(knobs.get("bold", 1.0) * self.latents(n, rng), y)
