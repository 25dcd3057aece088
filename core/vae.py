"""Sketch and Redraw: a picture is squeezed into a few numbers and drawn again from them.

Kingma & Welling 2014 (arXiv:1312.6114); beta weighs the rate against the distortion (Higgins et al. 2017). A model
with a dial learns for all betas at once and is told which one is asked for, as in Bae et al. 2022 (arXiv:2212.03905).

B pictures, C channels, S side, W width, Z latents, K places of the dial.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import Optimizer

from core.model import Batch, Mishap, Model, Muon, adamw

LIKELIHOODS = ("bernoulli", "gaussian")
MIDDLE = 256
PLACES, WIDEST = 12, 16.0  # along the dial; and the beta at its right end
STEEP = 2.0**10 - 1


@dataclass(frozen=True)
class Config:
    channels: int
    side: int
    width: int = 32
    latent: int = 16
    hidden_layers: int = 0  # of MIDDLE, from the code to the convolutions: 2 latents want 3 (tests/bench/squeeze.py)
    beta: float = 1.0
    likelihood: str = "bernoulli"  # each pixel's brightness as a chance of ink; "gaussian" for colour
    spread: float = 0.1  # standard deviation of the gaussian, brightness in 0..1
    dial: bool = False  # one model for all betas from 0 to WIDEST; `beta` is then what is meant unless another is said

    def __post_init__(self):
        if self.side % 8 or not self.side:
            raise Mishap(f"A picture side must be a multiple of 8, and {self.side} is not.")
        if self.hidden_layers not in range(9):
            raise Mishap(f"A decoder has 0 to 8 hidden layers, not {str(self.hidden_layers)[:40]!r}.")
        if self.likelihood not in LIKELIHOODS:
            raise Mishap(f"A likelihood is {' or '.join(LIKELIHOODS)}, not {self.likelihood!r}.")
        if self.dial and not 0 <= self.beta <= WIDEST:
            raise Mishap(f"The dial goes from 0 to {WIDEST:g}, and {self.beta:g} is not on it.")


def beta_at(place: Tensor) -> Tensor:
    """place 0..1 on the dial -> beta, from exactly 0 to WIDEST; every tenth of the way doubles it, nearly"""
    return WIDEST * (2 ** (10 * place) - 1) / STEEP


def place_of(beta: Tensor) -> Tensor:
    """The other way round."""
    return (1 + beta * STEEP / WIDEST).log2() / 10


def near(place: Tensor) -> Tensor:
    """place (B,) on the dial -> how near it is to each of K places along it (B, K), in all 1"""
    along = torch.linspace(0, 1, PLACES, device=place.device)
    return (-((place[:, None] - along) * (PLACES - 1)).square()).softmax(1)


class Residual(nn.Module):
    """Two convolutions; a place on the dial stretches and moves what the norms give (FiLM, Perez et al. 2018)."""

    def __init__(self, width: int, dial: bool):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, 1, 1)
        self.second = nn.Conv2d(width, width, 3, 1, 1)
        self.norms = nn.ModuleList(nn.GroupNorm(min(8, width), width) for _ in range(2))
        nn.init.zeros_(self.second.weight)
        self.told = nn.Linear(PLACES, 4 * width, bias=False) if dial else None
        if self.told is not None:
            nn.init.zeros_(self.told.weight)

    def forward(self, x: Tensor, place: Tensor | None) -> Tensor:
        """x (B, W, S, S), place (B, K) -> (B, W, S, S)"""
        changes = (None, None) if self.told is None else self.told(place)[..., None, None].chunk(2, dim=1)
        h = self.first(F.silu(changed(self.norms[0](x), changes[0])))
        return x + self.second(F.silu(changed(self.norms[1](h), changes[1])))


def changed(x: Tensor, change: Tensor | None) -> Tensor:
    """x (B, W, S, S) stretched and moved by change (B, 2 W, 1, 1)"""
    if change is None:
        return x
    stretch, move = change.chunk(2, dim=1)
    return x * (1 + stretch) + move


class Chain(nn.Sequential):
    """Parts in a row; those that want to know the place on the dial are told."""

    def forward(self, x: Tensor, place: Tensor | None = None) -> Tensor:
        for part in self:
            x = part(x, place) if isinstance(part, Residual) else part(x)
        return x


class VAE(Model):
    """log p(x) >= E[log p(x | z)] - KL(q(z | x) || N(0, 1)), the bound that is trained (with beta before the KL)."""

    Config = Config
    PRESETS = {
        "tiny": {"width": 8, "latent": 4},
        "small": {"width": 16, "latent": 8},
        "medium": {"width": 32, "latent": 16},
    }
    RECIPE = {"lr": 2e-3, "batch": 64}
    LEARNS = ("images",)
    LAYOUT = torch.contiguous_format  # norms want it: in bf16 a step takes 84 ms, channels last 107, fp32 138 or 125
    carried: Tensor

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        W, Z, base, dial = config.width, config.latent, config.side // 8, config.dial
        self.encoder = Chain(
            *(nn.Conv2d(config.channels, W, 4, 2, 1), Residual(W, dial)),
            *(nn.Conv2d(W, 2 * W, 4, 2, 1), Residual(2 * W, dial)),
            *(nn.Conv2d(2 * W, 4 * W, 4, 2, 1), Residual(4 * W, dial)),
            *(nn.SiLU(), nn.Flatten(), nn.Linear(4 * W * base * base, 2 * Z)),
        )
        sizes = [Z, *[MIDDLE] * config.hidden_layers]
        self.decoder = Chain(
            *(part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU())),
            *(nn.Linear(sizes[-1], 4 * W * base * base), nn.Unflatten(1, (4 * W, base, base))),
            *(Residual(4 * W, dial), nn.ConvTranspose2d(4 * W, 2 * W, 4, 2, 1)),
            *(Residual(2 * W, dial), nn.ConvTranspose2d(2 * W, W, 4, 2, 1)),
            *(Residual(W, dial), nn.SiLU(), nn.ConvTranspose2d(W, config.channels, 4, 2, 1)),
        )
        self.register_buffer("carried", torch.zeros(Z))  # nats each latent carries, averaged while training

    def optimizers(self, lr: float) -> tuple[Optimizer, ...]:
        """Muon turns the kernels, AdamW the few that meet a picture, the codes' matrices and the norms.

        After 120 s of CPU, still in fp32 (tests/bench/squeeze.py, digits, 8 latents), the error was .35 of PCA's, with
        AdamW alone .40; Muon's rate may be 2.5 to 5 times AdamW's.
        """
        kernels, others = [], []
        for p in self.parameters():
            (kernels if p.dim() == 4 and min(p.shape[:2]) >= 8 else others).append(p)
        return Muon(kernels, 3.5 * lr), adamw(others, lr)

    @property
    def order(self) -> Tensor:
        """(Z,) long: the latents, those that carry most first"""
        return self.carried.argsort(descending=True, stable=True)

    def encode(self, x: Tensor, beta: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """x (B, C, S, S) in -1..1, beta (B,) where there is a dial -> mean (B, Z), log variance (B, Z)"""
        mean, logvar = self.encoder(x, self.place(len(x), beta)).float().chunk(2, dim=1)
        return mean, logvar.clamp(-12, 6)

    def decode(self, z: Tensor, beta: Tensor | None = None) -> Tensor:
        """z (B, Z), beta (B,) where there is a dial -> (B, C, S, S) in -1..1: the mean of the likelihood"""
        return 2 * self.logits(z, beta).sigmoid() - 1

    def logits(self, z: Tensor, beta: Tensor | None = None) -> Tensor:
        """What the decoder says before the sigmoid, (B, C, S, S)"""
        return self.decoder(z, self.place(len(z), beta)).float()

    def place(self, n: int, beta: Tensor | None) -> Tensor | None:
        """(n, K) for the dial; None for a model without one"""
        if not self.config.dial:
            return None
        device = self.carried.device
        return near(place_of(torch.full((n,), self.config.beta, device=device) if beta is None else beta))

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Nats per picture. "loss" has beta in it; reconstruction + kl is minus the bound."""
        beta = self.betas(len(batch.x), rng)
        return self.bound(batch.x, *self.encode(batch.x, beta), beta, rng)

    def bound(self, x: Tensor, mean: Tensor, logvar: Tensor, beta: Tensor, rng: torch.Generator) -> dict[str, Tensor]:
        """The same for pictures whose codes are known."""
        z = mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=rng, device=mean.device)
        reconstruction = self.surprise(self.logits(z, beta), x).mean()
        parts = kl(mean, logvar)
        if self.training:
            self.carried.lerp_(parts.detach().mean(0), 0.05)
        return {
            "loss": reconstruction + (beta * parts.sum(1)).mean(),
            "reconstruction": reconstruction,
            "kl": parts.sum(1).mean(),
        }

    def betas(self, n: int, rng: torch.Generator) -> Tensor:
        """(n,) the beta of each picture of a batch: evenly spread along the dial, its ends somewhat more often"""
        if not self.config.dial:
            return torch.full((n,), self.config.beta, device=rng.device)
        spread = torch.arange(n, device=rng.device) + torch.rand(n, generator=rng, device=rng.device)
        return beta_at((1.1 * spread / n - 0.05).clamp(0, 1))

    def surprise(self, raw: Tensor, x: Tensor) -> Tensor:
        """-log p(x | z) in nats (B,); raw (B, C, S, S) is what the decoder says, before the sigmoid"""
        light = (x + 1) / 2
        if self.config.likelihood == "bernoulli":
            return F.binary_cross_entropy_with_logits(raw, light, reduction="none").flatten(1).sum(1)
        spread = self.config.spread
        constant = torch.log(torch.tensor(spread * (2 * torch.pi) ** 0.5))
        return (((raw.sigmoid() - light) / spread).square() / 2 + constant).flatten(1).sum(1)

    @torch.no_grad()
    def sample(self, n: int, rng: torch.Generator, **knobs: Any) -> Iterator[Tensor]:
        """(n, C, S, S) drawn from the prior, at once; no knobs."""
        yield self.decode(torch.randn(n, self.config.latent, generator=rng, device=rng.device))


def kl(mean: Tensor, logvar: Tensor) -> Tensor:
    """KL(N(mean, e^logvar) || N(0, 1)) of each latent, in nats (B, Z)"""
    return (mean.square() + logvar.exp() - 1 - logvar) / 2
