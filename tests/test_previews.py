"""What a training shows of itself."""

import math
from dataclasses import replace
from statistics import mean

import pytest
import torch

from core.data.text import TEXTS, Text, make_tokenizer, own_part
from core.families import build
from core.measure import effective, text_nats
from core.model import Mishap, noise
from core.train import Plan, Trainer
from demo.parts.lesson import Room, say
from demo.parts.pad import shown
from demo.previews import HEART, MINUTE, Samples, Wall
from demo.runs import Run
from demo.show import figure, uri
from demo.signs import AWAY, EARLY, Signs
from demo.training import LETTERS, begin, charts, inherit, past
from demo.vae import guest
from demo.words import words
from tests.test_contract import Discs


@pytest.mark.parametrize("classes", [0, 2])
def test_a_wall_hangs_with_labels_and_without(classes):
    data = Discs()
    torch.manual_seed(0)
    gan = build("gan", "tiny", data.facts(), {"classes": classes}).eval()
    run = Run(Trainer(Plan("gan", "discs", "tiny"), gan, data), Wall(gan, data))
    view = run.preview.look(run)
    assert view.count("<img") == 24
    assert ("left" in view) == bool(classes)
    assert "of 100" in run.preview.sentence(run)[0]


def test_what_came_of_a_guess_is_measured_once_a_minute_was_learnt():
    run = begin("gan", "faces", "tiny", "", {"batch": 8}, {})
    run.preview.sentence(run)
    assert run.came == ("", "")
    run.trainer.seconds = MINUTE
    run.preview.sentence(run)
    came, how = run.came
    assert came == "Noise, or nothing" and how.startswith("Measured at step 0: ")
    run.trainer.advance()
    run.preview.sentence(run)
    assert run.came == (came, how), "later looks change nothing"


def test_a_collapse_that_is_over_is_said_with_when_it_was_last_seen():
    run = begin("gan", "faces", "tiny", "", {"batch": 8}, {})
    run.preview.doctor.over("collapse", EARLY)
    run.trainer.step = EARLY + 50
    run.mark(Signs(0.7, 0.2, 0.5, 1, 0.9, far=10))
    said, _ = run.preview.sentence(run)
    assert said.startswith(f"The collapse, last seen at step {EARLY}, is not seen any more. ")


def test_ten_letters_are_too_few_to_learn_from():
    with pytest.raises(Mishap, match=r"This text has 10 letters\. Training needs 200 at least"):
        begin("gpt", "own", "tiny", " ten bytes! ", {"batch": 8}, {})


def test_a_storyteller_beats_the_best_rival_that_costs_more_and_that_is_said_after_a_minute():
    run = begin("gpt", "own", "tiny", "the cat sat on the mat and the red hat " * 20, {"batch": 8}, {"letters": True})
    blind, unigram, bigram = (run.preview.rivals[name] for name in ("blind", "unigram", "bigram"))
    assert blind > unigram > bigram
    costs = (blind + 1, (blind + unigram) / 2, (unigram + bigram) / 2, bigram / 2)
    assert [run.preview.came(3, bits)[0] for bits in costs] == words("gpt.train")["guesses"]
    run.preview.sentence(run)
    assert run.came == ("", "")
    run.trainer.seconds = MINUTE
    run.preview.sentence(run)
    assert run.came[0] in words("gpt.train")["guesses"] and run.came[1].startswith("Measured at step 0, ")


def test_a_text_learnt_by_heart_is_named():
    """A page is learnt letter by letter until it costs less than half of what the unseen end costs."""
    page = "".join(chr(97 + int(i)) for i in torch.randint(26, (400,), generator=noise(0)))
    run = begin("gpt", "own", "tiny", page, {"batch": 8}, {"letters": True})
    assert run.trainer.model.config.vocab == LETTERS
    rivals = run.preview.rivals
    assert 4 < rivals["unigram"] < rivals["blind"] == pytest.approx(math.log2(LETTERS), rel=0.05)
    for now in run.trainer.run(0.0):
        run.note(now)
        if now.losses["loss"] < 1 or now.step > 400:
            break
    for _ in range(8):
        run.note(next(run.trainer.run(0.0)))
    run.trainer.model.eval()
    assert "by heart" in run.preview.sentence(run)[0]
    drawn = run.preview.lines(run.curves["loss"])["text being learnt"]
    assert drawn[0] > 6 > 2 > mean(drawn[-8:])  # uniform over 257 is 8 bits; a batch is above or below


