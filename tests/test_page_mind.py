"""The inside of the storyteller in a real browser."""

import pytest

from tests.conftest import opened

TAB, VIEW = "The Storyteller", "#gpt-mind-view"
PIECE, CELL = f"{VIEW} .piece", f"{VIEW} .cell"


def enter(page):
    """The room with its first sentence looked into."""
    page.get_by_role("tab", name=TAB).click()
    opened(page, "Mind", f"{VIEW} .grid[data-at]")
    return page


@pytest.fixture
def mind(page):
    """All heads on, and the last piece of the first sentence chosen."""
    enter(page)
    page.get_by_role("button", name="The old king had three daughters").click()
    if page.locator(f"{VIEW} .all").is_visible():
        page.click(f"{VIEW} .all")
    page.wait_for_selector(f"{VIEW} .grid[data-at='10'][data-off='0']")
    return page


def texts(page, selector):
    return page.locator(selector).all_inner_texts()


def test_a_word_is_chosen_and_its_looks_are_numbers_too(mind):
    assert mind.locator(PIECE).count() == 11 and mind.locator(CELL).count() == 48
    assert "end of the text" in mind.inner_text("#gpt-mind .open")
    mind.locator(PIECE).nth(3).click()
    mind.wait_for_selector(f"{VIEW} .grid[data-at='3']")
    mind.keyboard.press("ArrowRight")
    mind.keyboard.press("Enter")
    mind.wait_for_selector(f"{VIEW} .grid[data-at='4']")
    pressed = [piece.get_attribute("aria-pressed") for piece in mind.locator(PIECE).all()]
    assert pressed.index("true") == 4 and pressed.count("true") == 1
    labels = [piece.get_attribute("aria-label") for piece in mind.locator(PIECE).all()]
    shares = [float(label.split(", ")[1].split("\u00a0")[0]) for label in labels[:5]]
    assert sum(shares) == pytest.approx(100, abs=3)
    assert all("still to come" in label for label in labels[5:])
    assert all("“had”" in title for title in texts(mind, "#gpt-mind h4")[:1] + texts(mind, "#gpt-mind .layers h4"))


def test_the_heads_are_walked_by_keyboard_and_shown_by_the_mouse(mind):
    mind.locator(CELL).nth(9).click()
    assert mind.inner_text(f"{VIEW} .one h4") == "Layer 2, head 2"
    mind.keyboard.press("ArrowRight")
    mind.keyboard.press("ArrowDown")
    assert mind.inner_text(f"{VIEW} .one h4") == "Layer 3, head 3"
    cell = mind.locator(CELL).nth(18)
    assert cell.get_attribute("aria-checked") == "true" and cell.get_attribute("tabindex") == "0"
    assert cell.get_attribute("aria-label").startswith("Layer 3, head 3: mostly at ")
    mind.locator(CELL).nth(0).hover()
    assert mind.inner_text(f"{VIEW} .one h4") == "Layer 1, head 1"
    mind.locator(f"{VIEW} .off").hover()
    assert mind.inner_text(f"{VIEW} .one h4") == "Layer 3, head 3"


def test_the_layers_guess_and_the_last_is_the_answer(mind):
    mind.locator(PIECE).nth(1).click()
    mind.wait_for_selector(f"{VIEW} .grid[data-at='1']")
    rows = texts(mind, "#gpt-mind .layers tbody tr")
    assert len(rows) == 7 and rows[0].startswith("no layer: the piece") and rows[6].startswith("layer 6: its answer")
    assert "“old”" in mind.inner_text("#gpt-mind .layers thead")
    assert all("%" in row for row in rows)


def test_a_head_is_switched_off_measured_and_switched_on_again(mind):
    mind.get_by_role("radio", name="Less than 1 % more").check()
    mind.locator(CELL).nth(45).click()
    mind.click(f"{VIEW} .off")
    mind.wait_for_selector("#gpt-mind-result .said")
    said = mind.inner_text("#gpt-mind-result").replace("\u00a0", " ")
    assert "Without head 6 of layer 6" in said and "Blind guessing" in said and "You guessed: Less than 1 %" in said
    assert mind.locator(CELL).nth(45).get_attribute("aria-label") == "Layer 6, head 6: switched off"
    assert len(texts(mind, "#gpt-mind .cut tbody tr")) >= 4
    assert len(texts(mind, "#gpt-mind .cut dd")) == 2
    mind.locator(CELL).nth(0).click()
    mind.click(f"{VIEW} .off")
    mind.wait_for_selector("#gpt-mind-result:has-text('Without 2 heads')")
    mind.click(f"{VIEW} .all")
    mind.wait_for_selector("#gpt-mind-result .said", state="detached")
    assert not mind.locator("#gpt-mind .cut").is_visible() and not mind.locator(f"{VIEW} .all").is_visible()


def test_the_mask_is_lifted_in_a_fold_and_the_parts_have_their_sizes(mind):
    mind.click("#gpt-mind .ahead summary")
    mind.wait_for_selector("#gpt-mind .ahead .said:has-text('still to come')")
    sizes = mind.evaluate("[...document.querySelectorAll('#gpt-mind .ahead canvas')].map((c) => c.width)")
    assert sizes == [11, 11]
    corner = "(c) => c.getContext('2d').getImageData(10, 0, 1, 1).data[3]"  # how the first piece sees the last
    masked, free = (canvas.evaluate(corner) for canvas in mind.locator("#gpt-mind .ahead canvas").all())
    assert masked == 0 and free > 0
    mind.click("#gpt-mind .blocks summary")
    assert "4,882,432" in mind.inner_text("#gpt-mind .blocks")


def test_own_text_is_looked_into_and_what_cannot_be_is_said(mind):
    mind.on("dialog", lambda dialog: pytest.fail("the page ran a stranger's script"))
    mind.fill("#gpt-mind-text textarea", "<img src=x onerror=alert(1)> مرحبا 👩")
    mind.click("#gpt-mind-read")
    mind.wait_for_selector(f"{PIECE}:has-text('<')")
    mind.fill("#gpt-mind-text textarea", "word " * 70)
    mind.click("#gpt-mind-read")
    mind.wait_for_selector(f"{VIEW} .trouble:has-text('64 are the most')")
    mind.fill("#gpt-mind-text textarea", " ")
    mind.click("#gpt-mind-read")
    mind.wait_for_selector(f"{VIEW} .trouble:has-text('write a few words')")
    mind.locator(PIECE).nth(2).click()  # what stood there before is still there to be asked about
    mind.wait_for_selector(f"{VIEW} .grid[data-at='2']")
    assert mind.inner_text(f"{VIEW} .trouble") == ""
    mind.click(f"{VIEW} .off")
    for text in ("Tim and", "The cat sat on the mat and the dog"):  # a head stays off while other texts are read
        mind.fill("#gpt-mind-text textarea", text)
        mind.click("#gpt-mind-read")
        mind.wait_for_selector(f"#gpt-mind .cut h4:has-text('{text.split()[-1]}')")
    mind.click(f"{VIEW} .all")


def test_the_room_fits_a_phone(phone):
    page = enter(phone)
    page.locator(CELL).first.scroll_into_view_if_needed()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(CELL).first.bounding_box()["width"] > 25
