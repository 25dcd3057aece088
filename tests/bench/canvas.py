"""Whether a small drawing in a corner is understood: python -m tests.bench.canvas [--n 500] [--json]

Pictures of a collection that no model learnt from are drawn on the pad at half size, each in one of its four corners,
read as the page reads a visitor's drawing, and redrawn. Told is how often our judge sees in the redraw the subject that
the picture has. Beside it: the same with the whole pad, the judge on the picture itself, and chance; and how far what
is read lies from the picture as its collection has it (mean square, dots in 0..1), which demo.ink.HANDS were fitted to.
"""

import argparse
import json

import torch
from torch import Tensor
from torch.nn import functional as F

from core import checkpoint
from demo.ink import settle
from demo.redraw import laid, look, unseen

COLLECTIONS = ("doodles", "digits")


def cornered(drawing: Tensor, corner: int) -> Tensor:
    """drawing (1, side, side) at half its size in corner 0 to 3 of a pad as large"""
    side, small = drawing.shape[1], F.interpolate(drawing[None], scale_factor=0.5, mode="area")[0]
    down, right = corner // 2 * (side // 2), corner % 2 * (side // 2)
    pad = torch.zeros_like(drawing)
    pad[:, down : down + small.shape[1], right : right + small.shape[2]] = small
    return pad


def shares(name: str, n: int) -> dict[str, float]:
    """How often the judge is right, by what it was shown; and how far off the small drawings were read."""
    batch, judge = unseen(name).fixed(n), checkpoint.load(f"judge-{name}").model.eval()
    drawings = [laid(x[None], name) for x in batch.x]
    small = [cornered(d, i % 4) for i, d in enumerate(drawings)]
    shown = {
        "half size, in a corner": torch.stack([look(d, name).again for d in small]),
        "as large as the pad": torch.stack([look(d, name).again for d in drawings]),
        "the picture itself": batch.x,
    }
    with torch.inference_mode():
        right = {how: float((judge.logits(x).argmax(1) == batch.y).float().mean()) for how, x in shown.items()}
    read = torch.cat([settle(d, name) for d in small])
    return right | {"chance": 1 / judge.config.classes, "read off by": float(((read - batch.x) / 2).square().mean())}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.canvas", description=__doc__.split("\n")[0])
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {name: shares(name, options.n) for name in COLLECTIONS}
    if options.json:
        print(json.dumps({"n": options.n, "right": found}))
        return
    print(f"share of {options.n} drawings in whose redraw the judge sees the right subject")
    for name, row in found.items():
        print(f"{name:<8} " + "   ".join(f"{how} {share:.4f}" for how, share in row.items()))


if __name__ == "__main__":
    main()
