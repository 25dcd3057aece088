"""What the critic's numbers mean: where its line between real and forged lies, and how sure it is.

The critic was trained on pairs, so its zero means nothing; only differences do. The line is put halfway between what it
gives unseen real pictures and what it gives forgeries of the same subject. If both are spread normally and alike, with
means r and f and variance v, the chance that a picture of logit l is real is sigmoid((r - f) / v * (l - (r + f) / 2)).
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.gan import GAN
from core.model import Mishap, noise

LUCK = 50  # tosses
EACH = 256  # unseen pictures of each subject: half to find the line with, half to try it on


class Line(NamedTuple):
    """Of K subjects."""

    middle: Tensor  # (K,) the logit halfway
    steep: Tensor  # (K,) how fast the chance rises there
    takes: Tensor  # (K,) the share of unseen real pictures above it
    passes: Tensor  # (K,) the share of forgeries above it
    n: Tensor  # (K,) unseen real pictures that share was measured on
    off: float = 0.0  # how far its chances lie from what came true, on as many unseen real pictures and forgeries
    luck: float = 0.0  # how far those of a judge who knows its own doubt exactly would seem to lie

    def chances(self, logits: Tensor, y: Tensor) -> Tensor:
        """logits (n,), y (n,) -> the chance (n,) that each is real, if half of all were.

        Never surer than one in a hundred: the line was found on too few pictures to say more.
        """
        return torch.sigmoid(self.steep[y] * (logits - self.middle[y])).clamp(0.01, 0.99)


@torch.inference_mode()
def measured(gan: GAN, x: Tensor, y: Tensor) -> Line:
    """Finds each subject's line on half of the unseen pictures and as many forgeries; tries it on the other half.

    x (n, C, S, S) unseen pictures, y (n,) their labels, of all subjects.
    """
    real = gan.judge(x, y)
    forged = gan.judge(gan.paint(gan.latents(len(y), noise(0, len(y))), y), y)
    found, tried = slice(0, None, 2), slice(1, None, 2)
    subjects = range(max(1, gan.config.classes))
    lines = [between(real[found][y[found] == k], forged[found][y[found] == k]) for k in subjects]
    middle, steep = (torch.stack(column) for column in zip(*lines, strict=True))
    takes, passes = (
        torch.stack([(logits[tried][y[tried] == k] > middle[k]).float().mean() for k in subjects])
        for logits in (real, forged)
    )
    line = Line(middle, steep, takes, passes, y[tried].bincount(minlength=len(middle)))
    chances = torch.cat([line.chances(logits[tried], y[tried]) for logits in (real, forged)])
    true = torch.cat((torch.ones(len(chances) // 2), torch.zeros(len(chances) // 2)))
    toss = torch.rand(LUCK, len(chances), generator=noise(0, 3)) < chances
    luck = sum(off(chances, tossed.float()) for tossed in toss) / LUCK
    return line._replace(off=off(chances, true), luck=luck)


def off(chances: Tensor, true: Tensor) -> float:
    """Expected calibration error: chances (n,), what came true (n,) as 0 or 1 -> how far apart their means lie,
    on average over ten groups of like chances (Guo et al., arXiv:1706.04599)."""
    group = (10 * chances).long().clamp(max=9)
    gaps = torch.zeros(10).index_add_(0, group, chances - true)
    return float(gaps.abs().sum() / len(chances))


def between(real: Tensor, forged: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (n,), (m,) -> the middle between their means, and the steepness of the chance there."""
    apart = real.mean() - forged.mean()
    variance = (real.var() + forged.var()) / 2
    return (real.mean() + forged.mean()) / 2, apart.clamp(min=0) / variance.clamp(min=1e-6)


def to_card(line: Line) -> dict[str, Any]:
    """The line as it stands on a card."""
    return {name: value.tolist() if isinstance(value, Tensor) else value for name, value in line._asdict().items()}


def from_card(told: Any, subjects: int) -> Line:
    """The same read back; Mishap where it is not there for all subjects."""
    try:
        parts = {name: torch.tensor(told[name]) for name in Line._fields[:5]}
        line = Line(**parts, off=float(told["off"]), luck=float(told["luck"]))
    except (KeyError, TypeError, ValueError):
        raise Mishap("This critic was never held against real pictures, so its verdict cannot be read.") from None
    if any(part.shape != (subjects,) for part in line[:5]):
        raise Mishap("This critic was held against other subjects than it has, so its verdict cannot be read.")
    return line
