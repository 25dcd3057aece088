"""What a picture shows, read off it: the instrument that Compass measures with. No Gradio.

The judge gives the chance of each kind. Where a program drew the pictures and their true factors are known, a straight
line from dots to factors (ridge regression; Hoerl & Kennard 1970), fitted to real training pictures and tried on unseen
ones, reads the factors as well. It knows nothing of the code. N pictures, Q readings.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from core.data.gallery import Gallery
from core.factors import correlations
from demo.redraw import unseen
from demo.shelf import once
from demo.vae.survey import judged, survey

FITTED, TRIED = 3000, 500  # real pictures for the line, and to try it on
LEGIBLE = 0.7  # correlation on unseen pictures, below which a factor is left out: the line cannot read it
RIDGE = 1e-3  # of the mean of the squares


class Line(NamedTuple):
    """From dots to factors."""

    weights: Tensor  # (D, F)
    dots: Tensor  # (D,) the mean picture
    factors: Tensor  # (F,) the mean factors
    r: Tensor  # (F,) correlation with the truth on unseen pictures

    def read(self, x: Tensor) -> Tensor:
        """x (N, C, S, S) -> (N, F)"""
        return (x.flatten(1) - self.dots) @ self.weights + self.factors


class Gauge(NamedTuple):
    """Readings of a collection, kinds after factors."""

    names: list[str]  # Q
    spread: Tensor  # (Q,) standard deviation among unseen pictures
    line: Line | None
    legible: list[int]  # which factors of the line are read


def fitted(x: Tensor, factors: Tensor, tried: Tensor, truth: Tensor) -> Line:
    """x (N, C, S, S) with factors (N, F); what the line is tried on, and the truth of that"""
    flat, dots, mean = x.flatten(1), x.flatten(1).mean(0), factors.mean(0)
    away = flat - dots
    gram = away @ away.T
    ridge = RIDGE * float(gram.trace()) / len(gram)
    weights = away.T @ torch.linalg.solve(gram + ridge * torch.eye(len(gram)), factors - mean)
    line = Line(weights, dots, mean, torch.zeros(factors.shape[1]))
    return line._replace(r=correlations(line.read(tried), truth).diagonal())


def drawn(name: str) -> Gallery | None:
    """The collection, where a program of ours draws it and its factors are known."""
    data = unseen(name)
    return data if isinstance(data, Gallery) and data.card.name == name and data.card.factors else None


@once
def gauge(name: str) -> Gauge:
    """The instrument for a collection: five seconds for a drawn one, once."""
    seen = survey(name)
    data = drawn(name) if seen.whose == "unseen" else None
    chances = torch.nn.functional.one_hot(seen.y, len(seen.labels)).float()
    if data is None:
        return Gauge(list(seen.labels), chances.std(0), None, [])
    known, start = data.factors(FITTED, "train"), len(seen.y)
    real = data.fixed(FITTED, "train").x
    tried, truth = data.fixed(TRIED, start=start).x, data.factors(start + TRIED)[start:]
    line = fitted(real, known, tried, truth)
    legible = (line.r >= LEGIBLE).nonzero().flatten().tolist()
    spread = torch.cat((known.std(0)[legible], chances.std(0)))
    return Gauge([data.card.factors[k] for k in legible] + list(seen.labels), spread, line, legible)


def readings(x: Tensor, name: str) -> Tensor:
    """x (N, C, S, S) -> (N, Q): factors about 0..1 as the line reads them, then the judge's chances of the kinds"""
    by, chances = gauge(name), judged(x, name)
    return chances if by.line is None else torch.cat((by.line.read(x)[:, by.legible], chances), 1)


def truths(name: str) -> Tensor:
    """(N, Q): what the survey's pictures really show, factors and kinds"""
    by, seen = gauge(name), survey(name)
    kinds = torch.nn.functional.one_hot(seen.y, len(seen.labels)).float()
    if by.line is None or (data := drawn(name)) is None:
        return kinds
    return torch.cat((data.factors(len(seen.y))[:, by.legible], kinds), 1)
