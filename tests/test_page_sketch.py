"""Sketch and Redraw: pictures of one's own, and what the page shows without asking."""

import base64
from io import BytesIO

import pytest
from PIL import Image, ImageDraw

from demo.ink import PAD as PAD_SIDE
from demo.redraw import BRUSH, collections, look, painter
from demo.sketches import SKETCHES, pen
from demo.words import words
from tests.conftest import before_it_comes, dots, steady, stroke, to_family, until_new

TEXTS = words("vae.sketch")
PAD, MIXER = "#vae-sketch-pad canvas", "#vae-sketch-mixer"
READS, AGAIN = f"{MIXER} .reads canvas", f"{MIXER} .again canvas.dots"

pytestmark = pytest.mark.skipif(not collections(), reason="no shipped model can redraw")


@pytest.fixture
def room(page):
    """The tab with another example, just redrawn."""
    to_family(page, "vae")
    page.wait_for_selector(f"{AGAIN}[data-n]")
    old = dots(page, READS)
    page.click("#vae-sketch-another")
    until_new(page, READS, old)
    return page


def picture(**options):
    """A dark ring on white paper, as a file that a browser is given."""
    file = BytesIO()
    paper = Image.new("RGB", (120, 200), "white")
    ImageDraw.Draw(paper).ellipse((20, 60, 100, 140), outline="navy", width=8)
    paper.save(file, "PNG", **options)
    return file.getvalue()


def test_a_picture_of_ones_own_is_laid_on_the_pad_as_ink(room):
    read = dots(room, READS)
    room.locator("#vae-sketch-guess input").first.check()
    room.wait_for_selector("#vae-sketch-result [data-judged]")
    with room.expect_file_chooser() as chooser:
        room.click("#vae-sketch-pad .bring")
    chooser.value.set_files({"name": "ring.png", "mimeType": "image/png", "buffer": picture()})
    until_new(room, READS, read)
    room.wait_for_function("!document.querySelector('#vae-sketch-guess input:checked')")  # it was of another drawing
    middle, ring = room.locator(PAD).evaluate(
        """(c) => [.5, .32].map((x) =>
            c.getContext('2d').getImageData(x * c.width, c.height / 2, 1, 1).data[0])"""
    )
    assert middle < 20 < 200 < ring, "bright ink on black, whatever the paper's colour was"
    read = dots(room, READS)
    with room.expect_file_chooser() as chooser:
        room.click("#vae-sketch-pad .bring")
    chooser.value.set_files({"name": "ring.png", "mimeType": "image/png", "buffer": b"no picture at all"})
    room.wait_for_selector(f"#vae-sketch-pad .hint:has-text('{TEXTS['no_picture']}')")
    assert dots(room, READS) == read
    room.click("#vae-sketch-another")
    room.wait_for_selector(f"#vae-sketch-pad .hint:not(.wrong):has-text('{TEXTS['hint']}')")


def test_a_guess_is_held_against_what_the_redraw_kept(room):
    """Anew with each drawing, and nothing is said of it before."""
    assert "the redraw keeps" not in room.inner_text("#vae-sketch-result")
    guess = room.locator("#vae-sketch-guess").get_by_role("radio", name=TEXTS["guesses"][3])
    guess.check()
    room.wait_for_selector(
        f"#vae-sketch-result .guessed:has-text('You guessed: {TEXTS['guesses'][3]}. It came out as')"
    )
    assert "% of the rough shape" in room.inner_text("#vae-sketch-result .guessed")
    assert guess.is_disabled(), "it would be known to be right"
    room.click("#vae-sketch-another")
    room.wait_for_selector("#vae-sketch-result:not(:has(.guessed)) .said")
    assert guess.is_enabled() and not guess.is_checked(), "the next drawing is another one"


