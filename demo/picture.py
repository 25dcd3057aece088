"""A picture that a stranger sends, brought to what a model can look at. No Gradio."""

import base64
import binascii
import re
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from core.model import Mishap

LONGEST, WIDEST = 4_000_000, 2048  # characters and pixels


def read(picture: str, config: dict[str, Any]) -> Tensor:
    """A stranger's picture -> (C, S, S) in -1..1; Mishap if it is none, or huge."""
    if not isinstance(picture, str) or len(picture) > LONGEST:
        raise Mishap("The picture must be a PNG or JPEG in base64, of at most 3 MB.")
    try:
        file = base64.b64decode(re.sub(r"^data:image/\w+;base64,", "", picture), validate=True)
        image = Image.open(BytesIO(file), formats=("PNG", "JPEG"))
        if max(image.size) > WIDEST:
            raise Mishap(f"The picture is {image.width} by {image.height} pixels; {WIDEST} is the most.")
        image = flat(image).convert("RGB" if config["channels"] == 3 else "L")
    except (binascii.Error, ValueError, OSError, SyntaxError, Image.DecompressionBombError):
        raise Mishap("This cannot be read as a PNG or JPEG picture in base64.") from None
    if image.size != (config["side"],) * 2:
        image = image.resize((config["side"],) * 2, Image.Resampling.BOX)
    pixels = torch.from_numpy(np.array(image)).float() / 127.5 - 1
    return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)


def flat(image: Image.Image) -> Image.Image:
    """The same upright, in eight bits, and filled where it is transparent: black behind light ink, else white."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # sixteen bits
        image = Image.fromarray((np.asarray(image) / 257).clip(0, 255).astype(np.uint8))
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    light, ink = np.asarray(image.convert("RGB").convert("L"), float), np.asarray(image.getchannel("A"), float)
    ground = "black" if (light * ink).sum() > 0.7 * 255 * ink.sum() else "white"
    return Image.alpha_composite(Image.new("RGBA", image.size, ground), image)
