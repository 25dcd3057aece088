"""The plane in a real browser."""

import pytest

from demo.words import words
from tests.conftest import opened, steady, stroke, to_family

TEXTS = words("gan.plane")
VIEW = "#gan-plane-view"
CANVAS = f"{VIEW} canvas"


@pytest.fixture
def plane(page):
    """A game at its beginning."""
    opened(page, "Plane", f"{CANVAS}[data-step]").click(f"{VIEW} .over")
    page.wait_for_selector(f"{CANVAS}[data-step='0']")
    return page


def step(page):
    return int(page.get_attribute(CANVAS, "data-step"))


def dots(page):
    """All that is on the canvas."""
    return page.evaluate(f"document.querySelector('{CANVAS}').toDataURL()")


def test_the_game_plays_pauses_and_steps(plane):
    start = dots(plane)
    plane.get_by_role("radio", name="Stay in the middle").check()
    plane.click(f"{VIEW} .play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step > 20")
    assert dots(plane) != start
    plane.wait_for_selector("#gan-plane-result:has-text('You guessed: Stay in the middle.')")
    assert "bits away" in plane.inner_text("#gan-plane-result")
    plane.click(f"{VIEW} .play")
    steady(plane, CANVAS)  # what was under way has come
    rest = step(plane)
    plane.wait_for_timeout(700)
    assert step(plane) == rest
    plane.click(f"{VIEW} .step")
    plane.wait_for_selector(f"{CANVAS}[data-step='{rest + 1}']")


@pytest.mark.parametrize(
    "presses", ["over play", "over play over", "over play over play", "play over", "play over play", "over step"]
)
def test_a_game_begins_and_plays_however_fast_the_buttons_are_pressed(plane, presses):
    """The old game must not be asked for when the new one has taken its place, though its answer comes late."""
    plane.evaluate("""() => {
        const real = (window.soon ??= window.fetch);  // the page is that of the test before
        window.fetch = async (...asked) => {
            const answer = await real(...asked);
            if (String(asked[1]?.body).includes('"begin"')) await new Promise((done) => setTimeout(done, 400));
            return answer;
        };
    }""")
    plane.click(f"{VIEW} .play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step > 3")
    plane.evaluate(
        """([view, names]) => {
            const find = (name) => document.querySelector(`${view} ${name}`);
            delete find('canvas').dataset.step;
            for (const name of names) find('.' + name).click();
        }""",
        [VIEW, presses.split()],
    )
    plays = presses.endswith("play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step >= {4 if plays else 0}")
    plane.wait_for_timeout(1000)
    assert not plane.inner_text(f"{VIEW} .trouble")
    assert plane.inner_text(f"{VIEW} .play") == (TEXTS["pause"] if plays else TEXTS["play"])


def test_leaving_the_room_ends_the_game(plane):
    plane.click(f"{VIEW} .play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step > 5")
    plane.get_by_role("tab", name="Paint", exact=True).click()
    steady(plane, CANVAS)
    rest = step(plane)
    plane.wait_for_timeout(700)
    assert step(plane) == rest


def test_the_map_has_a_key(plane):
    swatch = f"getComputedStyle(document.querySelector('{VIEW} .%s'), '::before').backgroundColor"
    colours = {plane.evaluate(swatch % kind) for kind in ("real", "fake", "yes", "no")}
    assert len(colours) == 4 and "rgba(0, 0, 0, 0)" not in colours


def test_layers_can_be_taken_away(plane):
    whole = dots(plane)
    plane.locator(f"{VIEW} [data-layer=map]").uncheck()
    assert dots(plane) != whole
    plane.locator(f"{VIEW} [data-layer=map]").check()
    assert dots(plane) == whole


def test_a_rule_that_is_none_gets_a_sentence_and_the_game_goes_on(plane):
    plane.locator("#gan-plane").get_by_role("button", name="More").click()
    plane.wait_for_timeout(500)
    rate = plane.locator("#gan-plane-rate input")
    rate.fill("1000000000")
    rate.press("Tab")
    plane.click(f"{VIEW} .play")
    plane.wait_for_selector(f"{VIEW} .trouble:has-text('Learning rate must be a number')")
    plane.wait_for_function(
        "([said, field]) => document.querySelector(said).innerText.includes("
        "`After ${Number(document.querySelector(field).dataset.step).toLocaleString('en')} step`)",
        arg=["#gan-plane-result", CANVAS],
    )
    assert plane.inner_text(f"{VIEW} .trouble"), "measured where it stands, and why it stands is still said"
    rate.fill("0.002")
    rate.press("Tab")
    plane.click(f"{VIEW} .play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step > 3")


def test_another_world_begins_anew_and_one_can_be_drawn(plane):
    clouds = dots(plane)
    plane.click(f"{VIEW} .step")
    plane.wait_for_selector(f"{CANVAS}[data-step='1']")
    plane.get_by_role("radio", name="A spiral of points").check()
    plane.wait_for_selector(f"{CANVAS}[data-step='0']")
    assert dots(plane) != clouds
    plane.get_by_role("radio", name="Draw it yourself").check()
    plane.wait_for_selector(f"{VIEW} .trouble:has-text('Draw on the plane')")
    stroke(plane, CANVAS)
    plane.click(f"{VIEW} .play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step > 3")
    plane.click(f"{VIEW} .play")
    plane.wait_for_timeout(500)
    plane.focus(CANVAS)
    for key in (" ", *["ArrowRight"] * 35):  # a world drawn by keys takes the place of the one drawn by hand
        plane.keyboard.press(key)
    plane.click(f"{VIEW} .play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step > 0")
    assert not plane.inner_text(f"{VIEW} .trouble")


def test_a_quick_stroke_is_a_line(plane):
    plane.get_by_role("radio", name="Draw it yourself").check()
    plane.wait_for_timeout(500)  # what was drawn here before, if anything, stands again
    box = plane.locator(CANVAS).bounding_box()
    plane.mouse.move(box["x"] + 40, box["y"] + 40)
    plane.mouse.down()
    for x, y in ((40, 300), (300, 300), (300, 40)):
        plane.mouse.move(box["x"] + x, box["y"] + y)
    plane.mouse.up()
    plane.evaluate(f"delete document.querySelector('{CANVAS}').dataset.step")
    plane.click(f"{VIEW} .play")
    plane.wait_for_function(f"document.querySelector('{CANVAS}').dataset.step > 3")


def test_the_plane_fits_a_phone(phone):
    page = opened(to_family(phone, "gan"), "Plane", f"{CANVAS}[data-step='0']")
    box = page.locator(CANVAS).bounding_box()
    assert 300 < box["width"] <= 390 and abs(box["width"] - box["height"]) < 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
