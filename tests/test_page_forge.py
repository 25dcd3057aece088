"""The visitor as forger, in a real browser."""

import re

import pytest

from tests.conftest import opened, to_family

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


def test_the_critic_learns_and_the_forger_answers(forge):
    forge.get_by_role("radio", name="Yes, but less").check()
    forge.click("#gan-forge-learn")
    forge.wait_for_selector(f"{RESULT}:has-text('After 30 steps')", timeout=90_000)
    assert re.search(r"gives the same picture \d+ %; before it was \d+ %", forge.inner_text(RESULT))
    assert "You guessed: Yes, but less." in forge.inner_text(RESULT)
    forge.click("#gan-forge-imitate")
    forge.wait_for_selector("#gan-forge-twin img", timeout=60_000)
    assert "The nearest this forger can paint" in forge.inner_text("#gan-forge-twin")


def test_forging_fits_a_phone(phone):
    page = opened(to_family(phone, "gan"), "Forge", f"{VIEW} img")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
