"""The Train bench in a real browser: start, pause, reload, go on, one step, keep, bring back, two windows on a run."""

import json
import re
import time
from io import BytesIO

import pytest
from PIL import Image

from core.data import is_here
from demo.parts.look import ASSETS
from demo.words import words
from tests.conftest import dots, enter, still, stroke, to_family

TEXTS = words("train")
START, PAUSE, ON, ONCE, OVER = (f"#gan-train-{verb}" for verb in ("start", "pause", "on", "once", "over"))
COLLECTION = "#gan-train-data input"
# The part of Gradio's page that reads what the browser remembers.
REMEMBERS = next(file.name for file in ASSETS.glob("*.js") if "storage_key" in file.read_text(encoding="utf-8"))


def room(page, family: str = "gan"):
    to_family(page, family)
    page.locator(f"#{family}-rooms").get_by_role("tab", name=words(f"{family}.train")["title"], exact=True).click()
    page.wait_for_selector(f"#{family}-train-start:visible, #{family}-train-on:visible")
    page.wait_for_selector(f"#{family}-train-view :is(img, .sample)")  # all that happens at load has happened
    return page


def step(page, family: str = "gan") -> int:
    return int(page.locator(f"#{family}-train-view .meter").get_attribute("data-step") or 0)


def until(page, beyond: int, family: str = "gan") -> int:
    """Waits for a step beyond the one given."""
    page.wait_for_function(f"+(document.querySelector('#{family}-train-view .meter')?.dataset.step || 0) > {beyond}")
    return step(page, family)


def at_rest(page, family: str = "gan") -> int:
    """Presses Pause, and returns the step at which it came to rest."""
    page.click(f"#{family}-train-pause")
    page.wait_for_selector(f"#{family}-train-on:visible")
    return step(page, family)


def test_start_pause_reload_go_on(visit):
    page = room(visit())
    page.click(COLLECTION)
    page.get_by_role("option", name="Cut-paper shapes").click()
    page.locator("#gan-train-guess input").nth(1).check()
    page.click(START)
    until(page, 0)
    paused = at_rest(page)
    page.wait_for_timeout(1500)
    assert step(page) == paused, "Pause must pause"
    assert page.locator("#gan-train-view img").count() == 24
    assert "of 100" in page.inner_text("#gan-train-result")

    page.route(f"**/{REMEMBERS}", lambda route: (time.sleep(1), route.continue_()))  # rooms are laid out before
    page.reload()
    page.wait_for_selector(f"{ON}:visible")
    page.wait_for_function(f"document.querySelector('{COLLECTION}').value === 'Cut-paper shapes'")
    assert step(page) == paused, "a reload must find the run where it stopped"
    page.wait_for_function("document.querySelectorAll('#gan-train-guess input')[1].checked")
    page.click(ONCE)
    assert until(page, paused) == paused + 1
    page.click(ON)
    until(page, paused + 1)
    at_rest(page)
    page.click(OVER)
    page.wait_for_function(f"+document.querySelector('#gan-train-view .meter')?.dataset.step < {paused + 1}")


def test_closing_the_tab_frees_the_machine(visit):
    """The run stands still while nobody looks, although nobody pressed Pause."""
    page = room(visit())
    page.click(START)
    until(page, 0)
    home, browser = page.url, page.context
    page.close()
    time.sleep(1)
    again = browser.new_page()
    again.goto(home)
    room(again).wait_for_selector(f"{ON}:visible")
    stood = step(again)
    time.sleep(2)
    again.click(ONCE)
    assert until(again, stood) == stood + 1 > 1


def test_two_windows_of_one_visitor_take_turns(visit):
    first = room(visit())
    first.click(START)
    until(first, 0)
    second = first.context.new_page()
    second.goto(first.url)
    room(second)
    second.wait_for_selector(f"{ON}:visible")
    second.click(ON)
    first.wait_for_selector(f"{ON}:visible")
    assert TEXTS["elsewhere"] in first.inner_text("#gan-train-result")
    until(second, step(second))
    at_rest(second)


