"""Does each number of a code stand for one thing? Scores of a code against the true factors of its pictures.

MIG: Chen et al. 2018 (arXiv:1802.04942). SAP: Kumar et al. 2018 (arXiv:1711.00848). DCI: Eastwood & Williams 2018
(ICLR), with the lasso. Each is 1 where every factor has one latent of its own, and near 0 where none can be told;
beside each stands the same score with the factors shuffled among the pictures.

N pictures, Z latents, F factors. Codes (N, Z) and factors (N, F) are float; whatever is fitted is fitted to the first
half of the pictures and tested on the second.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from core.model import Mishap, noise

BINS = 20  # equally full, for mutual information (Locatello et al. 2019, arXiv:1811.12359)
FEWEST = 200  # pictures, below which nothing is told
WHOLE = 0.8  # correlation from which a latent carries a factor
DOUBT = 4.0  # standard errors; a weight within them is taken for none, or what is left of chance would be scored


class Match(NamedTuple):
    """What a latent is mostly about."""

    factor: int
    r: float  # correlation on pictures that did not choose the factor; its sign is the slider's direction


def scores(codes: Tensor, factors: Tensor) -> dict[str, float]:
    """All scores by name; Mishap for fewer than FEWEST pictures."""
    if len(codes) < FEWEST:
        raise Mishap(f"At least {FEWEST} pictures are needed to compare a code with what was drawn.")
    spread, whole, informed = dci(codes, factors)
    return {
        "MIG": mig(codes, factors),
        "SAP": sap(codes, factors),
        "DCI disentanglement": spread,
        "DCI completeness": whole,
        "DCI informativeness": informed,
        "factors on one latent": float(carried(codes, factors)),
    }


def shuffled(factors: Tensor, seed: int = 0) -> Tensor:
    """factors (N, F) given to the wrong pictures: what any code scores by chance"""
    return factors[torch.randperm(len(factors), generator=noise(seed, 5))]


def mig(codes: Tensor, factors: Tensor) -> float:
    """Mutual information gap: how much more of a factor the best latent tells than the second best, as a share of all
    there is to tell; the mean over factors."""
    shared, entropy = information(codes, factors)
    first, second = shared.topk(2, dim=0).values
    return float(((first - second) / entropy).mean())


def information(codes: Tensor, factors: Tensor) -> tuple[Tensor, Tensor]:
    """Mutual information (Z, F) of each latent and factor, and the factors' entropies (F,), in nats, from bins"""
    a, b = binned(codes), binned(factors)
    n, Z, F = len(a), a.shape[1], b.shape[1]
    pair = (a[:, :, None] * BINS + b[:, None, :]).flatten(1) + BINS * BINS * torch.arange(Z * F)
    joint = torch.bincount(pair.flatten(), minlength=Z * F * BINS * BINS).view(Z, F, BINS, BINS) / n
    left, right = joint.sum(3, keepdim=True), joint.sum(2, keepdim=True)
    shared = torch.xlogy(joint, joint / (left * right).clamp(min=1e-12)).sum((2, 3))
    return shared, torch.special.entr(right[0, :, 0]).sum(1)


def binned(values: Tensor) -> Tensor:
    """(N, D) -> (N, D) long in 0..BINS-1: the rank of each value in its column, so that all bins are equally full"""
    return values.argsort(dim=0, stable=True).argsort(dim=0) * BINS // len(values)


def sap(codes: Tensor, factors: Tensor) -> float:
    """Separated attribute predictability: how much more of a factor's variance the best latent alone explains, on a
    straight line, than the second best; the mean over factors."""
    explained = correlations(*halves(codes, factors)[1]).square()
    first, second = explained.topk(2, dim=0).values
    return float((first - second).mean())


