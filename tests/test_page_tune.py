"""The room of fine-tuning, as a visitor meets it."""

from tests.conftest import opened

TAB, ROOM = "The Storyteller", "Tune"


def to_room(page):
    page.get_by_role("tab", name=TAB).click()
    return opened(page, ROOM, "#gpt-tune-text textarea")


def learnt(page, step: int) -> None:
    page.wait_for_function(
        "step => Number(document.querySelector('#gpt-tune-view .meter[data-step]')?.dataset.step) >= step",
        arg=step,
    )


def test_a_little_book_is_learnt_stopped_found_again_and_kept(page, url):
    to_room(page)
    page.locator("#gpt-tune-start").click()
    page.get_by_text("There is nothing to learn from yet").wait_for()
    page.locator("#gpt-tune-log").click()
    page.wait_for_function("document.querySelector('#gpt-tune-text textarea').value.startsWith('Day ')")
    page.get_by_label("1 to 5 % more", exact=True).check()
    page.locator("#gpt-tune-start").click()
    learnt(page, 2)
    assert page.locator("#gpt-tune-view .twins .sample").count() == 2
    page.locator("#gpt-tune-stop").click()
    page.locator("#gpt-tune-on").wait_for()
    said = page.locator("#gpt-tune-result .said")
    assert "Your text: from" in said.text_content()
    assert "xz (a file compressor) needs" in page.locator("#gpt-tune-result .yard").text_content()
    assert "You guessed: 1 to 5 % more." in page.locator("#gpt-tune-result .guessed").text_content()
    assert page.get_by_label("1 to 5 % more", exact=True).is_disabled()  # for something was measured
    result = said.text_content()
    assert page.locator("#gpt-tune-charts polyline").count() == 3
    step = page.locator("#gpt-tune-view .meter").get_attribute("data-step")
    page.goto("about:blank")
    page.goto(url)
    to_room(page)
    page.get_by_text("Your tuning is still here").wait_for()
    assert page.locator("#gpt-tune-view .meter").get_attribute("data-step") == step
    page.locator("#gpt-tune .more button").first.click()
    page.locator("#gpt-tune-keep").click()
    page.wait_for_selector("#gpt-tune-kept a")
    kept = {link.get_attribute("href").rsplit("/")[-1] for link in page.locator("#gpt-tune-kept a").all()}
    assert kept == {"card.json", "model.safetensors"}
    page.get_by_text("Kept at step").wait_for()
    assert result in page.locator("#gpt-tune-result .yard").text_content()  # what was won and lost still stands there


def test_it_fits_a_phone_and_says_what_cannot_be_learnt(phone):
    page = to_room(phone)
    page.locator("#gpt-tune-text textarea").fill("ten bytes.")
    page.locator("#gpt-tune-start").click()
    page.get_by_text("This text has 10 letters.").wait_for()
    with page.expect_file_chooser() as chooser:
        page.locator("#gpt-tune-file").click()
    chooser.value.set_files({"name": "noise.txt", "mimeType": "text/plain", "buffer": b"\x00\x01\x02" * 999})
    page.get_by_text("This file is not plain text in UTF-8.").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
