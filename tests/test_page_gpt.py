"""The Storyteller's tab, as a visitor meets it."""

import re
import time

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.conftest import enter

TAB, LEAF = "The Storyteller", "#gpt-tell-strip .leaf"
# What lies in a tab comes one by one: here the box of text after the view that reads it, with its first text last.
LATE = """() => {
  const find = document.querySelector.bind(document), since = performance.now();
  const early = (place) => place.startsWith('#gpt-mind-text') && performance.now() < since + 1000;
  document.querySelector = (place) => (early(place) ? null : find(place));
  addEventListener('input', ({ target: box }) => {
    const last = () => { box.value = 'Its first text.'; box.dispatchEvent(new Event('input', { bubbles: true })); };
    if (box.closest('#gpt-mind-text')) setTimeout(last, 100);
  }, { once: true });
}"""


def to_tab(page):
    page.get_by_role("tab", name=TAB).click()
    return page


def open_tab(page):
    """The tab with its opening told to the end."""
    to_tab(page)
    page.wait_for_selector(f"{LEAF} button")
    page.wait_for_selector(f"{LEAF}:not(.telling)")
    return page


def told(page) -> str:
    return page.locator(LEAF).text_content()


def pieces(page) -> int:
    return page.locator(f"{LEAF} button").count()


def tell(page, beginning: str = "Once there was a cat", length: int = 400, seed: int | None = None):
    """Presses Tell and waits for the first pieces."""
    page.locator("#gpt-tell-beginning textarea").fill(beginning)
    set_number(page, "#gpt-tell-length", length)
    if seed is not None:
        if not page.locator("#gpt-tell-seed input").is_visible():
            page.locator("#gpt-tell .more button").first.click()
        set_number(page, "#gpt-tell-seed", seed)
    rows = page.locator("#gpt-tell-outline li").count()
    page.locator("#gpt-tell-go").click()
    page.wait_for_function(f"document.querySelectorAll('#gpt-tell-outline li').length > {rows}")
    page.wait_for_function(
        "([leaf, begun]) => document.querySelector(leaf).textContent.startsWith(begun)",
        arg=[LEAF, beginning],
    )
    page.wait_for_selector(f"{LEAF} button")


def set_number(page, place: str, value: int) -> None:
    enter(page, f"{place} input[type=number]", str(value))


def wait_for_pieces(page, count: int) -> None:
    page.wait_for_function(
        "([leaf, count]) => document.querySelectorAll(leaf + ' button').length >= count",
        arg=[LEAF, count],
    )


def at_rest(page) -> None:
    page.wait_for_selector(f"{LEAF}:not(.telling)")


def test_a_story_is_begun_before_anybody_asks_and_one_can_begin_stop_and_go_on(page):
    open_tab(page)
    assert told(page).startswith("Once upon a time")
    assert pieces(page) > 20
    page.locator("#gpt-tell-result").get_by_text("seed 0").wait_for()
    assert page.locator("#gpt-tell-strip .others li").count() >= 5  # the greatest surprise is open
    opening = told(page)
    page.get_by_role("tab", name="Measured").click()
    page.get_by_role("tab", name=TAB).click()
    time.sleep(0.5)
    assert told(page) == opening
    tell(page)
    wait_for_pieces(page, 8)
    page.locator("#gpt-tell-stop").click()
    stopped = told(page)
    time.sleep(1.0)
    assert told(page) == stopped
    page.locator("#gpt-tell-result").get_by_text("first choice").wait_for()
    count = pieces(page)
    assert count < 380
    page.locator("#gpt-tell-on").click()
    wait_for_pieces(page, count + 5)
    page.locator("#gpt-tell-stop").click()
    assert told(page).startswith(stopped) and len(told(page)) > len(stopped)


def test_the_same_wish_is_told_alike_and_again_otherwise(page):
    tell(open_tab(page), length=20, seed=5)
    at_rest(page)
    first = told(page)
    page.locator("#gpt-tell-go").click()
    page.wait_for_function("document.querySelector('#gpt-tell-seed input').value === '6'")
    at_rest(page)
    assert told(page) != first
    tell(page, length=20, seed=5)
    at_rest(page)
    assert told(page) == first


def test_a_piece_shows_what_else_it_might_have_been(page):
    tell(open_tab(page), length=20)
    at_rest(page)
    piece = page.locator(f"{LEAF} button").nth(3)
    piece.click()
    others = page.locator("#gpt-tell-strip .others")
    rows = others.locator("li").all_text_contents()
    assert piece.get_attribute("aria-pressed") == "true"
    assert piece.text_content() in others.locator("h4").text_content()
    assert 5 <= len(rows) <= 8 and all("%" in row for row in rows)
    assert others.locator("li.taken .piece").text_content() == piece.text_content()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    following = page.locator(f"{LEAF} button").nth(4)
    assert following.get_attribute("aria-pressed") == "true" and piece.get_attribute("aria-pressed") == "false"
    assert re.search(r", (\d|99 % or more)", following.get_attribute("aria-label"))