def halves(codes: Tensor, factors: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """What may be fitted, and what it is tested on."""
    half = len(codes) // 2
    return (codes[:half], factors[:half]), (codes[half:], factors[half:])


def correlations(codes: Tensor, factors: Tensor) -> Tensor:
    """(N, Z), (N, F) -> (Z, F); 0 where either never changes"""
    a, b = (values - values.mean(0) for values in (codes.double(), factors.double()))
    scale = a.norm(dim=0)[:, None] * b.norm(dim=0)
    return torch.where(scale > 1e-9, a.T @ b / scale.clamp(min=1e-9), 0.0).float()


def matches(codes: Tensor, factors: Tensor) -> list[Match]:
    """The factor that each latent goes with most closely, chosen on one half of the pictures, measured on the other."""
    fitted, tested = (correlations(*half) for half in halves(codes, factors))
    best = fitted.abs().argmax(1)
    return [Match(k, float(tested[j, k])) for j, k in enumerate(best.tolist())]


def carried(codes: Tensor, factors: Tensor) -> int:
    """How many factors have a latent, chosen on one half, whose correlation with them is WHOLE or more on the other"""
    fitted, tested = (correlations(*half).abs() for half in halves(codes, factors))
    return int((tested.gather(0, fitted.argmax(0, keepdim=True)) >= WHOLE).sum())


def dci(codes: Tensor, factors: Tensor) -> tuple[float, float, float]:
    """Disentanglement (each latent tells one factor), completeness (each factor is told by one latent) and
    informativeness (the share of the factors' variance that is told in all, on unseen pictures; at least 0)."""
    (a, b), (c, d) = halves(*(standard(values) for values in (codes, factors)))
    weights = torch.stack([lasso(a, b[:, k]) for k in range(b.shape[1])], 1)  # (Z, F)
    told = (1 - (c @ weights - d).square().mean(0) / d.square().mean(0).clamp(min=1e-9)).clamp(min=0).mean()
    importance = weights.abs() * (weights.abs() > DOUBT / len(a) ** 0.5)
    return concentration(importance), concentration(importance.T), float(told)


def standard(values: Tensor) -> Tensor:
    """Each column with mean 0 and spread 1; one that never changes is 0"""
    away = values - values.mean(0)
    spread = away.square().mean(0).sqrt()
    return torch.where(spread > 1e-9, away / spread.clamp(min=1e-9), 0.0)


def concentration(importance: Tensor) -> float:
    """importance (A, B) >= 0 -> 1 where each row has one entry, 0 where all of a row are alike; rows count as much as
    they hold. 0 where there is nothing at all."""
    if not importance.any():
        return 0.0
    rows = importance.sum(1)
    shares = importance / rows.clamp(min=1e-12)[:, None]
    scattered = torch.special.entr(shares).sum(1) / torch.log(torch.tensor(float(importance.shape[1])))
    return float(((1 - scattered) * rows).sum() / rows.sum())


def lasso(x: Tensor, y: Tensor, rounds: int = 100) -> Tensor:
    """x (N, Z), y (N,), both standard -> weights (Z,) that minimise |x w - y|^2 / 2N + a |w|_1, by coordinate descent
    (Friedman et al. 2010); a is the one of eight whose weights do best on the last quarter of the pictures."""
    fit = 3 * len(x) // 4
    strongest = float((x[:fit].T @ y[:fit]).abs().max()) / fit
    tried = [descend(x[:fit], y[:fit], strongest * 2.0**-i, rounds) for i in range(8)]
    errors = torch.stack([(x[fit:] @ w - y[fit:]).square().mean() for w in tried])
    return tried[int(errors.argmin())]


def descend(x: Tensor, y: Tensor, cost: float, rounds: int) -> Tensor:
    gram, along = x.T @ x / len(x), x.T @ y / len(x)
    w = torch.zeros(x.shape[1])
    for _ in range(rounds):
        before = w.clone()
        for j in range(len(w)):
            rest = along[j] - gram[j] @ w + gram[j, j] * w[j]
            w[j] = rest.sign() * (rest.abs() - cost).clamp(min=0) / gram[j, j].clamp(min=1e-9)
        if float((w - before).abs().max()) < 1e-5:
            break
    return w
