"""What a VAE's dial gives and takes: rate, distortion and fresh pictures at places along it.

The curve of rate against distortion: Alemi et al. 2018 (arXiv:1711.00464).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from core.data.collection import Pictures
from core.judge import Judge
from core.measure import fixed, frechet, in_chunks, pca_error
from core.model import noise
from core.vae import VAE, beta_at, kl

STOPS = 21  # places at which the dial is measured, evenly spread along it


class Turned(NamedTuple):
    """A dial, measured; all of it JSON."""

    n: int  # unseen pictures
    pca: float  # squared error per pixel of the best straight-line code with as many numbers, brightness in 0..1
    floor: float  # Frechet distance of as many real pictures
    rows: list[tuple[float, float, float, float]]  # beta, bits per picture, squared error per pixel, Frechet distance


def stops() -> Tensor:
    """(STOPS,) betas from one end of the dial to the other"""
    return beta_at(torch.linspace(0, 1, STOPS))


@torch.inference_mode()
def turned(vae: VAE, data: Pictures, judge: Judge, n: int = 2000, at: Tensor | None = None) -> Turned:
    """A row for each beta of `at`, of all stops if that is None: from n unseen pictures, redrawn from their mean codes,
    and from n pictures out of the prior."""
    (x, _), (train, _) = fixed(data, n, "test"), fixed(data, n, "train")
    real = in_chunks(judge.features, x)
    z = torch.randn(len(x), vae.config.latent, generator=noise(0, 3))
    rows = []
    for beta in stops() if at is None else at:
        every = beta.expand(len(x))
        costs = in_chunks(lambda some, betas: torch.stack(redrawn(vae, some, betas)[1:], 1), x, every)
        bits, error = costs.mean(0).tolist()
        fresh = in_chunks(lambda codes, betas: judge.features(vae.decode(codes, betas)), z, every)
        rows.append((float(beta), bits, error, frechet(fresh, real)))
    floor = frechet(in_chunks(judge.features, train), real)
    return Turned(len(x), pca_error(train, x, vae.config.latent), floor, rows)


def redrawn(vae: VAE, x: Tensor, beta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x (B, C, S, S), beta (B,) -> its redraw, the bits of each code (B,), the squared error per pixel of each (B,)"""
    mean, logvar = vae.encode(x, beta)
    again = vae.decode(mean, beta)
    return again, kl(mean, logvar).sum(1) / math.log(2), ((again - x) / 2).square().flatten(1).mean(1)
