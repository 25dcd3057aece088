"""Sketch and Redraw as a visitor meets it: drawing, sliders, keys, a phone, scripts, and what strangers send."""

import base64
import json
from io import BytesIO
from math import inf, nan

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image, ImageDraw

from core.model import Mishap
from demo import redraw
from demo.parts.pad import dots as sent_dots
from demo.redraw import collections, painter
from demo.sketches import SKETCHES, pen
from demo.vae.sketch import ahead, mix, shake
from demo.words import words
from tests.conftest import dots, opened, steady, to_family, until_new

TEXTS = words("vae.sketch")
PAD, MIXER, SAID = "#vae-sketch-pad canvas", "#vae-sketch-mixer", "#vae-sketch-result .said"
READS, AGAIN = f"{MIXER} .reads canvas", f"{MIXER} .again canvas.dots"

pytestmark = pytest.mark.skipif(not collections(), reason="no shipped model can redraw")


@pytest.fixture
def room(page):
    """The tab with another example, just redrawn."""
    given = f"{MIXER} .given"
    before = enter(page).get_attribute(given, "data-laid")
    page.click("#vae-sketch-another")
    page.wait_for_function(f"(n) => document.querySelector('{given}').dataset.laid !== n", arg=before)
    return page


def enter(page):
    """Opens the room and waits for the example to be redrawn."""
    return opened(to_family(page, "vae"), TEXTS["title"], f"{AGAIN}[data-n]")


