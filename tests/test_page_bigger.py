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
    page.get_by_label("distilbert/distilgpt2", exact=True).check()
    tell(page, "a text to", 30)
    at_rest(page)
    assert pieces(page) >= 10
    page.locator("#gpt-tell-strip .copying").get_by_text("is not known to us").wait_for()
    page.locator("#gpt-tell-result").get_by_text("first choice").wait_for()
    assert "In stories by others" not in page.locator("#gpt-tell-result").text_content()
    page.locator(f"{LEAF} button").nth(3).click()
    page.locator("#gpt-tell-strip .others h4").get_by_text("had a chance of").wait_for()
