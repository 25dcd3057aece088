"""The dial between redraws and short codes, in a real browser."""

from math import inf, nan

import pytest

from core.model import Mishap
from demo.dialing import facts, offered, table
from demo.words import words
from tests.conftest import dots, to_family

TEXTS = words("vae.dial")
DIAL = "#vae-dial-dial .turning"
RANGE, AGAIN, FRESH = f"{DIAL} input", f"{DIAL} .again canvas", f"{DIAL} .fresh canvas"

pytestmark = pytest.mark.skipif(not offered(), reason="no shipped model has a dial")


@pytest.fixture
def dial(page):
    """The room, its pictures hung."""
    to_family(page, "vae")
    page.get_by_role("tab", name=TEXTS["title"], exact=True).click()
    page.wait_for_selector(f"{DIAL}[data-place]")
    return page


def place(page):
    return int(page.get_attribute(DIAL, "data-place"))


def test_turning_sharpens_and_says_so(dial):
    assert place(dial) == len(table(offered()[0])["rows"]) - 1
    right = dots(dial, AGAIN), dots(dial, FRESH)
    dial.get_by_role("radio", name=TEXTS["guesses"][0]).check()
    dial.focus(RANGE)
    dial.keyboard.press("Home")
    assert place(dial) == 0
    assert all(new != old for new, old in zip((dots(dial, AGAIN), dots(dial, FRESH)), right, strict=True))
    dial.wait_for_selector("#vae-dial-result:has-text('At beta 0 a code')")
    assert "You guessed: At the left." in dial.inner_text("#vae-dial-result")
    assert "Beta 0." in dial.inner_text(f"{DIAL} .now")


def test_the_sentence_tells_beta_as_the_dial_does(dial):
    dial.focus(RANGE)
    dial.keyboard.press("End")
    for _ in range(3):
        dial.keyboard.press("ArrowLeft")
        beta = dial.inner_text(f"{DIAL} .now").split(". ")[0].split()[1]
        dial.wait_for_selector(f"#vae-dial-result:has-text('at beta {beta} a code')")


def test_turning_needs_no_server(dial):
    dial.focus(RANGE)
    dial.keyboard.press("End")
    dial.wait_for_selector("#vae-dial-result:has-text('At beta 16')")
    before = dots(dial, AGAIN)
    dial.context.set_offline(True)
    try:
        dial.locator(RANGE).evaluate("(r) => { r.value = 3; r.dispatchEvent(new Event('input')); }")
        assert place(dial) == 3 and dots(dial, AGAIN) != before
    finally:
        dial.context.set_offline(False)


def test_other_pictures_leave_the_dial_where_it_stands(dial):
    at, reads = place(dial), dots(dial, f"{DIAL} .reads canvas")
    dial.click("#vae-dial-others")
    dial.wait_for_function(
        "([c, old]) => document.querySelector(c).toDataURL() !== old", arg=[f"{DIAL} .reads canvas", reads]
    )
    assert place(dial) == at


def test_another_collection_is_announced_while_the_old_pictures_are_dimmed(dial):
    told = f"{DIAL} .now"
    dial.evaluate(
        """([dial, told]) => {
            const box = document.querySelector(dial);
            window.waited = '';
            new MutationObserver(() => {
                if (box.classList.contains('waiting')) window.waited = document.querySelector(told).textContent;
            }).observe(box, { attributes: true });
        }""",
        [DIAL, told],
    )
    dial.locator("#vae-dial-collection label").last.click()
    dial.wait_for_function("([told, wait]) => window.waited === wait", arg=[told, TEXTS["wait"]])
    dial.wait_for_selector(f"{DIAL}:not(.waiting)")
    assert dial.inner_text(told).startswith("Beta ")
    assert not dial.locator("#vae-dial-guess input:checked").count()  # it was about the other one
    assert dial.locator("#vae-dial-guess fieldset, fieldset#vae-dial-guess").is_enabled()
    assert not dial.locator(f"{DIAL} .far.open").count()


@pytest.mark.parametrize("turn", [nan, inf, -1, 0.5, "two", None])
def test_a_turn_that_is_none_is_refused(turn):
    with pytest.raises(Mishap):
        facts(offered()[0], turn)


def test_a_collection_without_a_dial_is_refused():
    with pytest.raises(Mishap):
        facts("fashion", 0)
