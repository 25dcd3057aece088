"""The map of the code in a real browser: pointer, keys, walks, a phone."""

import json
import re
from itertools import combinations

import pytest

from demo.vae.survey import named
from demo.words import words
from tests.conftest import dots, opened, to_family

VIEW = "#vae-map-view"
OVER, HERE, WALK, SAID = f"{VIEW} .over", f"{VIEW} .here canvas", f"{VIEW} .walk", "#vae-map-result"
TEXTS = words("vae.map")

pytestmark = pytest.mark.skipif(not named(), reason="no shipped model and judge")


def enter(page):
    to_family(page, "vae")
    return opened(page, TEXTS["title"], f"{VIEW} .chart[data-map]")


@pytest.fixture
def room(page):
    return enter(page)


def walked(page):
    return int(page.get_attribute(WALK, "data-walk") or 0)


def test_the_map_says_what_two_numbers_tell_beside_chance(room):
    room.wait_for_selector(f"{SAID} .said")
    said = room.inner_text(SAID)
    assert "times in 100" in said and "commonest kind" in said and "PCA" in said


def test_a_map_that_the_server_did_not_give_is_asked_for_at_the_next_sight(visit):
    page = visit(refusals=True)
    page.route(re.compile("component_server"), lambda route: route.fulfill(status=500))
    to_family(page, "vae")
    opened(page, TEXTS["title"], f"{VIEW} .trouble:has-text('{TEXTS['lost']}')")
    assert not page.inner_text(f"{VIEW} .pick"), "nothing is being drawn"
    page.unroute(re.compile("component_server"))
    page.get_by_role("tab", name=words("vae.dial")["title"], exact=True).click()
    enter(page)
    assert not page.inner_text(f"{VIEW} .trouble")


def test_the_pointer_paints_at_once_and_then_exactly(room):
    room.locator(OVER).scroll_into_view_if_needed()
    room.locator(OVER).hover(position={"x": 100, "y": 120})
    room.wait_for_selector(f"{HERE}[data-exact]")
    room.wait_for_selector(f"{VIEW} .chart[data-cells]")
    at, before, told = room.get_attribute(HERE, "data-exact"), dots(room, HERE), room.inner_text(f"{VIEW} .told")
    room.locator(OVER).hover(position={"x": 400, "y": 380})
    assert dots(room, HERE) != before  # out of memory: nothing was waited for
    assert room.inner_text(f"{VIEW} .told") != told
    room.wait_for_function("([c, old]) => document.querySelector(c).dataset.exact !== old", arg=[HERE, at])


def test_keys_alone_walk_and_let_go(room):
    room.focus(OVER)
    before, past = dots(room, HERE), walked(room)
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowUp", "Enter"):
        room.keyboard.press(key)
    assert dots(room, HERE) != before
    assert room.inner_text(f"{VIEW} .pick").startswith("From")
    for key in (*["Shift+ArrowRight"] * 4, "Enter"):
        room.keyboard.press(key)
    room.wait_for_selector(f"{WALK}[data-walk='{past + 1}']")
    room.wait_for_selector(f"{SAID}:has-text('{TEXTS['waiting'].format(n=400)}')")
    room.get_by_role("radio", name=TEXTS["guesses"][1]).check()
    room.wait_for_selector(f"{SAID}:has-text('You guessed')")
    said = room.inner_text(SAID)
    assert "400 walks" in said and "Fading" in said and "You guessed: A third kind." in said
    assert room.locator(f"{VIEW} .runs li").count() >= 1
    room.focus(OVER)
    room.keyboard.press("Escape")
    assert not room.locator(WALK).is_visible()


def test_a_walk_plays_as_a_film_and_can_be_held(room):
    past = walked(room)
    room.click(f"{VIEW} .two")
    room.wait_for_selector(f"{WALK}[data-walk='{past + 1}']")
    film = f"{WALK} .now"
    room.wait_for_function(f"Number(document.querySelector('{film}').dataset.frame) > 3")
    if room.inner_text(f"{WALK} .play") == TEXTS["pause"]:
        room.click(f"{WALK} .play")
    slider = room.locator(f"{WALK} input[type=range]")
    slider.focus()
    room.keyboard.press("Home")
    first = dots(room, film)
    room.keyboard.press("End")
    assert room.get_attribute(film, "data-frame") == "23" and dots(room, film) != first
    assert room.inner_text(f"{WALK} .seen").startswith("Step 24 of 24")


def test_kinds_and_layers_can_be_taken_away(room):
    room.mouse.move(0, 0)  # what scrolls under a pointer moves the cross
    room.focus(f"{VIEW} .kinds button")
    whole = dots(room, OVER)
    room.keyboard.press("Enter")
    assert dots(room, OVER) != whole
    room.keyboard.press("Enter")
    room.focus(f"{VIEW} [data-layer=holes]")
    room.keyboard.press("Space")
    assert dots(room, OVER) != whole
    room.keyboard.press("Space")
    assert dots(room, OVER) == whole


def names_apart(page):
    """How many names stand on the map; none may cover another or leave it."""
    names = json.loads(page.get_attribute(f"{VIEW} .chart", "data-names"))
    assert all(half <= at <= 1 - half for x, y, wide, high in names for at, half in ((x, wide), (y, high)))
    for (x, y, wide, high), (u, v, w, h) in combinations(names, 2):
        assert abs(x - u) > wide + w - 0.001 or abs(y - v) > high + h - 0.001
    return len(names)


def test_names_of_kinds_do_not_cover_each_other(room):
    assert names_apart(room) == room.locator(f"{VIEW} .kinds button").count()


def test_other_directions_and_collections_draw_another_map(room):
    chart = f"{VIEW} .chart"
    at, whole = int(room.get_attribute(chart, "data-map")), dots(room, OVER)
    assert room.locator(f"{chart}.colour").count() == 1 and room.locator(f"{VIEW} .kinds button").count() == 8  # faces
    room.locator("#vae-map-way").get_by_text(TEXTS["pair"]).click()
    room.wait_for_selector(f"{chart}[data-map='{at + 1}']")
    assert dots(room, OVER) != whole
    room.locator(f"{VIEW} select.up").select_option("1")
    room.wait_for_selector(f"{chart}[data-map='{at + 2}']")
    assert room.input_value(f"{VIEW} select.across") == "2"  # the two have changed places
    room.locator(f"{VIEW} select.up").select_option("5")
    room.wait_for_selector(f"{chart}[data-map='{at + 3}']")
    room.locator("#vae-map-collection").get_by_text(words("vae.sketch")["short"]["digits"]).click()
    room.wait_for_selector(f"{chart}:not(.colour)[data-map='{at + 4}']")
    assert room.locator(f"{VIEW} .kinds button").count() == 10


def test_the_map_fits_a_phone_and_a_finger_chooses(phone):
    page = enter(phone)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert 3 <= names_apart(page) < page.locator(f"{VIEW} .kinds button").count()  # only those that have room
    for kind in page.locator(f"{VIEW} .kinds button").all():
        kind.click()
        assert names_apart(page) == 1  # but each where its kind stands alone
        kind.click()
    page.locator(OVER).scroll_into_view_if_needed()
    for x in (120, 250):
        page.locator(OVER).click(position={"x": x, "y": 170})
    page.wait_for_selector(f"{WALK}[data-walk='1']")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
