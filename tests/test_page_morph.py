"""Morphs in a real browser: films, drawing while they turn, files to keep, a phone."""

import time

import pytest

from demo.vae.survey import named
from demo.words import words
from tests.conftest import dots, opened, stroke, to_family

VIEW, SAID = "#vae-morph-view", "#vae-morph-result"
BOX, FILM = f"{VIEW} .turning", f"{VIEW} .way:first-child .moving"
TEXTS = words("vae.morph")
SAME = "(both) => new Set(both.map((one) => document.querySelector(one).toDataURL())).size === 1"

pytestmark = pytest.mark.skipif(not named(), reason="no shipped model and judge")


def enter(page):
    to_family(page, "vae")
    return opened(page, TEXTS["title"], f"{BOX}[data-n]")


@pytest.fixture
def room(page):
    return enter(page)


def turned(page):
    return int(page.get_attribute(BOX, "data-n"))


def until_turned(page, before):
    page.wait_for_function(f"(n) => Number(document.querySelector('{BOX}').dataset.n) > n", arg=before)


def test_three_ways_are_shown_and_measured_side_by_side(room):
    assert room.locator(f"{VIEW} .moving").count() == 3
    assert len({dots(room, f"{VIEW} .way:nth-child({i}) .moving") for i in (1, 2, 3)}) == 3
    room.wait_for_selector(f"{SAID}:has-text('{TEXTS['waiting']}')")
    assert "%" not in room.inner_text(VIEW), "the judge is silent until there is a guess"
    before = turned(room)
    room.get_by_role("radio", name=TEXTS["guesses"][0]).check()
    until_turned(room, before)
    assert "%" in room.inner_text(f"{VIEW} .seen >> nth=0")
    room.wait_for_selector(f"{SAID}:has-text('You guessed: {TEXTS['guesses'][0]}.')")
    assert "400 pairs" in room.inner_text(SAID)


def test_the_room_opens_with_both_drawings_while_the_films_are_made(visit):
    page = to_family(visit(), "vae")
    held = []
    page.route("**/gradio_api/component_server/", lambda route: held.append(route))
    page.get_by_role("tab", name=TEXTS["title"], exact=True).click()
    page.wait_for_selector(f"{VIEW} .seen:has-text('{TEXTS['turning']}')")
    ends = [dots(page, f"{VIEW} canvas.{end}") for end in "ab"]
    assert ends[0] != ends[1] and not page.get_attribute(BOX, "data-n")
    for route in held:
        route.continue_()
    page.unroute("**/gradio_api/component_server/")
    page.wait_for_selector(f"{BOX}[data-n]")


def test_the_reel_goes_by_keys_and_plays(room):
    room.focus(f"{VIEW} .reel input")
    room.keyboard.press("Home")
    first = dots(room, FILM)
    room.keyboard.press("End")
    assert room.get_attribute(FILM, "data-frame") == "16" and dots(room, FILM) != first
    room.click(f"{VIEW} .play")
    room.wait_for_function(f"document.querySelector('{FILM}').dataset.frame < 12")
    room.click(f"{VIEW} .play")


def test_a_stroke_turns_the_films_and_two_drawings_of_ones_own_can_be_turned(room):
    before, end = turned(room), f"{VIEW} canvas.a"
    old = dots(room, end)
    stroke(room, "#vae-morph-pad canvas")
    until_turned(room, before)
    room.wait_for_function("([c, old]) => document.querySelector(c).toDataURL() !== old", arg=[end, old])
    room.wait_for_timeout(400)
    before = turned(room)
    room.click(f"{VIEW} .mine")
    until_turned(room, before)
    room.wait_for_function(SAME, arg=[end, f"{VIEW} canvas.b"])
    before = turned(room)
    room.click(f"{VIEW} .other")
    until_turned(room, before)
    assert dots(room, f"{VIEW} canvas.b") != dots(room, end)


def test_each_end_changes_alone(visit):
    page = enter(visit())
    ends = [f"{VIEW} canvas.{end}" for end in "ab"]
    for press, which in ((f"{VIEW} .other", 1), ("#vae-morph-another", 0), ("#vae-morph-another", 0)):
        before, old = turned(page), [dots(page, end) for end in ends]
        page.click(press)
        until_turned(page, before)
        new = [dots(page, end) for end in ends]
        assert new[which] != old[which] and new[1 - which] == old[1 - which] and new[0] != new[1]
    page.get_by_role("radio", name=TEXTS["guesses"][0]).check()
    page.wait_for_selector(f"{SAID} [data-judged]")
    page.click(f"{VIEW} .play")  # and what plays waits for the films to come
    page.route("**/gradio_api/component_server/", lambda asked: (time.sleep(0.5), asked.continue_()))
    page.locator("#vae-morph-collection label").last.click()
    page.wait_for_selector(f"{SAID}:has-text('{TEXTS['waiting']}')")
    assert not page.locator("#vae-morph-guess input:checked").count()


def test_an_empty_pad_gets_a_sentence(room):
    room.click("#vae-morph-pad .clear")
    room.wait_for_selector(f"{VIEW} .trouble:has-text('no ink')")
    blank = (
        "(all) => all.every((c) => !c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((dot) => dot))"
    )
    assert room.locator(f"{VIEW} :is(canvas.a, .moving, .strip)").evaluate_all(blank)
    assert not room.locator(f"{VIEW} .play").is_enabled()
    room.wait_for_selector(f"{SAID} .said", state="detached")  # it was about the drawing that is gone
    before = turned(room)
    room.click("#vae-morph-another")
    until_turned(room, before)
    assert not room.inner_text(f"{VIEW} .trouble") and room.locator(f"{VIEW} .play").is_enabled()
    assert not room.locator(f"{VIEW} .moving").evaluate_all(blank)
    room.wait_for_selector(f"{SAID} .said")


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_a_film_is_kept(room, kind):
    with room.expect_download() as download:
        room.click(f"{VIEW} [data-kind={kind}]")
    assert download.value.suggested_filename.endswith(f"-straight.{kind}")
    room.wait_for_selector(f"{VIEW} .kept:has-text('{download.value.suggested_filename}')")
    room.click(f"{VIEW} .other")
    room.wait_for_selector(f"{VIEW} .kept:empty", state="attached")  # that was another film


def test_paintings_turn_as_well_and_all_fits_a_phone(phone):
    page = enter(phone)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#vae-morph-collection").get_by_text(words("vae.sketch")["short"]["faces"]).click()
    page.wait_for_selector(f"{VIEW} .morph.colour")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