def stroke(page, points):
    """Draws a line through points in 0..1 of the pad with the mouse."""
    page.locator(PAD).scroll_into_view_if_needed()
    box = page.locator(PAD).bounding_box()
    where = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*where[0])
    page.mouse.down()
    for x, y in where[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


# ---- drawing ----


def test_a_stroke_changes_what_is_read_and_redrawn(room):
    read, again = dots(room, READS), dots(room, AGAIN)
    stroke(room, [(0.1, 0.1), (0.9, 0.9)])
    until_new(room, READS, read)
    until_new(room, AGAIN, again)


def test_the_redraw_follows_while_the_pen_is_down(room):
    cleared(room)
    read = dots(room, READS)
    room.locator(PAD).scroll_into_view_if_needed()
    box = room.locator(PAD).bounding_box()
    room.mouse.move(box["x"] + 40, box["y"] + 40)
    room.mouse.down()
    room.mouse.move(box["x"] + 200, box["y"] + 160, steps=10)
    until_new(room, READS, read)
    room.mouse.up()


def cleared(page):
    """Clears the pad, and waits until there is nothing to see."""
    page.click("#vae-sketch-pad .clear")
    page.wait_for_selector(f"{MIXER} .empty")


def test_clear_is_answered_in_a_sentence_and_loses_nothing(room):
    stroke(room, [(0.2, 0.2), (0.6, 0.8)])
    before = steady(room, PAD, READS, AGAIN)
    cleared(room)
    room.wait_for_function("([s, t]) => document.querySelector(s).innerText === t", arg=[SAID, TEXTS["empty"]])
    inked = "(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((dot) => dot)"
    assert not any(room.locator(f"{MIXER} canvas").evaluate_all(f"(all) => all.map({inked})"))
    assert room.locator(f"{MIXER} :is(button, input):enabled").count() == 0
    room.click("#vae-sketch-pad .undo")
    room.wait_for_function("([s, t]) => document.querySelector(s).innerText !== t", arg=[SAID, TEXTS["empty"]])
    room.wait_for_selector(f"{MIXER} .given:not(.empty)")
    for canvas, drawn in zip((PAD, READS, AGAIN), before):
        room.wait_for_function("([c, old]) => document.querySelector(c).toDataURL() === old", arg=[canvas, drawn])
    assert room.locator(f"{MIXER} .shake").is_enabled()


def test_the_keyboard_alone_draws(room):
    cleared(room)
    read = dots(room, READS)
    room.focus(PAD)
    for key in (" ", *["ArrowRight"] * 6, *["ArrowDown"] * 6, " "):
        room.keyboard.press(key)
    until_new(room, READS, read)


def test_a_finger_draws(phone):
    page = enter(phone)
    page.locator(PAD).scroll_into_view_if_needed()
    read, box = dots(page, READS), page.locator(PAD).bounding_box()
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    send("touchStart", (box["x"] + 60, box["y"] + 60))
    for i in range(8):
        send("touchMove", (box["x"] + 60 + 20 * i, box["y"] + 60 + 4 * i))
    send("touchEnd")
    until_new(page, READS, read)


def test_a_drawing_outlives_a_visit_to_another_tab(room):
    before = dots(room, READS)
    stroke(room, [(0.5, 0.1), (0.5, 0.9)])
    until_new(room, READS, before)
    drawn = dots(room, PAD)
    to_family(room, "gan")
    to_family(room, "vae")
    room.wait_for_selector(AGAIN)
    assert dots(room, PAD) == drawn
    assert dots(room, READS) != before


def test_every_collection_shows_an_example_and_another(room):
    for name in reversed(collections()):
        read = dots(room, READS)
        room.locator("#vae-sketch-collection").get_by_text(TEXTS["short"][name]).click()
        until_new(room, READS, read)
        read = dots(room, READS)
        room.click("#vae-sketch-another")
        until_new(room, READS, read)


# ---- sliders ----


def test_a_slider_changes_the_picture_and_reset_brings_it_back(room):
    again = dots(room, AGAIN)
    slider = room.get_by_role("slider").first
    slider.focus()
    for _ in range(12):
        room.keyboard.press("ArrowRight")
    until_new(room, AGAIN, again)
    room.click(f"{MIXER} .reset")
    assert dots(room, AGAIN) == again


def test_the_cloud_is_shaken_and_a_draw_can_be_taken(room):
    corner = f"{MIXER} .grid .frame:nth-child(1) canvas"
    old = dots(room, corner)
    room.click(f"{MIXER} .shake")
    until_new(room, corner, old)
    room.click(f"{MIXER} .grid .frame:nth-child(1)")
    assert dots(room, AGAIN) == dots(room, corner)


def test_a_shaken_cloud_lies_around_the_moved_sliders(room):
    corner, middle = (f"{MIXER} .grid .frame:nth-child({i}) canvas" for i in (1, 5))
    old, again = dots(room, corner), dots(room, AGAIN)
    room.get_by_role("slider").first.focus()
    room.keyboard.press("PageUp")
    until_new(room, AGAIN, again)
    room.click(f"{MIXER} .shake")
    until_new(room, corner, old)
    assert dots(room, middle) == dots(room, AGAIN) != again


def test_two_visitors_do_not_meet(visit):
    one, two = enter(visit()), enter(visit())
    assert dots(one, READS) == dots(two, READS)
    before = dots(two, READS)
    stroke(one, [(0.1, 0.9), (0.9, 0.1)])
    until_new(one, READS, before)
    assert dots(two, READS) == before


def test_nothing_is_wider_than_a_phone_and_what_is_shaken_hangs_beside_the_button(phone):
    page = enter(phone)
    nine, shake = (page.locator(f"{MIXER} {one}").bounding_box() for one in (".nine", ".shake"))
    assert shake["y"] - nine["y"] < 400
    wide = "[...document.querySelectorAll('#vae-sketch *')].filter((e) => e.getBoundingClientRect().right > 391).length"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(wide) == 0


# ---- scripts ----


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False)


