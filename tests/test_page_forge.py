"""The visitor as forger, in a real browser."""

import re

import pytest

from demo.words import words
from tests.conftest import dots, opened, to_family, until_new

TEXTS = words("gan.forge")

VIEW, RESULT, PAD = "#gan-forge-view", "#gan-forge-result", "#gan-forge-pad canvas"


@pytest.fixture
def forge(page):
    return opened(page, "Forge", f"{VIEW} img")


def test_the_needle_follows_while_the_pen_is_down(forge):
    before = forge.locator(f"{VIEW} img").first.get_attribute("src")
    forge.locator("#gan-forge-pad .clear").click()
    forge.wait_for_selector(f"{RESULT}:has-text('The pad is empty')")
    box = forge.locator(PAD).bounding_box()
    forge.mouse.move(box["x"] + 40, box["y"] + 40)
    forge.mouse.down()
    forge.mouse.move(box["x"] + 200, box["y"] + 160, steps=10)
    forge.wait_for_function(
        "([view, old]) => ![undefined, old].includes(document.querySelector(view + ' img')?.src)", arg=[VIEW, before]
    )
    forge.mouse.up()
    forge.wait_for_selector(f"{RESULT}:has-text('chance of')")
    assert "unseen real pictures" in forge.inner_text(RESULT)


def test_a_click_is_a_dot_and_what_was_drawn_can_be_had_back(forge):
    forge.locator("#gan-forge-pad .clear").click()
    blank = dots(forge, PAD)
    forge.locator(PAD).click()
    drawn = dots(forge, PAD)
    assert drawn != blank
    forge.click("#gan-forge-another")
    forge.wait_for_selector(f"{RESULT}:has-text('This one is real')")
    until_new(forge, PAD, drawn)
    forge.locator("#gan-forge-pad .undo").click()
    assert dots(forge, PAD) == drawn


def test_a_stroke_taken_back_leaves_a_real_picture(forge):
    old = dots(forge, PAD)
    forge.click("#gan-forge-another")
    until_new(forge, PAD, old)
    forge.wait_for_selector(f"{RESULT}:has-text('This one is real')")
    real = dots(forge, PAD)
    forge.locator("#gan-forge-guess input").first.check()
    forge.wait_for_selector(f"{RESULT}:has-text('You guessed')")
    assert "This one is real" in forge.inner_text(RESULT)
    forge.locator(PAD).click()
    forge.wait_for_selector(f"{RESULT}:has-text('The critic gives this picture')")
    forge.locator("#gan-forge-pad .undo").click()
    assert dots(forge, PAD) == real
    forge.wait_for_selector(f"{RESULT}:has-text('This one is real')")
    forge.locator(PAD).click()  # for the tests to come: a forgery
    forge.wait_for_selector(f"{RESULT}:has-text('The critic gives this picture')")


def test_what_was_said_of_a_drawing_that_is_gone_is_not_shown(forge):
    """The answer about it comes later than that about the picture which took its place."""
    forge.evaluate("""() => {
        const real = window.fetch;
        window.fetch = async (...asked) => {
            const late = String(asked[0]?.url ?? asked[0]).includes('/run/predict');
            if (late) window.fetch = real;
            const answer = await real(...asked);
            if (late) { await new Promise((done) => setTimeout(done, 1500)); window.late = true; }
            return answer;
        };
    }""")
    forge.locator(PAD).click()
    forge.wait_for_timeout(200)
    forge.click("#gan-forge-another")
    forge.wait_for_selector(f"{RESULT}:has-text('This one is real')")
    forge.wait_for_function("window.late")
    forge.wait_for_timeout(700)
    assert "This one is real" in forge.inner_text(RESULT)
    forge.locator("#gan-forge-pad .undo").click()  # for the tests to come: a forgery
    forge.wait_for_selector(f"{RESULT}:not(:has-text('This one is real'))")


def test_the_critic_learns_and_the_forger_answers(forge):
    forge.get_by_role("radio", name="Yes, but less").check()
    forge.click("#gan-forge-learn")
    forge.wait_for_selector(f"{RESULT}:has-text('After 30 steps')")
    after, before = map(
        int, re.search(r"same picture (\d+) %; before it was (\d+) %", forge.inner_text(RESULT)).groups()
    )
    assert after <= before
    assert "You guessed: Yes, but less." in forge.inner_text(RESULT)
    assert ("It was not fooled" in forge.inner_text(RESULT)) == (before <= 50)
    assert forge.locator("#gan-forge-guess input").first.is_disabled() == (before > 50), "a judged guess stands"
    forge.click("#gan-forge-imitate")
    forge.wait_for_selector("#gan-forge-twin img")
    assert "The nearest this forger can paint" in forge.inner_text("#gan-forge-twin")


def test_a_real_picture_is_no_forgery_and_the_shipped_critic_comes_back(forge):
    """The visitor's own critic is that of the test before."""
    first = forge.locator(f"{VIEW} img").first.get_attribute("src")
    forge.click("#gan-forge-another")
    forge.wait_for_selector(f"{RESULT}:has-text('This one is real')")
    forge.wait_for_function("([view, old]) => document.querySelector(view + ' img').src !== old", arg=[VIEW, first])
    forge.click("#gan-forge-learn")
    forge.wait_for_selector(f".toast-body:has-text('{TEXTS['untouched']}')")
    assert not forge.locator(".room .error").filter(visible=True).count(), "the sentence says it all"
    assert "lessons it had: 1" in forge.inner_text(RESULT)
    forge.click("#gan-forge-forget")
    forge.wait_for_selector(f"{RESULT}:has-text('checked on pictures it has not seen')")
    assert not forge.locator("#gan-forge-forget").is_visible()


def test_a_face_is_set_by_its_factors_and_is_real(forge):
    forge.get_by_role("radio", name="Storybook faces").check()
    forge.click("#gan-forge-factors summary")
    others = [f"#gan-forge-factors li:nth-child({n}) input" for n in range(2, 18)]
    before = [forge.input_value(other) for other in others]
    forge.get_by_role("slider", name="smile").fill("0")
    forge.wait_for_selector(f"{RESULT}:has-text('drawn this from your settings')")
    assert [forge.input_value(other) for other in others] == before
    sad = forge.locator(f"{VIEW} img").first.get_attribute("src")
    forge.get_by_role("slider", name="smile").fill("1")
    forge.wait_for_function("([view, old]) => document.querySelector(view + ' img').src !== old", arg=[VIEW, sad])
    forge.click("#gan-forge-learn")
    forge.wait_for_selector(f".toast-body:has-text('{TEXTS['untouched']}')")
    forge.click("#gan-forge-another")
    forge.wait_for_selector(f"{RESULT}:has-text('This one is real')")
    forge.wait_for_function(
        "([all, old]) => all.some((one, i) => document.querySelector(one).value !== old[i])", arg=[others, before]
    )


def test_forging_fits_a_phone(phone):
    page = opened(to_family(phone, "gan"), "Forge", f"{VIEW} img")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
