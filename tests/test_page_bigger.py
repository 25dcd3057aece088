"""A bigger teller, brought by the operator, as a visitor meets it: small, of random weights, and made here.

The page offers what is there when it starts, and one server serves all tests: so it is brought before any test begins.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.test_bigger import KINDS, kept
from tests.test_page_gpt import LEAF, at_rest, open_tab, pieces, tell

HOME = TemporaryDirectory(prefix="atelier-")
if "ATELIER_TELLERS" not in os.environ:
    (Path(HOME.name) / "distilgpt2").mkdir()
    kept(Path(HOME.name) / "distilgpt2", *KINDS["gpt2"])
    os.environ["ATELIER_TELLERS"] = HOME.name


def test_a_bigger_teller_is_offered_and_tells(page):
    open_tab(page)
    page.locator("#gpt-tell .more button").first.click()
    page.locator("#gpt-tell-teller").get_by_label("distilbert/distilgpt2").check()
    tell(page, "a text to", 30)
    at_rest(page)
    assert pieces(page) >= 10
    page.locator("#gpt-tell-strip .copying").get_by_text("is not known to us").wait_for()
    page.locator("#gpt-tell-result").get_by_text("first choice").wait_for()
    assert "In stories by others" not in page.locator("#gpt-tell-result").text_content()
    page.locator(f"{LEAF} button").nth(3).click()
    page.locator("#gpt-tell-strip .others h4").get_by_text("had a chance of").wait_for()


def test_a_bigger_teller_is_looked_into(page):
    """From a story of its own as from the room's choice; another teller has other heads, parts and pieces."""
    open_tab(page)
    page.locator("#gpt-tell .more button").first.click()
    page.locator("#gpt-tell-teller").get_by_label("distilbert/distilgpt2").check()
    tell(page, "a text to", 30)
    at_rest(page)
    page.locator(f"{LEAF} button").nth(3).click()
    page.click("#gpt-tell-strip .others .inside")
    mind = page.locator("#gpt-mind")
    page.wait_for_function("document.querySelectorAll('#gpt-mind-view .cell').length === 12")  # 3 layers of 4 heads
    page.wait_for_function("document.querySelector('#gpt-mind-teller input[value=distilgpt2]').checked")
    page.wait_for_function("document.querySelectorAll('#gpt-mind .layers tbody tr').length === 4")
    parts = mind.locator(".blocks tbody")
    parts.get_by_text("Learned positions").wait_for(state="attached")
    mind.locator(".one .off").click()
    mind.locator(".result").get_by_text("bits for each byte of children").wait_for()
    mind.get_by_label("our storyteller").check()
    page.wait_for_function("document.querySelectorAll('#gpt-mind-view .cell').length === 48")
    parts.get_by_text("Rotary positions").wait_for(state="attached")
    page.wait_for_selector("#gpt-mind-view .grid[data-off='0']")
    assert page.locator("#gpt-mind-view .trouble").text_content() == ""
    mind.get_by_role("button", name="Lily had a red ball").click()
    page.wait_for_function("document.querySelectorAll('#gpt-mind-view .piece').length > 18")
    mind.get_by_label("distilbert/distilgpt2").click()  # which has few pieces, so that this text has too many
    page.locator("#gpt-mind-view .trouble").get_by_text("are the most that can be looked into").wait_for()
    page.wait_for_function("document.querySelector('#gpt-mind-teller input[value=storyteller]').checked")
    assert page.locator("#gpt-mind-view .cell").count() == 48, "what is on view is still ours, and says so"
