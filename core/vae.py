"""Sketch and Redraw: a picture is squeezed into a few numbers and drawn again from them.

Kingma & Welling 2014 (arXiv:1312.6114); beta weighs the rate against the distortion (Higgins et al. 2017).

B pictures, C channels, S side, W width, Z latents.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model import Batch, Mishap, Model

LIKELIHOODS = ("bernoulli", "gaussian")


@dataclass(frozen=True)
class Config:
    channels: int
    side: int
    width: int = 32
    latent: int = 16
    beta: float = 1.0
    likelihood: str = "bernoulli"  # each pixel's brightness as a chance of ink; "gaussian" for colour
    spread: float = 0.1  # standard deviation of the gaussian, brightness in 0..1

    def __post_init__(self):
        if self.side % 8 or not self.side:
            raise Mishap(f"A picture side must be a multiple of 8, and {self.side} is not.")
        if self.likelihood not in LIKELIHOODS:
            raise Mishap(f"A likelihood is {' or '.join(LIKELIHOODS)}, not {self.likelihood!r}.")


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, 1, 1)
        self.second = nn.Conv2d(width, width, 3, 1, 1)
        self.norms = nn.ModuleList(nn.GroupNorm(min(8, width), width) for _ in range(2))
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(F.silu(self.norms[0](x)))
        return x + self.second(F.silu(self.norms[1](h)))


class VAE(Model):
    """log p(x) >= E[log p(x | z)] - KL(q(z | x) || N(0, 1)), the bound that is trained (with beta before the KL)."""

    Config = Config
    PRESETS = {
        "tiny": {"width": 8, "latent": 4},
        "small": {"width": 16, "latent": 8},
        "medium": {"width": 32, "latent": 16},
    }
    RECIPE = {"lr": 2e-3, "batch": 128}
    LEARNS = ("images",)
    carried: Tensor

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        W, Z, base = config.width, config.latent, config.side // 8
        self.encoder = nn.Sequential(
            *(nn.Conv2d(config.channels, W, 4, 2, 1), Residual(W)),
            *(nn.Conv2d(W, 2 * W, 4, 2, 1), Residual(2 * W)),
            *(nn.Conv2d(2 * W, 4 * W, 4, 2, 1), Residual(4 * W)),
            *(nn.SiLU(), nn.Flatten(), nn.Linear(4 * W * base * base, 2 * Z)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(Z, 4 * W * base * base), nn.Unflatten(1, (4 * W, base, base))),
            *(Residual(4 * W), nn.ConvTranspose2d(4 * W, 2 * W, 4, 2, 1)),
            *(Residual(2 * W), nn.ConvTranspose2d(2 * W, W, 4, 2, 1)),
            *(Residual(W), nn.SiLU(), nn.ConvTranspose2d(W, config.channels, 4, 2, 1)),
        )
        self.register_buffer("carried", torch.zeros(Z))  # nats each latent carries, averaged while training

    @property
    def order(self) -> Tensor:
        """(Z,) long: the latents, those that carry most first"""
        return self.carried.argsort(descending=True, stable=True)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x (B, C, S, S) in -1..1 -> mean (B, Z), log variance (B, Z)"""
        mean, logvar = self.encoder(x).float().chunk(2, dim=1)
        return mean, logvar.clamp(-12, 6)

    def decode(self, z: Tensor) -> Tensor:
        """z (B, Z) -> (B, C, S, S) in -1..1: the mean of the likelihood"""
        return 2 * self.decoder(z).float().sigmoid() - 1

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Nats per picture. "loss" has beta in it; reconstruction + kl is minus the bound."""
        mean, logvar = self.encode(batch.x)
        z = mean + (0.5 * logvar).exp() * torch.randn(mean.shape, generator=rng, device=mean.device)
        reconstruction = self.surprise(self.decoder(z).float(), batch.x).mean()
        parts = kl(mean, logvar).mean(0)
        if self.training:
            self.carried.lerp_(parts.detach(), 0.05)
        return {
            "loss": reconstruction + self.config.beta * parts.sum(),
            "reconstruction": reconstruction,
            "kl": parts.sum(),
        }

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
