"""How unusual a picture is to a VAE: what it costs, beside what pictures of its collection cost that it never saw.

The cost is minus the evidence lower bound, averaged over draws from the cloud: what a picture costs in all, for
a likelihood alone does not tell a plain picture from a familiar one (Nalisnick et al. 2019, arXiv:1810.09136).
"""

import torch
from torch import Tensor

from core.data.collection import Pictures
from core.measure import fixed, in_chunks
from core.model import noise
from core.vae import VAE, kl

DRAWS = 8


@torch.inference_mode()
def cost(vae: VAE, x: Tensor, draws: int = DRAWS) -> Tensor:
    """x (B, C, S, S) -> nats (B,), always with the same dice"""
    mean, logvar = vae.encode(x)
    spread, rng = (0.5 * logvar).exp(), noise(0, 4)
    codes = [mean + spread * torch.randn(1, mean.shape[1], generator=rng) for _ in range(draws)]
    return torch.stack([vae.surprise(vae.logits(z), x) for z in codes]).mean(0) + kl(mean, logvar).sum(1)


def scale(vae: VAE, data: Pictures, n: int) -> list[float]:
    """For a card: what up to n unseen pictures cost, from the cheapest to the dearest in a hundred steps (101 nats)"""
    costs = in_chunks(lambda rows: cost(vae, rows), fixed(data, n, "test")[0])
    return [round(float(c), 2) for c in costs.quantile(torch.linspace(0, 1, 101))]


def dearer(nats: float, costs: list[float]) -> int:
    """Of a hundred unseen pictures, how many cost less"""
    return sum(nats > c for c in costs[1:])