def test_any_beginning_is_text_and_a_megabyte_is_one_sentence(page, server_log):
    page.on("dialog", lambda dialog: pytest.fail("the page ran a stranger's script"))
    open_tab(page)
    html = "<img src=x onerror=alert(1)><b>bold</b><script>alert(2)</script> ${1+1} {{value}} & said"
    for beginning in (html, "مرحبا يا 👩\u200d🚀 ", ""):
        tell(page, beginning, length=10)
        at_rest(page)
        assert told(page).startswith(beginning) and len(told(page)) > len(beginning)
        assert page.locator(f"{LEAF} img, {LEAF} b").count() == 0
    before = told(page)
    page.locator("#gpt-tell-beginning textarea").evaluate(
        "(box) => { box.value = 'x'.repeat(1e6); box.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.locator("#gpt-tell-go").click()
    page.get_by_text("A beginning may have 4,000 characters, and this one has 1,000,000.").wait_for()
    assert told(page) == before
    assert "<script>" not in server_log.read_text()  # Gradio warns of such a tag


def test_a_guess_made_when_it_was_said_what_came_does_not_count(page):
    tell(open_tab(page), length=40, seed=5)
    at_rest(page)
    page.locator("#gpt-tell-result .said").wait_for()
    came = page.locator("#gpt-tell-guess").get_by_label("About half the time")
    came.check()
    page.route("**/queue/join*", lambda asked: (time.sleep(0.3), asked.continue_()))
    page.evaluate(  # the second is pressed before the page hears of the first
        """() => ['li:last-child .star', '.branch'].forEach((what, n) => setTimeout(() =>
            document.querySelector(`#gpt-tell-outline ${what}`).click(), 100 * n))"""
    )
    page.wait_for_selector("#gpt-tell-outline li:first-child .branch[aria-current]")
    page.unroute("**/queue/join*")
    page.locator("#gpt-tell-outline .branch").last.click()
    page.wait_for_selector("#gpt-tell-outline li:last-child .branch[aria-current]")
    assert page.locator("#gpt-tell-result .guessed").count() == 0 and came.is_enabled()
    tell(page, length=40, seed=9)
    page.locator("#gpt-tell-result [data-judged]").wait_for()
    assert "You guessed: About half the time." in page.inner_text("#gpt-tell-result .guessed")
    assert came.is_disabled()
    tell(page, length=40, seed=11)
    at_rest(page)
    page.locator("#gpt-tell-result .said").wait_for()
    assert page.locator("#gpt-tell-result .guessed").count() == 0, "a guess counts once"
    assert came.is_enabled() and not came.is_checked()


def test_the_pieces_run_as_the_story_does_whatever_its_beginning(page):
    tell(page, "שלום", length=20, seed=3)
    at_rest(page)
    assert page.locator(LEAF).get_attribute("dir") == "ltr", "it goes on in English"
    lefts = page.eval_on_selector_all(
        f"{LEAF} .word",
        "all => all.map((one) => [...one.children].map((b) => b.getBoundingClientRect().left)).filter((one) => one[1])",
    )
    assert lefts and all(row == sorted(row) for row in lefts)


def test_a_piece_of_a_story_is_looked_into(page):
    tell(page, "The cat", length=40, seed=2)
    at_rest(page)
    page.locator(f"{LEAF} button").nth(5).click()
    written = told(page)
    page.evaluate(LATE)
    page.click("#gpt-tell-strip .others .inside")
    page.wait_for_function("document.querySelector('#gpt-mind-text textarea')?.value.startsWith('The cat')")
    page.wait_for_selector("#gpt-mind-view .piece[aria-pressed=true]")
    page.wait_for_timeout(500)  # and stays so
    asked = page.input_value("#gpt-mind-text textarea")
    assert written.startswith(asked) and len(asked) < len(written)
    page.wait_for_function(
        "(asked) => [...document.querySelectorAll('#gpt-mind-view .piece .text:not(.mark)')].map((p) => p.textContent)"
        ".join('') === asked.replaceAll(' ', '')",
        arg=asked,
    )
    page.get_by_role("tab", name="Tell", exact=True).click()


def test_two_visitors_have_two_stories(visit):
    one, two = to_tab(visit()), to_tab(visit())
    tell(one, "The first story", length=40, seed=1)
    tell(two, "The second story", length=40, seed=2)
    for page in (one, two):
        at_rest(page)
    assert told(one).startswith("The first story") and "second" not in told(one)
    assert told(two).startswith("The second story") and told(one)[15:] != told(two)[16:]


def test_it_fits_a_phone(phone):
    page = to_tab(phone)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    tell(page, "W" * 300, length=10)
    at_rest(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(LEAF).evaluate(
        "leaf => leaf.getBoundingClientRect().top < innerHeight"
    )  # it was brought in sight


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False, httpx_kwargs={"timeout": 60})


def test_scripts_may_tell(client):
    text, tokens = client.predict("Once there was", 20, 0.8, 0, 0.95, 3, api_name="/tell")
    again, _ = client.predict("Once there was", 20, 0.8, 0, 0.95, 3, api_name="/tell")
    assert text == again and text.startswith("Once there was") and 1 <= len(tokens) <= 20
    assert all(0 < token["chance"] <= 1 for token in tokens)
    assert text.endswith("".join(token["token"] for token in tokens if token["id"])[-5:])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"temperature": "nan"}, "The temperature must be a number from 0 to 2."),
        ({"temperature": "inf"}, "The temperature must be a number from 0 to 2."),
        ({"top_p": 0}, "Top-p must be"),
        ({"top_k": "many"}, "Top-k must be"),
        ({"length": 10_000}, "The length must be a number from 10 to 400."),
        ({"seed": None}, "The seed must be"),
        ({"beginning": "x" * 1_000_000}, "A beginning may have 4,000 characters"),
        ({"beginning": ["a", 1]}, "A beginning must be a text."),
    ],
)
def test_scripts_are_told_what_is_wrong(client, server_log, wrong, sentence):
    with pytest.raises(AppError, match=re.escape(sentence)):
        client.predict(**{"beginning": "Once", "length": 10, "temperature": 1.0, **wrong}, api_name="/tell")
    assert "Traceback" not in server_log.read_text()
