"""A game broken on purpose, in a real browser: named, mended, and begun anew without what spoilt it."""

from demo.signs import EARLY
from tests.conftest import enter
from tests.test_page_studio import OVER, PAUSE, START, at_rest, room, until


def test_a_game_is_broken_named_and_mended(visit):
    page = room(visit(refusals=True))
    page.click("#gan-train-ruin .label-wrap")
    page.click("#gan-train-break-free")
    page.wait_for_selector("text=only what works can be broken")
    page.locator("#gan-train .more .label-wrap").last.click()
    enter(page, "#gan-train-batch input", "16")
    page.click(START)
    for step in (EARLY // 2, EARLY):
        until(page, step)
    page.click("#gan-train-break-lag")
    page.wait_for_function("document.querySelector('#gan-train-critic_pace input').value === '0.25'")
    page.wait_for_selector("#gan-train-result:has-text('The forger has collapsed')", timeout=250_000)  # 300 steps
    page.click("#gan-train-mend-pace")
    page.wait_for_function("document.querySelector('#gan-train-critic_pace input').value === '2'")
    enter(page, "#gan-train-penalty input", "3")
    for press, penalty, steps in (("break-free", "0", "4"), ("mend-penalty", "3", "1")):  # what was set by hand is back
        page.click(f"#gan-train-{press}")
        for rule, value in (("penalty", penalty), ("critic_steps", steps)):
            page.wait_for_function(f"document.querySelector('#gan-train-{rule} input').value === '{value}'")
    page.wait_for_selector("#gan-train-charts .turn >> nth=1", state="attached")  # where the rules were others
    assert page.locator("#gan-train-charts .curves").count() == 2
    page.click("#gan-train-break-doze")
    page.wait_for_function("document.querySelector('#gan-train-critic_pace input').value === '0.05'")
    enter(page, "#gan-train-rate input", "0.002")
    at_rest(page)
    page.click(OVER)  # begins without what a press had spoilt, and with what was set by hand
    page.wait_for_function("document.querySelector('#gan-train-critic_pace input').value === '2'")
    assert page.input_value("#gan-train-rate input") == "0.002"
    page.wait_for_selector(f"{PAUSE}:visible")
    at_rest(page)
