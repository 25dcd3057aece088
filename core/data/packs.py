"""Real pictures: clothes, digits and doodles, read from a folder of .npz files.

Xiao, Rasul & Vollgraf 2017, Fashion-MNIST, arXiv:1708.07747; LeCun et al. 1998, Gradient-based learning applied to
document recognition; Ha & Eck 2017, A neural representation of sketch drawings, arXiv:1704.03477.

A file holds x_train, y_train, x_test, y_test, or x and y alone; x (N, 28, 28) and y (N,) are uint8, and 0 is the
background. They stay uint8 in memory and become floats a batch at a time. `core.data.fetch` downloads them.
"""

import lzma
import zipfile
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.data.collection import Card, Pictures
from core.model import Batch, Mishap, noise

SIDE = 28  # as published; two dark pixels are put on every side, so that 32 can be halved five times
MARGIN = 2
FILES = {"fashion": "fashion_mnist.npz", "digits": "mnist.npz", "doodles": "quickdraw10.npz"}
MOST_PICTURES = 100_000
MOST_BYTES = MOST_PICTURES * SIDE * SIDE + 4096  # of one array, its header included
BAD_ARRAY = (OSError, EOFError, ValueError, KeyError, RuntimeError, MemoryError)  # what numpy raises for a damaged file
BAD_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError)