def test_a_guess_goes_with_the_drawing_it_was_about(room):
    guess = room.locator("#vae-sketch-guess input").first
    guess.check()
    room.wait_for_selector("#vae-sketch-result [data-judged]")
    room.click("#vae-sketch-pad .clear")
    room.wait_for_function("!document.querySelector('#vae-sketch-guess input:checked')")
    stroke(room, PAD)
    room.wait_for_selector("#vae-sketch-result .said:has-text('carried your drawing')")
    assert not room.locator("#vae-sketch-result [data-judged]").count() and guess.is_enabled()


def test_a_stroke_on_the_pad_of_the_collection_before_is_no_mistake(room):
    for name in (collections()[-1], collections()[0]):
        read = dots(room, READS)
        choice = room.locator("#vae-sketch-collection").get_by_text(TEXTS["short"][name])
        before_it_comes(room, "vae-sketch-collection", choice, lambda: stroke(room, PAD))
        until_new(room, READS, read)
        assert room.locator(".notice:visible").count() == 0


def test_chalk_on_nothing_is_seen_and_a_trouble_leaves_with_the_next_stroke(room):
    chalk, file = Image.new("RGBA", (120, 120), (0, 0, 0, 0)), BytesIO()
    ImageDraw.Draw(chalk).ellipse((20, 20, 100, 100), outline="white", width=8)
    chalk.save(file, "PNG")
    hint, read = room.locator("#vae-sketch-pad .hint"), dots(room, READS)
    room.set_input_files("#vae-sketch-pad [type=file]", {"name": "a", "mimeType": "image/png", "buffer": b"none"})
    room.wait_for_selector("#vae-sketch-pad .hint.wrong")
    stroke(room, PAD)
    assert hint.inner_text() == TEXTS["hint"]
    read = dots(room, READS)
    ring = {"name": "chalk.png", "mimeType": "image/png", "buffer": file.getvalue()}
    room.set_input_files("#vae-sketch-pad [type=file]", ring)
    until_new(room, READS, read)
    assert "ink" not in room.inner_text("#vae-sketch-result")
    light = room.locator(PAD).evaluate(
        "(c) => [.5, .2].map((x) => c.getContext('2d').getImageData(x * c.width, c.height / 2, 1, 1).data[0])"
    )
    assert light[0] < 20 < 200 < light[1]


def test_a_slider_kept_in_compass_moves_a_drawing_and_a_foul_one_does_not(room):
    name, own = collections()[0], f"{MIXER} .own"
    latent = painter(name).config.latent
    mine = [
        {"name": "<b>all", "direction": [1.0] * latent},
        {"name": "short", "direction": [1.0]},
        {"name": "none", "direction": [None] * latent},
        "nonsense",
    ]
    assert room.locator(own).is_hidden()
    room.evaluate("(all) => localStorage.setItem('atelier-directions', JSON.stringify(all))", {name: mine})
    old = dots(room, READS)
    room.click("#vae-sketch-another")
    until_new(room, READS, old)
    assert room.locator(f"{own} li").all_inner_texts() == ["<b>all"]
    (before,) = steady(room, AGAIN)
    room.focus(f"{own} input")
    for _ in range(30):
        room.keyboard.press("ArrowRight")
    room.wait_for_function("([c, old]) => document.querySelector(c).toDataURL() !== old", arg=[AGAIN, before])
    room.click(f"{MIXER} .reset")
    assert steady(room, AGAIN) == (before,) and float(room.input_value(f"{own} input")) == 0
    room.evaluate("localStorage.removeItem('atelier-directions')")


def test_what_each_number_tells_adds_up_to_the_whole(room):
    room.locator(f"{MIXER} summary").click()
    each = room.locator(f"{MIXER} .bits").all_inner_texts()
    whole = float(room.locator(f"{MIXER} .way").first.inner_text().split()[0])
    assert abs(sum(float(one.split()[0]) for one in each) - whole) < 0.5 + 0.05 * len(each)
    room.locator(f"{MIXER} summary").click()


def test_a_picture_is_pasted(room):
    read = dots(room, READS)
    room.evaluate(
        """(b64) => {
            const bytes = Uint8Array.from(atob(b64), (c) => c.charCodeAt(0)), data = new DataTransfer();
            data.items.add(new File([bytes], 'ring.png', { type: 'image/png' }));
            document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
        }""",
        base64.b64encode(picture()).decode(),
    )
    until_new(room, READS, read)


