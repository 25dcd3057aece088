"""What redraws hit of pictures: fine lines, the rough shape, the right colours; and which came first. No Gradio.

A part is there once redraws of unseen pictures hit half of what sets them apart from their mean in it. Small painters
of faces, shapes and doodles had the rough shape first, within seconds.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from demo.words import words

ACROSS, HALF = 4, 0.5  # blocks along a side in which the rough shape is seen; the share from which a part is there


def parts(x: Tensor) -> list[Tensor]:
    """Of pictures x (B, C, S, S): fine lines (B, 1, S, S), the rough shape (B, 1, ACROSS, ACROSS), and of coloured ones
    the colours (B, C, ACROSS, ACROSS), in the order of the guesses"""
    light, block = x.mean(1, keepdim=True), x.shape[-1] // ACROSS
    shape = F.avg_pool2d(light, block)
    colours = [F.avg_pool2d(x - light, block)] if x.shape[1] > 1 else []
    return [light - F.interpolate(shape, scale_factor=block), shape, *colours]


def hit(x: Tensor, again: Tensor, usual: Tensor) -> list[float]:
    """Of each part of pictures x (B, C, S, S) the share that their redraws `again` hit of what sets them apart from a
    usual one (1, C, S, S): R squared, less than 0 where they are farther off than that"""
    shares = []
    for real, redrawn, alike in zip(parts(x), parts(again), parts(usual), strict=True):
        apart = float((real - alike).square().sum().clamp(min=1e-6))
        shares.append(1 - float((real - redrawn).square().sum()) / apart)
    return shares


def came(shares: list[float], step: int, seconds: float, over: bool) -> tuple[str, str]:
    """Which guess came, and how that was measured: the part that is there, the clearest if there are several; once the
    time is over, that there is none; twice "" while that is open."""
    shares = [round(share, 2) for share in shares]  # as they are told
    texts, best = words("vae.train"), int(torch.tensor(shares).argmax())
    there = shares[best] >= HALF
    if not (there or over):
        return "", ""
    names = texts["guesses"]
    found = ", ".join(f"{name.lower()} {100 * max(0.0, share):.0f} %" for name, share in zip(names, shares))
    measured = texts["came"].format(step=step, seconds=seconds, found=found, half=100 * HALF)
    return names[best if there else -1], measured