def test_visitors_do_not_see_each_other_but_by_a_link(visit):
    page = room(visit())
    page.click(START)
    until(page, 0)
    at_rest(page)
    other = room(visit())
    assert step(other) == 0 and other.locator(f"{START}:visible").count() == 1

    link = page.locator("#gan-train-view a").get_attribute("href")
    other = other.context.new_page()
    other.goto(page.url.partition("#")[0] + link)
    other.wait_for_selector("#gan-train-view:visible")  # the link opens the room
    other.wait_for_selector(f"text={TEXTS['watching']}")
    assert step(other) == step(page)
    assert other.locator("#gan-train-view img").count() == 24
    for verb in (START, PAUSE, ON, ONCE, OVER):
        assert not other.locator(verb).is_visible(), "a watcher drives nothing"
    other.locator("#gan-train-guess").get_by_role("radio", name="Blurs").check()
    other.wait_for_selector("#gan-train-result:has-text('You guessed: Blurs.')")
    assert "You guessed" not in page.inner_text("#gan-train-result"), "a guess is its watcher's own"
    page.click(ONCE)
    until(page, step(other))
    again = step(page)
    page.click(OVER)
    other.wait_for_function(f"+document.querySelector('#gan-train-view .meter')?.dataset.step < {again}")
    until(page, 0)
    at_rest(page)
    other.wait_for_function(f"+document.querySelector('#gan-train-view .meter')?.dataset.step === {step(page)}")


def test_keep_and_bring_back(page, tmp_path):
    room(page, "vae")
    page.click("#vae-train-start")
    until(page, 0, "vae")
    kept_at = at_rest(page, "vae")
    said = page.inner_text("#vae-train-result .said")
    page.locator("#vae-train .more button").last.click()
    page.click("#vae-train-keep")
    page.wait_for_selector("#vae-train-kept a")
    assert page.inner_text("#vae-train-result .said") == said
    page.wait_for_selector(f"#vae-train-kept:has-text('Kept at step {kept_at}')")
    files = []
    for link in page.locator("#vae-train-kept a").all():
        name = re.sub(r".*/", "", link.get_attribute("href"))
        reply = page.request.get(link.get_attribute("href"))
        files.append(tmp_path / name)
        files[-1].write_bytes(reply.body())
    assert sorted(f.suffix for f in files) == [".json", ".safetensors"]
    assert json.loads(next(f for f in files if f.suffix == ".json").read_text())["step"] == kept_at

    with page.expect_file_chooser() as chooser:
        page.click("#vae-train-bring")
    chooser.value.set_files(files)
    page.wait_for_selector(f"text={TEXTS['brought'].format(step=kept_at)}")
    page.click("#vae-train-on")
    until(page, kept_at, "vae")
    at_rest(page, "vae")


def test_a_visitors_own_drawing_is_redrawn_while_the_model_learns(page):
    """The run of the test before is at rest."""
    own, pad = "#vae-train-view .own img", "#vae-train-pad canvas"
    page.click("#vae-train-own .label-wrap")
    page.wait_for_selector("#vae-train-pad .paints:visible")  # the pad is that of the collection
    stroke(page, pad)
    page.wait_for_selector(own)
    pictures = page.locator(own)  # while it is drawn it is sent again and again
    drawn, before = still(page, lambda: [pictures.nth(i).get_attribute("src") for i in (0, 1)], rest=1000)
    assert "Yours is off by" in page.inner_text("#vae-train-result")
    page.click("#vae-train-once")
    page.wait_for_function("([s, old]) => document.querySelectorAll(s)[1].src !== old", arg=[own, before])
    assert page.locator(own).first.get_attribute("src") == drawn
    page.click("#vae-train-over")
    until(page, 0, "vae")
    at_rest(page, "vae")
    page.locator("#vae-train-rewind input[type=range]").press("Home")
    page.wait_for_selector("#vae-train-view .meter[data-step='0']")
    assert page.locator(own).first.get_attribute("src") == drawn, "a new training has it from the first step on"
    page.click("#vae-train-pad .clear")
    page.wait_for_selector(own, state="detached")


def test_a_drawing_of_sketch_is_redrawn_while_a_model_learns(visit):
    page = to_family(visit(refusals=True), "vae")
    page.wait_for_selector("#vae-sketch-mixer .again canvas.dots[data-n]")
    drawing = dots(page, "#vae-sketch-pad canvas")
    page.click("#vae-sketch-send")
    page.wait_for_function(
        "([c, sent]) => document.querySelector(c)?.toDataURL() === sent", arg=["#vae-train-pad canvas", drawing]
    )
    if not is_here("doodles"):
        said = page.wait_for_selector("#vae-train-result:has-text('your drawing will be redrawn as one of those')")
        page.wait_for_selector("#vae-train-view img")
        page.wait_for_timeout(1500)  # the room has found what to show by now, and has left standing what was said
        assert said.is_visible()
    page.click("#vae-train-start")
    until(page, 0, "vae")
    at_rest(page, "vae")
    assert page.locator("#vae-train-view .own img").count() == 2
    page.click("#vae-train-pad .clear")
    page.wait_for_selector("#vae-train-view .own img", state="detached")
    page.get_by_role("tab", name=words("vae.sketch")["title"], exact=True).click()
    page.click("#vae-sketch-send")  # now to a training on view
    page.wait_for_selector("#vae-train-view .own img")
    page.get_by_role("tab", name=words("vae.sketch")["title"], exact=True).click()
    page.locator("#vae-sketch-collection").get_by_text(words("vae.sketch")["short"]["faces"]).click()
    page.wait_for_selector("#vae-sketch-pad .paints:visible")
    page.click("#vae-sketch-send")
    page.wait_for_selector(f".notice:has-text('{words('vae.train')['other_kind']}')")
    assert page.is_visible("#vae-sketch-send")