def test_where_it_misses_is_shown_and_hidden_again(room):
    errs = f"{MIXER} .errs"
    room.click(f"{MIXER} .miss")
    assert room.locator(errs).evaluate(
        """(c) => c.getContext('2d').getImageData(0, 0, c.width, c.height)
            .data.filter((v, i) => i % 4 === 3 && v > 60).length"""
    )
    assert "67 % of full brightness" in room.inner_text(f"{MIXER} .misses")
    room.click(f"{MIXER} .miss")
    assert room.locator(errs).is_hidden() and room.locator(f"{MIXER} .misses").is_hidden()


def test_sliders_need_no_server_once_all_is_at_rest(room):
    given = f"{MIXER} .given"
    seen = int(room.get_attribute(given, "data-ahead") or 0)
    room.wait_for_function("([m, n]) => Number(document.querySelector(m).dataset.ahead) > n", arg=[given, seen])
    again = dots(room, AGAIN)
    room.context.set_offline(True)
    try:
        slider = room.get_by_role("slider").nth(1)
        slider.evaluate("(s) => { s.value = 2.1; s.dispatchEvent(new Event('input', { bubbles: true })); }")
        remembered = dots(room, AGAIN)
        assert remembered != again
    finally:
        room.context.set_offline(False)
    slider.dispatch_event("change")  # let go, and the very code is painted
    room.wait_for_function("([c, old]) => document.querySelector(c).toDataURL() !== old", arg=[AGAIN, remembered])
    assert float(apart(room, remembered)) < 0.02, "what was painted ahead was nearly it"


@pytest.mark.skipif("doodles" not in collections(), reason="needs the model of doodles")
def test_a_slider_reaches_as_far_as_the_drawing(room):
    """The code of this bird goes beyond 3, where sliders end otherwise: none may stick there."""
    room.get_by_label("Doodles").check()
    bird = pen(SKETCHES["bird"], PAD_SIDE, BRUSH)
    mean = look(bird, "doodles").mean
    assert mean.abs().max() > 3, "else this shows nothing"
    sent = base64.b64encode((255 * bird).round().byte().numpy().tobytes()).decode()
    old = dots(room, READS)
    room.locator("#vae-sketch-pad").evaluate(
        "(pad, sent) => pad.closest('.room').dispatchEvent(new CustomEvent('drawn', { detail: sent }))", sent
    )
    until_new(room, READS, old)
    at = room.locator(f"{MIXER} input[type=range]").evaluate_all("all => all.map((one) => Number(one.value))")
    assert max(map(abs, at)) == pytest.approx(float(mean.abs().max()), abs=0.03)
    ends = room.locator(f"{MIXER} .first input").evaluate_all("all => all.map((one) => [one.min, one.max])")
    assert set(map(tuple, ends)) == {("-4", "4")}


def apart(page, before):
    """How far the redraw is from a picture remembered, as a share of full brightness."""
    return page.evaluate(
        """async ([name, before]) => {
            const canvas = document.querySelector(name), image = new Image();
            image.src = before; await image.decode();
            const other = canvas.cloneNode();
            other.getContext('2d').drawImage(image, 0, 0);
            const [a, b] = [canvas, other].map((c) => c.getContext('2d').getImageData(0, 0, c.width, c.height).data);
            return a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / a.length / 255;
        }""",
        [AGAIN, before],
    )


def test_every_number_has_a_slider_and_eight_are_shown(room):
    latent = painter(collections()[0]).config.latent
    assert room.locator(f"{MIXER} input[type=range]").count() == latent
    assert room.locator(f"{MIXER} input[type=range]:visible").count() == min(latent, 8)
    if latent > 8:
        room.click(f"{MIXER} summary")
        assert room.locator(f"{MIXER} input[type=range]:visible").count() == latent
