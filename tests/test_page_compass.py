"""The compass in a real browser: tags, the test, kept sliders, a phone."""

import pytest

from demo.vae.survey import named
from demo.words import words
from tests.conftest import dots, opened, to_family

VIEW, WALL, SAID = "#vae-compass-view", "#vae-compass-wall", "#vae-compass-result"
BOX, PICTURE, MINE = f"{VIEW} .rose", f"{WALL} .wall button", f"{VIEW} .mine canvas"
TEXTS = words("vae.compass")

pytestmark = pytest.mark.skipif(not named(), reason="no shipped model and judge")


def enter(page):
    to_family(page, "vae")
    return opened(page, TEXTS["title"], f"{BOX}[data-wall]")


@pytest.fixture
def room(page):
    return enter(page)


def painted(page):
    return int(page.get_attribute(MINE, "data-n"))


IN_SIGHT = """(said) => {
  const lines = [...document.querySelectorAll(said + ' p')].map((line) => line.getBoundingClientRect());
  return lines.length && lines.every(({ top, bottom }) => top >= 0 && bottom <= innerHeight);
}"""


def built(page):
    page.click(f"{WALL} .auto")
    page.click(f"{WALL} .build")
    page.wait_for_selector(f"{BOX}[data-built]")
    page.wait_for_selector(f"{VIEW} .came:visible")


def test_tags_go_round_by_keys_and_only_six_against_six_can_be_built(room):
    pictures = room.locator(PICTURE)
    assert pictures.count() == 24 and room.locator(f"{WALL} .build").is_disabled()
    pictures.nth(3).focus()
    room.keyboard.press("Enter")
    assert TEXTS["with"] in pictures.nth(3).get_attribute("aria-label")
    room.keyboard.press("ArrowRight")
    room.keyboard.press("Space")
    room.keyboard.press("Space")
    assert TEXTS["without"] in pictures.nth(4).get_attribute("aria-label")
    assert room.inner_text(f"{WALL} .counted").startswith("Has it: 1 of 6. Lacks it: 1 of 6")
    room.keyboard.press("Space")
    assert TEXTS["neither"] in pictures.nth(4).get_attribute("aria-label")
    room.click(f"{WALL} .auto")
    assert room.locator(f"{WALL} .build").is_enabled()
    kind = room.locator(f"{PICTURE}.with").first.get_attribute("aria-label").split(", ")[1].split(":")[0]
    assert f"six of the kind “{kind}”" in room.inner_text(f"{WALL} .counted")


def test_a_direction_is_tested_beside_blind_ones(room):
    built(room)
    room.wait_for_selector(f"{SAID}:has-text('{TEXTS['waiting'].format(n=100)}')")
    room.get_by_role("radio", name=TEXTS["guesses"][2]).check()
    room.wait_for_selector(f"{SAID}:has-text('Your groups differ most in this')")
    room.wait_for_function(IN_SIGHT, arg=SAID)
    said = room.inner_text(SAID)
    assert (
        "blindly chosen groups" in said and "dragged along" in said and f"You guessed: {TEXTS['guesses'][2]}." in said
    )
    assert room.locator(f"{VIEW} .row canvas").count() == 28
    assert room.locator(f"{VIEW} .changed li").count() == 5


def test_a_kept_slider_moves_the_picture_and_stays_in_this_browser(visit):
    room = enter(visit())
    built(room)
    room.fill(f"{VIEW} .save input", "<img src=x onerror=alert(1)>")
    room.click(f"{VIEW} .keep")
    assert room.locator(f"{VIEW} .sliders label").inner_text() == "<img src=x onerror=alert"  # as text, and bounded
    before, old = painted(room), dots(room, MINE)
    room.focus(f"{VIEW} .sliders input")
    for _ in range(20):
        room.keyboard.press("ArrowRight")
    room.wait_for_function("([c, n]) => Number(document.querySelector(c).dataset.n) > n", arg=[MINE, before])
    room.wait_for_function("([c, old]) => document.querySelector(c).toDataURL() !== old", arg=[MINE, old])
    for _ in range(9):
        room.click(f"{VIEW} .keep")
    assert room.locator(f"{VIEW} .sliders li").count() == 8
    assert "room for 8 sliders" in room.inner_text(f"{VIEW} .trouble")
    later = room.context.new_page()  # the same browser
    later.goto(room.url)
    later.wait_for_selector("#house")
    enter(later)
    assert later.locator(f"{VIEW} .sliders li").count() == 8
    later.locator(f"{VIEW} .gone").first.click()
    assert later.locator(f"{VIEW} .sliders li").count() == 7
    other = enter(visit())
    assert other.locator(f"{VIEW} .sliders li").count() == 0


def test_another_wall_takes_the_tags_away(room):
    at = int(room.get_attribute(BOX, "data-wall"))
    room.click(f"{WALL} .auto")
    room.click(f"{WALL} .another")
    room.wait_for_selector(f"{BOX}[data-wall='{at + 1}']")
    assert room.inner_text(f"{WALL} .counted").startswith("Has it: 0 of 6")
    assert not room.locator(f"{VIEW} .came").is_visible()


def test_every_collection_has_a_wall_and_all_fits_a_phone(phone):
    page = enter(phone)
    for i, name in enumerate(sorted(named(), key=lambda name: name != "faces")):
        page.locator("#vae-compass-collection").get_by_text(words("vae.sketch")["short"].get(name, name)).click()
        page.wait_for_selector(f"{BOX}[data-wall='{i + 1}']")
        assert page.locator(PICTURE).count() == 24
    built(page)
    page.wait_for_function(IN_SIGHT, arg=SAID)  # the button was at the foot of the screen
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