def png(draw, ground, size=(90, 60), mode="L"):
    image = Image.new(mode, size, ground)
    draw(ImageDraw.Draw(image))
    file = BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def test_a_script_gets_code_and_redraw(client):
    name = collections()[0]
    dark = png(lambda d: d.line([(20, 10), (40, 50), (60, 10)], 255, 6), 0)
    light = png(lambda d: d.line([(20, 10), (40, 50), (60, 10)], 0, 6), 255)
    mean, spread, picture = client.predict(dark, name, api_name="/redraw")
    assert len(mean) == len(spread) == painter(name).config.latent
    assert min(spread) > 0
    side = painter(name).config.side
    assert Image.open(BytesIO(base64.b64decode(picture.split(",")[1]))).size == (side, side)
    assert client.predict("data:image/png;base64," + light, name, api_name="/redraw")[0] == pytest.approx(mean, abs=0.2)


@pytest.mark.parametrize(
    ("picture", "name"),
    [
        ("not a picture", "doodles"),
        ("", "doodles"),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 99).decode(), "doodles"),
        (png(lambda d: None, 0), "doodles"),
        (png(lambda d: None, 0), "nonsense"),
        (png(lambda d: None, 0, (3000, 10)), "doodles"),
        ("A" * 5_000_000, "doodles"),
    ],
)
def test_what_is_no_drawing_is_refused_in_a_sentence(client, picture, name):
    with pytest.raises(AppError, match=r"\.$"):
        client.predict(picture, name, api_name="/redraw")


# ---- what strangers send ----

NAME = collections()[0] if collections() else ""
LATENT = painter(NAME).config.latent if NAME else 0
CODE = [0.0] * LATENT


@pytest.mark.parametrize("value", [None, "", [], {}, *({"dots": d} for d in (None, "A", "=" * 16728, ["A"]))])
def test_a_drawing_that_is_none_is_refused(value):
    with pytest.raises(Mishap):
        redraw.unpack(sent_dots(value), NAME)


@pytest.mark.parametrize(
    "numbers",
    [None, "0", {"0": 1}, CODE[1:], [*CODE, 0.0], *([foul, *CODE[1:]] for foul in (nan, inf, 1e30, None, "x", [0]))],
)
def test_a_code_that_is_none_is_refused(numbers):
    with pytest.raises(Mishap):
        mix({"name": NAME, "code": numbers})


@pytest.mark.parametrize("latents", [None, [], "all", [0.5], [-1], [99], list(range(99))])
def test_numbers_that_the_code_has_not_are_not_painted_ahead(latents):
    with pytest.raises(Mishap):
        ahead({"name": NAME, "code": CODE, "latents": latents, "far": 3})


def test_a_question_without_sense_is_refused():
    for asked in ({}, {"name": "nonsense", "code": CODE}, {"name": ["doodles"], "code": CODE}):
        with pytest.raises(Mishap):
            mix(asked)
    for spread, seed in (([-1.0] * LATENT, 0), (CODE, -1), (CODE, nan), (CODE, "0x"), (CODE, 10**9)):
        with pytest.raises(Mishap):
            shake({"name": NAME, "code": CODE, "spread": spread, "seed": seed})


def test_the_page_itself_hears_a_mishap_as_a_sentence(room):
    asked = {"name": NAME, "code": ["NaN"] * LATENT}
    reply = room.evaluate(
        """async ([asked]) => {
            const mixer = window.gradio_config.components.find((c) => c.props.elem_id === 'vae-sketch-mixer');
            const body = { data: asked, component_id: mixer.id, fn_name: 'mix', session_hash: 'stranger' };
            const reply = await fetch('gradio_api/component_server', { method: 'POST', body: JSON.stringify(body),
                headers: { 'Content-Type': 'application/json' } });
            return reply.json();
        }""",
        [asked],
    )
    assert reply["mishap"].endswith("."), json.dumps(reply)


def test_own_sketches_are_drawn_within_their_side():
    for lines in SKETCHES.values():
        ink = pen(lines, 64, 3)
        assert ink.amax() == 1
        assert ink[0, 0].amax() == ink[0, :, 0].amax() == 0
