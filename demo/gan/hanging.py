"""Paintings ready to hang: what stands under each, and what a blind person hears."""

from torch import Tensor

from demo.gan.forger import TEXTS, card, says
from demo.parts.wall import Hung

COUNT = 16  # paintings on the wall


def hung(collection: str, x: Tensor, y: Tensor, chances: Tensor | None, alt: str) -> list[Hung]:
    """Pictures x (n, C, S, S) of labels y (n,) ready to hang, with the critic's verdicts (n,) once it was asked."""
    labels = card(collection)["data"]["labels"] or [card(collection)["data"]["title"]]
    pictures = [Hung(x[i], alt.format(i=i + 1, subject=labels[k]), labels[k]) for i, k in enumerate(y.tolist())]
    if chances is None:
        return pictures
    return [heard(picture, chance) for picture, chance in zip(pictures, chances.tolist(), strict=True)]


def heard(picture: Hung, chance: float) -> Hung:
    """The picture with the critic's verdict under it, and in its alt text."""
    word, sure = says(chance)
    alt = f"{picture.alt} {TEXTS['heard'].format(verdict=word, sure=sure)}"
    return picture._replace(alt=alt, verdict=f"{word} {sure} %", belief=chance)
