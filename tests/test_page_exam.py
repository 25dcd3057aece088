"""The sealed exam in a real browser."""

import pytest

from tests.conftest import opened, to_family

SHEET = "#gan-play-sheet"
PICTURE = f"{SHEET} li button"
EXAM = "#gan-train-exam"


@pytest.fixture
def play(page):
    """An exam that nobody has touched."""
    opened(page, "Play", PICTURE)
    first = page.locator(f"{SHEET} img").first.get_attribute("src")
    page.click(f"{SHEET} .fresh")
    page.wait_for_function("([s, old]) => document.querySelector(s).src !== old", arg=[f"{SHEET} img", first])
    return page


def test_an_exam_is_sat_and_handed_in(play):
    play.get_by_role("radio", name="Both alike").check()
    pictures = play.locator(PICTURE)
    assert pictures.count() == 20
    pictures.nth(2).click()
    pictures.nth(2).press("ArrowRight")
    play.keyboard.press("Space")
    assert [pictures.nth(i).get_attribute("aria-pressed") for i in range(4)] == ["false", "false", "true", "true"]
    assert play.inner_text(f"{SHEET} .marked").startswith("2 of 20 marked")
    play.click(f"{SHEET} .hand")
    play.wait_for_selector("#gan-play-result .said")
    said = play.inner_text("#gan-play-result")
    assert "of 20 pictures" in said and "Tossing a coin" in said and "You guessed: Both alike." in said
    truths = play.locator(f"{SHEET} li.forged").count()
    assert 4 <= truths <= 16 and truths + play.locator(f"{SHEET} li.real").count() == 20
    pictures.nth(7).click()
    assert "farther from their nearest training picture" in play.inner_text(f"{SHEET} .twin")
    assert play.inner_text(f"{SHEET} .tally").startswith("Your exams in this browser: 1;")
    assert not play.locator(f"{SHEET} .hand").is_visible()
    assert play.locator("#gan-play-guess input").first.is_disabled(), "a judged guess stands"
    play.click(f"{SHEET} .fresh")
    play.wait_for_selector("#gan-play-guess input:enabled")


def test_an_exam_without_marks_gets_a_sentence_and_stays(play):
    play.click(f"{SHEET} .hand")
    play.wait_for_selector(f"{SHEET} .trouble:has-text('at least one is')")
    play.locator(PICTURE).first.click()
    play.click(f"{SHEET} .hand")
    play.wait_for_selector(f"{SHEET} li.forged")


def test_the_tally_stays_in_this_browser_and_the_next_exam_is_another(visit):
    play = opened(visit(), "Play", PICTURE)
    first = play.locator(f"{SHEET} img").first.get_attribute("src")
    play.locator(PICTURE).first.click()
    play.click(f"{SHEET} .hand")
    play.wait_for_selector(f"{SHEET} li.forged")
    play.click(f"{SHEET} .fresh")
    play.wait_for_selector(f"{SHEET} .hand:visible")
    assert play.locator(f"{SHEET} img").first.get_attribute("src") != first
    assert play.locator(f"{SHEET} li.forged").count() == 0
    later = play.context.new_page()  # the same browser
    later.goto(play.url)
    later.wait_for_selector("#house")
    opened(later, "Play", f"{SHEET} .tally:has-text('in this browser: 1;')")
    other = visit()
    opened(other, "Play", PICTURE)
    assert other.locator(f"{SHEET} .tally").inner_text() == ""


def test_without_a_guess_what_came_is_said_and_none_counts_any_more(visit):
    page = opened(visit(), "Play", PICTURE)
    page.locator(PICTURE).first.click()
    page.click(f"{SHEET} .hand")
    page.wait_for_selector("#gan-play-result :has-text('It came out as')")
    assert page.locator("#gan-play-guess input").first.is_disabled()
    assert page.locator(f"{SHEET} .fresh").bounding_box()["y"] < 900, "a laptop shows all twenty at once"


def test_the_exam_fits_a_phone(phone):
    page = opened(to_family(phone, "gan"), "Play", PICTURE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(PICTURE).first.bounding_box()["width"] > 60


def test_who_watches_a_training_sits_an_exam_on_it(visit):
    """Its link, opened by another: an exam on its last step, which drives nothing."""
    owner = to_family(visit(), "gan")
    owner.locator("#gan-rooms").get_by_role("tab", name="Duel", exact=True).click()
    owner.wait_for_selector("#gan-train-view img")
    assert not owner.locator(EXAM).is_visible(), "there is no training yet"
    owner.click("#gan-train-start")
    owner.wait_for_selector("#gan-train-view .meter:not([data-step='0'])")
    owner.click("#gan-train-pause")
    owner.wait_for_selector("#gan-train-on:visible")
    step = owner.locator("#gan-train-view .meter").get_attribute("data-step")

    watcher = visit(owner.locator("#gan-train-view .meter a").get_attribute("href"))
    watcher.wait_for_selector(".watched")
    watcher.click(EXAM)
    watcher.wait_for_selector(f"{SHEET} .about:has-text('at step {step}.')")
    assert not watcher.locator("#gan-play-collection").is_visible(), "a training has its own"
    watcher.locator(PICTURE).first.click()
    watcher.click(f"{SHEET} .hand")
    watcher.wait_for_selector(f"#gan-play-result:has-text('had learnt for {step} step')")
    assert "found on unseen pictures and fresh forgeries" in watcher.inner_text("#gan-play-result")
    assert owner.locator("#gan-train-view .meter").get_attribute("data-step") == step
    watcher.locator("#gan-rooms").get_by_role("tab", name="Duel", exact=True).click()
    watcher.click(EXAM)  # the same training once more: another exam, not the one that was handed in
    watcher.wait_for_selector(f"{SHEET} .hand:visible")
    watcher.get_by_role("radio", name="a master").check()
    watcher.wait_for_selector("#gan-play-collection:visible")
    watcher.wait_for_selector(f"{SHEET} .about", state="hidden")