@pytest.fixture(scope="module")
def learner():
    """A VAE that has just begun to learn shapes."""
    run = begin("vae", "shapes", "tiny", "", {"batch": 8}, {})
    run.look()
    return run


def test_a_vae_shows_its_two_costs_apart_with_what_they_are_held_against(learner):
    for _ in range(3):
        learner.note(next(learner.trainer.run(0.0)))
    (fit, told), x = learner.preview.costs(learner.curves).values(), learner.preview.x
    redraw, alike = fit.values()
    assert len(redraw) == len(alike) == len(told["KL"]) >= 3 and min(redraw) > 0
    mean, spread = learner.trainer.data.fixed(2000, "train").x.mean(0), learner.trainer.model.config.spread
    square = ((mean - x) / 2).square().flatten(1).sum(1).mean()  # of a normal density, squares over two variances
    assert alike[0] == pytest.approx(float(square) / (2 * spread**2), rel=0.01)
    assert told["its kind"][0] == pytest.approx(math.log(len(learner.preview.labels)))
    assert charts(learner).count("<svg") == 2
    learner.trainer.model.eval()


def sent(drawing):
    return shown(drawing)["dots"]


def test_a_visitors_own_drawing_is_redrawn_among_the_others_and_leaves_again(learner):
    plain, alone = learner.picture, learner.preview.sentence(learner)[0]
    drawing = guest.blank("shapes").clone()
    drawing[:, 20:40, 10:50] = torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    own = guest.drawn(sent(drawing), "shapes")
    guest.hang(learner, own)
    model = learner.trainer.model
    with torch.inference_mode():
        again = model.decode(model.encode(own)[0])[0]
    assert figure(own[0], "your drawing") in learner.picture and uri(again) in learner.picture
    assert learner.picture.count("<img") == plain.count("<img") == 20
    error = 50 * float((again - own[0]).square().mean().sqrt())
    assert learner.preview.sentence(learner)[0] == f"{alone} Yours is off by {error:.1f} %."
    assert learner.past[-1][1] == learner.picture, "the moment at which it rests is kept with the drawing"
    for _ in range(2):
        learner.note(next(learner.trainer.run(0.0)))
        learner.trainer.model.eval()
        learner.look()
    assert uri(own[0]) in learner.picture and uri(again) not in learner.picture, "the redraw changes as it learns"
    assert len({one.shape for _, _, one in learner.past}) == 1, "all pictures of a film are of one size"
    guest.hang(learner, guest.drawn(sent(guest.blank("shapes")), "shapes"))
    assert uri(own[0]) not in learner.picture


def test_a_moment_from_before_the_drawing_says_when_it_came(learner):
    for _ in range(2):
        learner.note(next(learner.trainer.run(0.0)))
        learner.trainer.model.eval()
        learner.look()
    now = learner.trainer.step
    assert "on the pad" not in past(learner, 0)
    drawing = guest.blank("shapes").clone()
    drawing[:, 20:40, 10:50] = 0
    guest.hang(learner, guest.drawn(sent(drawing), "shapes"))
    assert f"on the pad came at step {now}." in past(learner, 0)
    assert "on the pad" not in past(learner, len(learner.past) - 1)
    guest.hang(learner, None)
    assert "on the pad" not in past(learner, 0)


def test_a_drawing_is_learnt_beside_its_collection_or_one_of_the_same_pad(monkeypatch, tmp_path):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))
    for name in ("doodles", "faces"):
        assert guest.pad_of(guest.learnable(name)) == guest.pad_of(name)
    assert guest.learnable("faces") == "faces" and guest.learnable("doodles") == "numerals"


