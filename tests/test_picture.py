"""What a stranger's picture is read as."""

import base64
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from demo.picture import read
from demo.redraw import light_ink

GREY = {"channels": 1, "side": 64}
TURNED = Image.Exif()
TURNED[0x0112] = 6  # to be looked at a quarter turned


def drawn(mode="L", ground=255, ink=0):
    """Ink on a ground, as a picture of that mode."""
    image = Image.new(mode, (64, 64), ground)
    ImageDraw.Draw(image).line([(10, 10), (30, 52), (50, 10)], ink, 5)
    return image


def sent(image, **how):
    file = BytesIO()
    image.save(file, "PNG", **how)
    return read(base64.b64encode(file.getvalue()).decode(), GREY)


@pytest.mark.parametrize(
    ("image", "how"),
    [
        (drawn("RGBA", (0, 0, 0, 0), (0, 0, 0, 255)), {}),
        (drawn("RGBA", (255, 255, 255, 0), (0, 0, 0, 255)), {}),
        (drawn("I;16", 65535, 0), {}),
        (drawn().rotate(90), {"exif": TURNED}),
        (drawn().convert("P"), {"transparency": 255}),
    ],
    ids=["black on nothing", "black on white nothing", "sixteen bits", "turned", "a palette"],
)
def test_a_drawing_is_the_same_however_its_png_was_made(image, how):
    assert sent(image, **how).equal(sent(drawn()))


def test_chalk_on_nothing_is_light_on_dark():
    chalk = sent(drawn("RGBA", (255, 255, 255, 0), (255, 255, 255, 255)))
    assert chalk.equal(-sent(drawn()))
    assert light_ink((chalk + 1) / 2).equal((chalk + 1) / 2)
