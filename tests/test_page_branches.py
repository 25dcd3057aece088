"""The tree of stories and the knobs, as a visitor meets them."""

import json
import time
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from demo.words import words
from tests.conftest import enter
from tests.test_page_gpt import LEAF, at_rest, open_tab, tell, to_tab, told, wait_for_pieces

OTHERS, ROWS = "#gpt-tell-strip .others", "#gpt-tell-outline li"
PREVIEWED = f"document.querySelectorAll('{OTHERS} .on:not(:empty)').length >= 5"


def ask(page, i: int) -> None:
    """Chooses a piece, and waits for what else might stand there."""
    page.locator(f"{LEAF} button").nth(i).click()
    page.wait_for_function(PREVIEWED)


def unwritten(page):
    """The likeliest piece that does not stand there, and is written as it is named."""
    return page.locator(f"{OTHERS} li:not(.taken) .take").filter(has_not_text=words("gpt.tell.strip")["space"]).first


def outlined(page, count: int) -> None:
    page.wait_for_function(f"document.querySelectorAll('{ROWS}').length === {count}")


def saved(page, what: str) -> str:
    with page.expect_download() as download:
        page.locator(f"#gpt-tell-outline [data-save={what}]").click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def test_a_story_branches_as_its_preview_says_and_both_stay(page):
    tell(open_tab(page), "Once there was a <b>cat</b>", length=30, seed=4)
    at_rest(page)
    outlined(page, 2)
    first = told(page)
    ask(page, 6)
    row = unwritten(page)
    piece, preview = (row.locator(f".{part}").text_content() for part in ("piece", "on"))
    row.click()
    page.wait_for_selector(f"{LEAF} button.fork")
    at_rest(page)
    outlined(page, 3)
    branch = told(page)
    fork = page.locator(f"{LEAF} button.fork")
    assert fork.text_content() == piece.strip()
    after = branch[len(page.locator(f"{LEAF} .before").text_content()) :]
    assert preview.removeprefix("… ") in after and branch != first
    assert "Since they part" in page.locator("#gpt-tell-result").text_content()
    page.locator(f"{ROWS} .branch", has_text="Once there was a <b>cat</b>").click()
    page.wait_for_function("([leaf, story]) => document.querySelector(leaf).textContent === story", arg=[LEAF, first])
    assert "Since they part" not in page.locator("#gpt-tell-result").text_content()
    assert page.locator("#gpt-tell-outline b").count() == 0


def test_bookmarks_and_files_hold_the_whole_tree_even_while_it_is_stopped(page):
    page.locator("#gpt-tell-outline .star").nth(2).click()
    page.wait_for_selector("#gpt-tell-outline .star[aria-pressed=true]")
    tell(page, "Another beginning", length=400)
    wait_for_pieces(page, 8)
    page.locator("#gpt-tell-stop").click()
    page.locator("#gpt-tell-result").get_by_text("first choice").wait_for()
    outlined(page, 4)
    tree = json.loads(saved(page, "json"))["branches"]
    assert [branch["parent"] for branch in tree] == [None, None, 1, None]
    assert [branch["bookmarked"] for branch in tree] == [False, False, True, False]
    assert tree[2]["shared"] == 6 and len(tree[3]["tokens"]) >= 8
    text = saved(page, "text")
    assert told(page) in text and "Once there was a <b>cat</b>" in text and "* 3. " in text


def test_a_branch_is_taken_while_the_story_is_still_told(page):
    rows = page.locator(ROWS).count()
    tell(page, "There was a boat", length=400)
    wait_for_pieces(page, 8)
    page.locator(f"{LEAF} button").nth(2).click()
    unwritten(page).click()
    page.wait_for_selector(f"{LEAF} button.fork")
    page.locator("#gpt-tell-stop").click()
    outlined(page, rows + 2)
    page.locator("#gpt-tell-result").get_by_text("first choice").wait_for()
    assert "learnt from" in page.locator("#gpt-tell-strip .copying").text_content()