@pytest.mark.parametrize("foul", [None, "A", sent(torch.ones(1, 112, 112)), "=" * 16384, ["x"], 5])
def test_a_drawing_from_another_pad_is_refused(foul):
    with pytest.raises(Mishap, match="whole"):
        guest.drawn(foul, "shapes")
    assert not guest.fits(foul, "shapes") or foul == "=" * 16384


def test_a_drawing_of_no_collection_is_refused():
    with pytest.raises(Mishap):
        guest.drawn("", "nonsense")


def test_each_part_of_a_text_is_compared_with_its_own_unseen_end():
    """A hard part and an easy one: that one costs less than half of the other is no learning by heart."""
    letters = [chr(97 + int(i)) for i in torch.randint(26, (6000,), generator=noise(0))]
    parts = [own_part("".join(letters)), own_part("no, no, no. " * 500)]
    parts = [replace(part, name=name) for part, name in zip(parts, ("hard", "easy"))]
    data = Text(TEXTS["own"], parts, make_tokenizer([]))
    gpt = build("gpt", "tiny", data.facts(), {})
    run = Run(Trainer(Plan("gpt", "own", "tiny", batch=8), gpt, data), Samples(gpt, data))
    for now in run.trainer.run(0.0):
        run.note(now)
        if now.step == 80:
            break
    gpt.eval()
    with torch.inference_mode():
        hard, easy = ([text_nats(gpt, row) * nat for row, nat in pair] for pair in run.preview.heart)
    assert easy[0] < HEART * hard[1] and "by heart" not in run.preview.sentence(run)[0]
    run.preview.heart[1][1] = run.preview.heart[0][1]  # an easy part whose unseen end is hard after all
    assert "by heart" in run.preview.sentence(run)[0]


def game(**told) -> Run:
    """A training of two players that has made a step and was measured."""
    run = begin("gan", "faces", "tiny", "", {"seed": 5, "batch": 8, "lr": 1e-3}, told)
    run.note(next(run.trainer.run(0.0)))
    run.trainer.model.eval()
    run.preview.sentence(run)
    return run


def test_a_game_without_labels_is_held_against_the_one_with_them():
    told, blind, again = game(), game(classes=0), game()
    inherit(blind, told)
    inherit(again, told)
    kinds = told.marks[-1][1].kinds * effective(blind.preview.doctor.shares)
    said = f"Before, when the players were told the subject, it found {kinds:.1f} at step 1."
    assert said in blind.preview.sentence(blind)[0]
    assert "Before" not in again.preview.sentence(again)[0], "both were told the same"


def test_a_game_that_has_run_away_is_named():
    run = game()
    run.curves["forger"].append(-2.0 * AWAY)
    assert run.preview.sentence(run)[0] == "The game has run away: a loss has grown to 2,000."
    run.curves["forger"] += [-155.0, 616.0]
    assert run.preview.sentence(run)[0].startswith("The game has run away"), "it swings to and fro"
    run.curves["forger"] += [0.7] * 8
    assert "run away" not in run.preview.sentence(run)[0]


def test_watchers_of_a_run_follow_its_visitor_to_the_next_but_not_to_a_text_of_their_own():
    old, new, driven = game(), game(), game()
    link = new.link
    inherit(new, None)
    old.seat = "a/1"
    inherit(driven, old)
    assert new.link == link and driven.link != old.link
    old.seat = ""
    new.trainer.plan = replace(new.trainer.plan, data="own")
    inherit(new, old)
    assert new.link == link
    inherit(driven, old)
    assert driven.link == old.link


def test_once_it_was_said_what_came_no_other_guess_is_taken():
    run = game()
    room = Room("gan.train")
    first, other = room.words["guesses"][:2]
    assert room.settled(first, *run.came) == (f"You guessed: {first}.", False)
    assert "data-judged" not in say("", "", room.settled(first, *run.came))
    run.came = (other, "Measured.")
    assert room.settled(first, *run.came) == (f"You guessed: {first}. It came out as: {other}. Measured.", True)
    assert room.settled("", *run.came) == (f"It came out as: {other}. Measured.", True), "and none is taken afterwards"
    assert "data-judged" in say("", "", room.settled("", *run.came))
