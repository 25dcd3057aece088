"""The forger at work and the critic asked: all that the GAN's rooms and scripts share. No Gradio."""

from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from core.checkpoint import names
from core.data import is_here
from core.model import noise
from demo import shelf
from demo.gan.critic import line
from demo.limits import finite, one_of, whole
from demo.picture import read
from demo.show import uri
from demo.words import words

TEXTS = words("gan.paint")
FIRST = "faces"  # its real pictures are always at hand
BOLDEST, SEEDS, MOST = 1.5, 999_999, 64


@cache
def collections() -> tuple[str, ...]:
    """What the shipped forgers can paint, the one to begin with first."""
    return tuple(sorted((name.removeprefix("gan-") for name in names("gan")), key=lambda name: (name != FIRST, name)))


def card(collection: str) -> dict[str, Any]:
    """The card of the forger for a collection; Mishap if there is none."""
    return shelf.card("gan-" + one_of(collection, collections(), "The collection"))


def missing(offer: Iterable[str]) -> str:
    """A sentence on those of the collections that are not on this machine; "" where all are."""
    titles = [card(name)["data"]["title"] for name in offer if not is_here(name)]
    return words("gan")["missing"].format(titles=" and ".join(titles)) if titles else ""


def subjects(collection: str) -> list[str]:
    """What can be asked for: a mix, or one label."""
    return [TEXTS["mix"], *card(collection)["data"]["labels"]]


def asked(collection: str, subject: str, count: int) -> Tensor:
    """The labels (count,) of a subject; a mix takes all in turn."""
    known = subjects(collection)[1:]
    if one_of(subject, [TEXTS["mix"], *known], "The subject") == TEXTS["mix"]:
        return torch.arange(count) % max(1, len(known))
    return torch.full((count,), known.index(subject))


def latents(collection: str, subject: str, seed: int, bold: float, count: int) -> tuple[Tensor, Tensor]:
    """What paintings are made from: noise (count, Z) and labels (count,). Each is the same in any count."""
    seed, bold = whole(seed, 0, SEEDS, "The seed"), finite(bold, 0, BOLDEST, "Boldness")
    y = asked(collection, subject, whole(count, 1, MOST, "The count"))
    gan = shelf.shelf(f"gan-{collection}").model
    return bold * torch.cat([gan.latents(1, noise(seed, i)) for i in range(len(y))]), y


@torch.inference_mode()
def painted(collection: str, subject: str, seed: int, bold: float, count: int) -> tuple[Tensor, Tensor]:
    """Paintings (count, C, S, S) and their labels (count,)."""
    z, y = latents(collection, subject, seed, bold, count)
    return shelf.shelf(f"gan-{collection}").model.paint(z, y), y


@torch.inference_mode()
def beliefs(collection: str, x: Tensor, y: Tensor) -> Tensor:
    """The critic's chance (n,) that each of the pictures x is real."""
    return line(f"gan-{collection}").chances(shelf.shelf(f"gan-{collection}").model.judge(x, y), y)


def says(chance: float) -> tuple[str, int]:
    """The critic's word, and how sure it is of it in per cent."""
    return (TEXTS["real"], round(100 * chance)) if chance > 0.5 else (TEXTS["forged"], round(100 * (1 - chance)))


def paint(collection: str, subject: str = "a mix", seed: int = 0, bold: float = 1.0, count: int = 16) -> list[str]:
    """Paints pictures, 32 x 32, and returns them as PNG data URIs.

    Parameters:
        collection: what the forger learnt from, such as "faces", "fashion" or "doodles"
        subject: one of the collection's labels, or "a mix" for all in turn
        seed: 0 to 999999; the same seed paints the same pictures
        bold: 0 to 1.5; how far from the safest picture (truncation); 1 is how it was trained
        count: 1 to 64 pictures
    """
    return [uri(picture) for picture in painted(collection, subject, seed, bold, count)[0]]


def judge(picture: str, collection: str, subject: str) -> tuple[float, str]:
    """Asks the critic about a picture: the chance (0.01 to 0.99) that it is real, and a sentence.

    It has only ever seen the collection and its own forger's paintings; of anything else it knows nothing.

    Parameters:
        picture: a PNG or JPEG as a data URI or in base64; it is brought to 32 x 32
        collection: what the critic learnt from, such as "faces", "fashion" or "doodles"
        subject: the label that the picture is said to have
    """
    labels = subjects(collection)[1:]
    y = torch.tensor([labels.index(one_of(subject, labels, "The subject")) if labels else 0])
    chance = float(beliefs(collection, read(picture, card(collection)["config"])[None], y))
    word, _ = says(chance)
    return round(chance, 4), TEXTS["verdict"].format(chance=round(100 * chance), verdict=word)