PACKS = {
    "fashion": Card(
        name="fashion",
        title="Fashion-MNIST",
        learns="images",
        licence="MIT",
        source="Copyright © 2017 Zalando SE, https://tech.zalando.com; Fashion-MNIST by Xiao, Rasul and Vollgraf",
        about="70,000 small grey photographs of clothes, shoes and bags from a shop's catalogue.",
        channels=1,
        side=SIDE + 2 * MARGIN,
        labels=(
            "T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
        ),
    ),
    "digits": Card(
        name="digits",
        title="MNIST",
        learns="images",
        licence="CC BY-SA 3.0",
        source="Yann LeCun and Corinna Cortes hold the copyright of the MNIST dataset, derived from NIST",
        about="70,000 digits written by hand by census workers and school pupils.",
        channels=1,
        side=SIDE + 2 * MARGIN,
        labels=("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ),
    "doodles": Card(
        name="doodles",
        title="Quick, Draw! (ten kinds)",
        learns="images",
        licence="CC BY 4.0",
        source="The Quick, Draw! Dataset, made available by Google, Inc., https://quickdraw.withgoogle.com/data",
        about="38,000 doodles of ten things, each drawn by somebody in under twenty seconds.",
        channels=1,
        side=SIDE + 2 * MARGIN,
        labels=("airplane", "banana", "bird", "book", "cat", "clock", "dog", "flower", "house", "rainbow"),
    ),
}  # fmt: skip


class Pack(Pictures):
    """Pictures in memory: `parts` = {"train": Batch, "test": Batch}, x (N, 1, 28, 28) uint8 and y (N,) long."""

    def __init__(self, card: Card, parts: dict[str, Batch]):
        self.card = card
        self.parts = parts
        self.order = {split: torch.randperm(len(part.x), generator=noise(0)) for split, part in parts.items()}

    def batch(self, size: int, rng: torch.Generator, split: str = "train") -> Batch:
        """x (size, 1, 32, 32) float in -1..1, y (size,) long, drawn with replacement."""
        if not self.held(split):
            raise Mishap(f"This file of {self.card.title} has no {split} pictures.")
        return self._take(torch.randint(self.held(split), (size,), generator=rng), split)

    def fixed(self, n: int, split: str = "test", start: int = 0) -> Batch:
        """Pictures start..start+n of a shuffle that is always the same, so that all labels are among them."""
        if not 0 <= start <= start + n <= self.held(split):
            held = f"{self.card.title} holds {self.held(split):,} {split} pictures"
            raise Mishap(f"{held}, fewer than the {start + n:,} asked for.")
        return self._take(self.order[split][start : start + n], split)

    def held(self, split: str = "test") -> int:
        return len(self.order[split])

    def _take(self, chosen: Tensor, split: str) -> Batch:
        x, y = self.parts[split]
        return Batch(to_floats(x[chosen]), y[chosen])  # type: ignore[index]  # a pack has labels


def to_floats(x: Tensor) -> Tensor:
    """x (B, 1, 28, 28) uint8 -> (B, 1, 32, 32) float, 0 -> -1 and 255 -> 1, the margin -1."""
    return F.pad(x.float() / 127.5 - 1, (MARGIN,) * 4, value=-1.0)


def open_pack(name: str, folder: Path) -> Pack:
    """The collection `name` of PACKS, from its file in the folder; Mishap if it is not there or damaged."""
    if name not in PACKS:
        raise Mishap(f"There is no pack called {name}; there are {', '.join(PACKS)}.")
    path = folder / FILES[name]
    if not path.is_file():
        raise Mishap(
            f"{PACKS[name].title} is not on this machine yet: `python -m core fetch {name}` downloads it, "
            "and the gallery collections work without it."
        )
    return read_pack(path, PACKS[name])


def read_pack(path: Path, card: Card) -> Pack:
    """Any file in the packs' format, as pictures with the card's labels; Mishap if it is anything else."""
    arrays = _arrays(path)
    if "x" in arrays and "y" in arrays:
        x, y = _pair(arrays["x"], arrays["y"], path, card)
        last = _held_out(y)
        return Pack(card, {"train": Batch(x[~last], y[~last]), "test": Batch(x[last], y[last])})
    if not {"x_train", "y_train", "x_test", "y_test"} <= arrays.keys():
        raise Mishap(f"{path.name} is not a pack of pictures: it holds {', '.join(sorted(arrays)) or 'nothing'}.")
    train, test = (_pair(arrays[f"x_{split}"], arrays[f"y_{split}"], path, card) for split in ("train", "test"))
    return Pack(card, {"train": Batch(*train), "test": Batch(*test)})


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an .npz file; sizes are read from its table and bounded before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as members:
            sizes = [member.file_size for member in members.infolist()]
        if len(sizes) > 8 or max(sizes, default=0) > MOST_BYTES:
            raise Mishap(f"{path.name} is larger than any pack of pictures, so it was not opened.")
        with np.load(path, allow_pickle=False) as arrays:
            return {key: arrays[key] for key in arrays.files}
    except (*BAD_ARRAY, *BAD_ZIP) as error:
        raise Mishap(f"{path.name} is damaged or not a pack of pictures: delete it and fetch it again.") from error


def _pair(x: np.ndarray, y: np.ndarray, path: Path, card: Card) -> tuple[Tensor, Tensor]:
    """Pictures (N, 28, 28) and labels (N,), both uint8 -> (N, 1, 28, 28) uint8 and (N,) long, checked."""
    if x.dtype != np.uint8 or y.dtype != np.uint8 or x.shape[1:] != (SIDE, SIDE) or y.shape != x.shape[:1]:
        raise Mishap(f"{path.name} does not hold pictures of {SIDE} x {SIDE} bytes with one label each.")
    if len(y) and int(y.max()) >= len(card.labels):
        raise Mishap(f"{path.name} has a label {int(y.max())}, and {card.title} has only {len(card.labels)} labels.")
    return torch.from_numpy(x)[:, None], torch.from_numpy(y).long()


def _held_out(y: Tensor) -> Tensor:
    """y (N,) -> (N,) bool, the test part of what was published without one: the last 400 of every 4,000 of a kind.

    A file too small for that gives up every tenth of a kind.
    """
    rank = torch.empty_like(y)  # the how-manieth of its kind
    for label in y.unique():
        rank[y == label] = torch.arange(int((y == label).sum()))
    last = rank % 4000 >= 3600
    return last if last.any() else rank % 10 == 9
