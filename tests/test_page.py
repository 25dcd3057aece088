"""The page as a whole, and the room it opens with, in a real browser."""

import re
from io import BytesIO

import pytest
from PIL import Image

from core.checkpoint import names
from demo.words import OWED, inspect, words
from tests.conftest import before_it_comes, to_family

TABS = ("gan", "vae", "gpt", "measured")
PHONE = {"width": 390, "height": 844}
WALL = "#gan-paint-wall li"
SAID = "#gan-paint-result .said"


@pytest.fixture
def page(page):
    """The room that the page opens with, painted."""
    to_family(page, "gan")
    page.wait_for_selector(f"{WALL}:visible")
    return page


# ---- every tab ----


def test_every_tab_opens_alive(page):
    for name in TABS:
        to_family(page, name)
        panel = page.locator("[role=tabpanel]:visible").first
        assert panel.locator("img:visible, canvas:visible, svg:visible, button:visible").count() > 3, name
        assert len(panel.inner_text()) > 200, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_by_day_and_by_night(visit, scheme):
    page = visit(f"?__theme={scheme}", **PHONE)
    page.wait_for_selector(WALL)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number)")
    assert max(paper) < 60 if scheme == "dark" else min(paper) > 220
    for name in TABS:
        to_family(page, name)
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_a_room_has_an_address(visit):
    """Who is given the link, or reloads, begins there; any other end of an address is left alone."""
    page = visit("?__theme=dark#gpt-mind")
    page.wait_for_selector("#gpt-mind-view .cell:visible")
    page.get_by_role("tab", name="Sketch and Redraw").click()
    page.get_by_role("tab", name="Dial", exact=True).click()
    page.wait_for_selector("#vae-dial:visible")
    assert page.url.endswith("/?__theme=dark#vae-dial"), "what else the address says stays"
    page.get_by_role("tab", name="The Storyteller").click()
    assert page.url.endswith("#gpt-mind"), "a family opens where it was left"
    page.get_by_role("tab", name="Measured").click()
    page = visit(page.url[page.url.index("#") :])
    page.wait_for_selector("#house [role=tab][data-tab-id=measured][aria-selected=true]")
    page.evaluate("location.hash = 'gan-play'")
    page.wait_for_selector("#gan-play:visible")
    page.evaluate("location.hash = 'no\"such[room'")
    assert page.locator("#gan-play").is_visible()


def test_fonts_hold_the_letters_they_are_used_for(page):
    """Most fonts in Gradio's wheel have no Latin letters; a page set in them would fall back without a word."""
    width = """(font) => {
        const pen = document.createElement('canvas').getContext('2d');
        pen.font = `40px ${font}`;
        return pen.measureText('Forger and Critic').width;
    }"""
    page.wait_for_function("document.fonts.status === 'loaded'")
    for family in ("'Atelier Serif'", "'Source Sans Pro'"):
        assert page.evaluate(width, f"{family}, monospace") < 0.95 * page.evaluate(width, "monospace"), family


def test_check_answers_are_in_the_page(page):
    page.locator("#gan-paint-check label").nth(2).click()
    page.wait_for_selector("#gan-paint-answer p")
    assert page.locator("#gan-paint-answer").inner_text() == words("gan.paint")["answers"][2]


# ---- the words ----


def test_a_room_without_a_text_is_found_at_start():
    room = dict(words("gan.paint"))
    for key in OWED:
        with pytest.raises(KeyError, match=key):
            inspect("gan.paint", {name: text for name, text in room.items() if name != key})
    with pytest.raises(ValueError, match="61 words"):
        inspect("gan.paint", room | {"why": "word " * 61})


# ---- the forger and the critic ----


def test_a_guess_makes_the_critic_speak(page):
    assert page.locator(WALL).count() == 16
    assert not page.locator("#gan-paint-wall .told").count()
    page.locator("#gan-paint-guess label").nth(1).click()
    page.wait_for_selector("#gan-paint-wall .told")
    verdicts = page.locator("#gan-paint-wall .verdict").all_inner_texts()
    said, yard, guessed = page.locator("#gan-paint-result p").all_inner_texts()
    took = sum(verdict.startswith("real") for verdict in verdicts)
    assert said == f"The critic took {took} of these 16 for real."
    assert re.search(r"Of 16 unseen real pictures it takes about \d+", yard)
    right = next(g for g in words("gan.paint")["guesses"] if int(g.split()[0]) <= took <= int(g.split()[2]))
    came = "That is what came." if right == "5 to 8" else f"It came out as: {right}."
    assert guessed == f"You guessed: 5 to 8. {came}"