def test_a_run_can_be_rewound_filmed_and_told_other_rules(visit):
    page = room(visit())
    page.click(START)
    until(page, 3)
    paused = at_rest(page)
    bar = page.locator("#gan-train-rewind input[type=range]")
    bar.focus()
    bar.press("Home")
    page.wait_for_selector(f"#gan-train-view .meter:has-text('As it was at step 0; it stands at {paused:,} now')")
    assert page.is_hidden("#gan-train-film")  # it is folded away
    page.locator("#gan-train .more .label-wrap").last.click()
    page.wait_for_selector("#gan-train-film:visible")  # a game that is looked back on is still there
    bar.focus()
    for _ in range(3):  # the last place counts, however fast one is
        for key in ("End", "Home"):
            bar.press(key)
    page.wait_for_timeout(1500)
    assert "As it was at step 0" in page.inner_text("#gan-train-view")
    bar.press("End")
    page.wait_for_selector("#gan-train-view:not(:has-text('As it was'))")  # the end of the bar is now
    bar.press("Home")
    page.wait_for_selector("#gan-train-view:has-text('As it was')")
    page.fill("#gan-train-rewind input[type=number]", "9999")
    page.wait_for_selector("#gan-train-view:not(:has-text('As it was'))")  # and so is all beyond it

    page.evaluate(  # told one after another, faster than the server hears
        """() => ['wasserstein', 'hinge'].forEach((one, n) =>
            setTimeout(() => document.querySelector(`#gan-train-loss [value=${one}]`).click(), 20 * n))"""
    )
    page.wait_for_timeout(500)
    page.click(ON)
    page.wait_for_selector(f"{PAUSE}:visible")
    until(page, paused)
    at_rest(page)

    page.click("#gan-train-film")
    page.wait_for_selector("#gan-train-kept a")
    film = page.request.get(page.locator("#gan-train-kept a").first.get_attribute("href")).body()
    with Image.open(BytesIO(film)) as moving:
        assert moving.format == "WEBP" and moving.n_frames > 1

    page.click("#gan-train-keep")
    page.wait_for_selector("#gan-train-kept a[href$='card.json']")
    card = page.request.get(page.locator("#gan-train-kept a[href$='card.json']").get_attribute("href")).json()
    assert card["config"]["loss"] == "hinge"


def test_own_text_is_learnt_and_too_little_is_said(page):
    room(page, "gpt")
    page.locator("#gpt-train").get_by_label(TEXTS["collection"]).click()
    page.get_by_role("option", name="Your own text").click()
    page.click("#gpt-train-start")
    page.wait_for_selector(f"text={TEXTS['no_text']}")
    page.fill("#gpt-train-text textarea", "The cat sat on the <b>mat</b>. The mat was red. " * 60)
    page.click("#gpt-train-start")
    until(page, 0, "gpt")
    page.wait_for_selector("#gpt-train-view .sample")
    at_rest(page, "gpt")
    assert page.locator("#gpt-train-view .sample b").count() == 1, "the text's own tags must be shown, not obeyed"


@pytest.mark.parametrize(("box", "value"), [("rate", "1000000000"), ("rate", "-1"), ("batch", "0.5e9")])
def test_settings_out_of_reason_get_a_sentence(page, box, value):
    room(page)
    page.evaluate("document.querySelectorAll('.toast-close').forEach((cross) => cross.click())")
    if not page.locator(f"#gan-train-{box} input").is_visible():
        page.locator("#gan-train .more .label-wrap").last.click()
    enter(page, f"#gan-train-{box} input", value)
    page.click(START)
    page.wait_for_selector(f".toast-body, {PAUSE}:visible")
    assert page.locator(f"{START}:visible").count() == 1, "it was started all the same"