def test_the_next_piece_can_be_chosen_and_all_of_it_by_keyboard(page):
    enter(page, "#gpt-tell-length input[type=number]", "30")
    page.locator(f"{LEAF} button").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{LEAF} .next[aria-pressed=true]")
    page.wait_for_function(PREVIEWED)
    before, rows = told(page), page.locator(ROWS).count()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "take"
    page.keyboard.press("Enter")
    outlined(page, rows + 1)
    page.wait_for_function("document.activeElement.classList.contains('fork')")
    at_rest(page)
    assert told(page).startswith(before) and len(told(page)) > len(before)
    page.locator("#gpt-tell-outline .branch").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelectorAll('{ROWS}')[1].classList.contains('shown')")


def test_the_knobs_reshape_the_chances_while_they_move(page):
    ask(page, 4)
    learnt = [share.split(" →")[0] for share in page.locator(f"{OTHERS} .figure").all_text_contents()]
    if not page.locator("#gpt-tell-top-k input[type=number]").is_visible():
        page.locator("#gpt-tell .more button").first.click()
    enter(page, "#gpt-tell-top-k input[type=number]", "1")
    page.wait_for_function(f"document.querySelector('{OTHERS} .cuts').textContent.includes('Top-k cut off')")
    figures = page.locator(f"{OTHERS} .figure").all_text_contents()
    assert [figure.split(" →")[0] for figure in figures] == learnt
    assert all(figure.endswith("→ cut") for figure in figures[1:])
    assert "1 of 4,096 pieces stays" in page.locator(f"{OTHERS} .cuts").text_content()
    slider = page.locator("#gpt-tell-min-p input[type=range]")
    enter(page, "#gpt-tell-top-k input[type=number]", "0")
    slider.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('{OTHERS} .cuts').textContent.includes('Min-p cut off')")


def test_the_next_word_is_guessed_against_two_rivals(page):
    fold = page.locator("#gpt-tell-quiz")
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    fold.locator(".four button").nth(3).wait_for()
    for asked in (1, 2):
        fold.locator(".four button").nth(asked).focus()
        page.keyboard.press("Enter")
        fold.get_by_text(f"Of {asked}: you").wait_for()
        assert fold.locator(".four .true").count() == 1 and fold.locator(".four span").count() == 4
        assert "The model chose" in fold.locator(".verdict").text_content()
        page.keyboard.press("Enter")  # another one
        page.wait_for_function("!document.querySelector('#gpt-tell-quiz .four span')")


def test_two_visitors_have_two_trees_and_long_beginnings_branch(visit):
    one, two = to_tab(visit()), to_tab(visit())
    tell(one, "The first story", length=10, seed=1)
    tell(two, "x y " * 1_000, length=10, seed=2)
    for page in (one, two):
        at_rest(page)
    ask(two, 3)
    unwritten(two).click()
    two.wait_for_selector(f"{LEAF} button.fork")
    at_rest(two)
    time.sleep(0.5)
    kept = json.loads(saved(two, "json"))["branches"]
    assert [len(branch["beginning"]) for branch in kept[-2:]] == [4_000, 4_000] and kept[-1]["parent"] == len(kept) - 2
    assert "first story" not in saved(two, "text") and "x y x y" not in saved(one, "text")


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False, httpx_kwargs={"timeout": 60})


def test_scripts_have_the_new_knobs(client):
    text, _ = client.predict("Once there was", 20, 0.8, 0, 0.95, 3, 0.1, 1.5, api_name="/tell")
    assert text.startswith("Once there was")
    for wrong, sentence in (
        ({"min_p": "nan"}, "Min-p must be a number from 0 to 1."),
        ({"penalty": 0}, "The repetition penalty must be a number from 1 to 2."),
    ):
        with pytest.raises(AppError, match=sentence):
            client.predict(**{"beginning": "Once", "length": 10, **wrong}, api_name="/tell")