def test_boldness_and_the_button_repaint(page):
    first = sources(page)
    page.locator("#gan-paint-bold input[type=range]").focus()
    page.keyboard.press("ArrowLeft")
    shyer = changed(page, first)
    closed = page.locator("#gan-paint-guess label").nth(2)
    assert closed.locator("input").is_disabled(), "a guess stands once it was judged"
    assert words("page")["closed"] in page.inner_text("#gan-paint-guess")
    page.locator("#gan-paint-go").click()
    another = changed(page, shyer)
    page.wait_for_selector(f"#gan-paint-result:has-text('{words('gan.paint')['waiting_note']}')")
    assert not page.locator("#gan-paint-wall .told").count(), "new paintings, a new guess"
    closed.click()
    page.wait_for_selector("#gan-paint-wall .told")
    assert page.locator("#gan-paint-wall .told").count() == 16
    assert len({tuple(wall) for wall in (first, shyer, another)}) == 3


def test_a_guess_counts_for_the_paintings_it_was_made_about(visit):
    page = visit()
    page.wait_for_selector(WALL)
    page.locator("#gan-paint-go").click()
    page.wait_for_timeout(1500)
    assert not page.locator("#gan-paint-wall .told").count(), "the critic waits for a guess"
    page.locator("#gan-paint-guess label").nth(3).click()
    page.wait_for_selector("#gan-paint-wall .told")
    before = sources(page)
    page.locator("#gan-paint-collection label").nth(1).click()
    changed(page, before)
    page.wait_for_selector(f"#gan-paint-result:has-text('{words('gan.paint')['waiting_note']}')")
    guess = page.locator("#gan-paint-guess label").nth(3).locator("input")
    assert not guess.is_disabled() and not guess.is_checked()


def test_one_subject_is_painted_when_it_is_asked_for(page):
    before = sources(page)
    page.locator("#gan-paint-subject input").click()
    page.get_by_role("option").nth(2).click()
    changed(page, before)
    assert len(set(page.locator("#gan-paint-wall .title").all_inner_texts())) == 1
    first, last = (page.locator("#gan-paint-collection label").nth(n) for n in (0, -1))
    for choice in (last, first):  # the subject is of the collection before
        before, go = sources(page), page.locator("#gan-paint-go")
        before_it_comes(page, "gan-paint-collection", choice, go.click)
        changed(page, before)
        assert not page.locator(".toast-body, .notice:visible").count()


def test_every_collection_hangs_with_real_pictures_or_says_why_not(page):
    for choice in page.locator("#gan-paint-collection label").all()[1:]:
        before = sources(page)
        choice.click()
        changed(page, before)
        page.wait_for_selector("#gan-paint-real li, #gan-paint-real .key")


def test_one_painting_turns_into_another(page):
    open_more(page)
    guess = page.locator("#gan-paint-guess input").first
    if guess.is_enabled():  # the critic says nothing before
        guess.check()
    page.wait_for_selector("#gan-paint-wall .told")
    page.fill("#gan-paint-into input", "6")
    page.press("#gan-paint-into input", "Tab")
    wide = page.viewport_size
    page.set_viewport_size(PHONE)
    page.click("#gan-paint-morph")
    page.wait_for_selector("#gan-paint-between .film")  # under all paintings, and brought in sight
    page.wait_for_function(
        "document.querySelector('#gan-paint-between').getBoundingClientRect().top < 0.8 * innerHeight"
    )
    page.set_viewport_size(wide)
    way = page.locator("#gan-paint-between li img").evaluate_all("(images) => images.map((image) => image.src)")
    assert len(set(way)) == 8
    assert {way[0], way[-1]} == {sources(page)[0], sources(page)[5]}  # it begins and ends with what hangs on the wall
    assert re.search(r"took \d of 8 for real", page.inner_text("#gan-paint-between"))
    assert page.locator("#gan-paint-result [data-judged]").count()  # what came of the guess is still said


