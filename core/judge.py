"""A small classifier for each labelled collection: the measuring instrument of the picture families.

Its features stand where Inception's stand in Heusel et al. 2017 (arXiv:1706.08500): distances are comparable only
under the same judge, so every number comes with the distance of real pictures from real ones.

B pictures, C channels, S side, K classes.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.model import Batch, Mishap, Model


@dataclass(frozen=True)
class Config:
    channels: int
    side: int
    classes: int
    width: int = 24
    features: int = 64

    def __post_init__(self):
        if self.side % 8 or not self.side or self.classes < 2:
            raise Mishap("A judge needs pictures with at least two labels, their side a multiple of 8.")


def conv(before: int, after: int) -> list[nn.Module]:
    """Half the side: (B, before, s, s) -> (B, after, s / 2, s / 2)"""
    return [nn.Conv2d(before, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]


class Judge(Model):
    Config = Config
    PRESETS = {"tiny": {"width": 8, "features": 16}, "small": {}}
    RECIPE = {"lr": 2e-3, "batch": 128}
    LEARNS = ("images",)

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        W = config.width
        self.body = nn.Sequential(
            *conv(config.channels, W),
            *conv(W, 2 * W),
            *conv(2 * W, 2 * W),
            *(nn.Flatten(), nn.Linear(2 * W * (config.side // 8) ** 2, config.features), nn.ReLU()),
        )
        self.head = nn.Linear(config.features, config.classes)

    def features(self, x: Tensor) -> Tensor:
        """x (B, C, S, S) -> (B, 64)"""
        return self.body(x).float()

    def logits(self, x: Tensor) -> Tensor:
        """x (B, C, S, S) -> (B, K)"""
        return self.head(self.features(x)).float()

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Cross-entropy in nats, on pictures moved by up to two pixels, and the share it had right."""
        logits = self.logits(shifted(batch.x, rng))
        return {
            "loss": F.cross_entropy(logits, batch.y),  # type: ignore[arg-type]  # a judge learns from labels
            "right": (logits.argmax(1) == batch.y).float().mean(),
        }


def shifted(x: Tensor, rng: torch.Generator, most: int = 2) -> Tensor:
    """The whole batch moved by one offset of up to `most` pixels each way, edges repeated."""
    down, right = torch.randint(2 * most + 1, (2,), generator=rng, device=rng.device).tolist()
    padded = F.pad(x, (most, most, most, most), mode="replicate")
    return padded[:, :, down : down + x.shape[2], right : right + x.shape[3]]