def test_a_sheet_can_be_kept(page):
    open_more(page)
    page.click("#gan-paint-sheet")
    page.wait_for_selector("#gan-paint-kept a")
    reply = page.request.get(page.locator("#gan-paint-kept a").first.get_attribute("href"))
    assert Image.open(BytesIO(reply.body())).size == (8 * 33 * 4, 8 * 33 * 4)


def test_a_painting_is_sent_to_the_next_tab(visit):
    page = visit()
    page.wait_for_selector(WALL)
    open_more(page)
    collections = page.locator("#gan-paint-collection label")
    for which, state in (
        ("Fashion-MNIST", "hidden"),
        (collections.first.inner_text(), "visible"),
    ):  # it knows no clothes
        collections.get_by_text(which, exact=True).click()
        page.wait_for_selector("#gan-paint-send", state=state)
    page.wait_for_selector(WALL)
    page.click("#gan-paint-send")
    page.wait_for_selector("#vae-sketch-mixer canvas[data-n]:visible")
    page.wait_for_function(
        """([wall, pad]) => {
            const small = document.createElement('canvas').getContext('2d'), dots = [];
            for (const one of [document.querySelector(wall + ' img'), document.querySelector(pad)]) {
                small.drawImage(one, 0, 0, 32, 32);
                dots.push([...small.getImageData(0, 0, 32, 32).data]);
            }
            return dots[0].reduce((sum, v, i) => sum + Math.abs(v - dots[1][i]), 0) / dots[0].length < 6;
        }""",
        arg=[WALL, "#vae-sketch-pad canvas"],
    )


def open_more(page):
    if not page.locator("#gan-paint-morph").is_visible():
        page.locator("#gan-paint .more button").first.click()
        page.wait_for_selector("#gan-paint-morph:visible")


def test_a_picture_opens_large_by_keyboard(page):
    page.locator("#gan-paint-wall .hung").first.focus()
    page.keyboard.press("Enter")
    near = page.locator("#gan-paint-wall dialog[open]")
    assert near.locator("p").inner_text() == page.locator(f"{WALL} img").first.get_attribute("alt")
    page.keyboard.press("Escape")
    assert not near.count()


def test_a_refusal_is_read_out(visit):
    """Gradio itself is silent when an unqueued call is refused."""
    page = visit(refusals=True)
    page.wait_for_selector(WALL)
    page.locator("#gan-paint .more button").first.click()
    seed = page.locator("#gan-paint-seed input")
    seed.fill("")
    seed.press_sequentially("0.5")
    page.get_by_role("alert").filter(has_text="The seed must be a whole number.").wait_for()
    page.keyboard.press("Escape")
    seed.fill("1e20")
    page.get_by_role("alert").filter(has_text="The seed must be a number from 0").wait_for()
    page.keyboard.press("Escape")
    seed.fill("7")
    page.fill("#gan-paint-bold input[type=number]", "50")
    page.get_by_role("alert").filter(has_text="Boldness must be a number from 0").wait_for()
    page.keyboard.press("Escape")
    assert not page.locator(".notice:visible").count()


def sources(page):
    return page.locator(f"{WALL} img").evaluate_all("(images) => images.map((image) => image.src)")


def changed(page, before):
    """The wall's pictures, once they are others than before."""
    page.wait_for_function(f"(before) => document.querySelector('{WALL} img')?.src !== before", arg=before[0])
    return sources(page)


# ---- measured ----


def test_every_shipped_model_shows_its_card(page):
    to_family(page, "measured")
    for name in names():
        model = page.locator(f"#model-{name}")
        assert "python -m core train" in model.inner_text(), name
        assert model.locator(".number").count() > 0, name
    last = names()[-1]
    page.focus(f"#cards .index a[href='#model-{last}']")
    page.keyboard.press("Enter")
    top = f"document.querySelector('#model-{last}').getBoundingClientRect().top"
    page.wait_for_function(f"Math.abs({top}) < innerHeight")
