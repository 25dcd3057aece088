"""The visitor as forger: verdict, clues, a critic that learns, and the forger's nearest painting."""

import gradio as gr
import pytest
import torch

from core.model import Mishap, noise
from demo.gan import forgery
from demo.gan.forge import Forge
from demo.gan.forgery import (
    Lesson,
    begun,
    came,
    clues,
    critic,
    imitate,
    learn,
    made,
    made_from,
    offered,
    same,
    subject,
    weigh,
)
from demo.ink import PAD
from demo.parts.pad import shown
from demo.shelf import shelf
from tests.conftest import laid_out


@pytest.fixture
def face():
    """A real face on the pad, and its label."""
    return begun("faces", 1)


def test_faces_can_be_forged_on_any_machine():
    assert "faces" in offered()


@pytest.mark.parametrize(
    ("before", "after", "guess"),
    [(0.9, 0.88, "Yes"), (0.9, 0.6, "Yes, but less"), (0.9, 0.1, "No"), (0.4, 0.1, "")],
)
def test_a_guess_is_judged_where_the_critic_was_fooled(before, after, guess):
    assert came(Lesson("", before, after, 1, 1, 20)) == guess


def test_what_was_drawn_for_another_collection_is_not_judged():
    late, room = shown(torch.ones(1, PAD, PAD), "fashion"), laid_out(Forge)
    assert room.see(late, "faces", "the fox", "", "") == (gr.skip(), gr.skip())
    assert room.rest(late, "faces", "the fox", "", "", None) == room.search(late, "faces", "the fox") == gr.skip()
    assert set(map(str, room.teach(late, "faces", "the fox", "", "", None))) == {str(gr.skip())}
    assert set(map(str, room.make({}, late, "faces", "the fox", "", ""))) == {str(gr.skip())}


def painted(drawing):
    """The same with one dot changed."""
    other = drawing.clone()
    other[:, 3, 4] = 1 - other[:, 3, 4].round()
    return other


def test_a_picture_is_real_until_a_dot_of_it_changes(face):
    assert same(face[0].clone(), face[0]) and not same(painted(face[0]), face[0])
    assert not same(face[0], begun("faces", 2)[0]) and not same(face[0], None) and not same(face[0], face[0][:1])


def test_a_face_is_set_by_what_it_was_made_from(face):
    names, row = made_from("faces", 1)
    assert torch.equal(made("faces", row, face[1]), face[0]), "the same program draws the same"
    smile = names.index("smile")
    other = made("faces", [*row[:smile], 1.0 - round(row[smile]), *row[smile + 1 :]], face[1])
    rows = (other - face[0]).abs().amax((0, 2)).nonzero()
    assert len(rows) and rows.min() > 0.4 * face[0].shape[1], "only the mouth moves"


def test_what_no_program_draws_cannot_be_set(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(forgery.shelf, "collection", lambda name: object())
        assert made_from("faces", 1) == ((), [])
        with pytest.raises(Mishap, match="is not known"):
            made("faces", [0.5] * 17, 0)


@pytest.mark.parametrize("values", [None, [], [0.5] * 16, "smile", {}])
def test_what_is_set_by_too_few_numbers_gets_a_sentence(values):
    with pytest.raises(Mishap, match="set by 17 numbers"):
        made("faces", values, 0)


@pytest.mark.parametrize("value", [1.5, -0.1, float("nan"), None, "much"])
def test_what_is_set_too_far_gets_a_sentence(value):
    with pytest.raises(Mishap, match="Smile must be a number from 0 to 1"):
        made("faces", [value] + [0.5] * 16, 0)


def test_clues_lie_where_the_critic_looks():
    """A critic that dislikes bright dots in one corner is pleased where that corner is smoothed, and nowhere else."""
    x = torch.full((1, 3, 32, 32), -1.0)
    x[:, :, 3, 3] = 1

    class Corner:
        def judge(self, x, y):
            return -x[:, :, :8, :8].clamp(min=-0.9).sum((1, 2, 3))

    found = clues(Corner(), "faces", x, 0)
    assert found.shape == (32, 32) and found[16:, 16:].max() == 0 and found[3, 3] > 0.5


def test_a_picture_the_critic_trusts_shows_little_red():
    """The red is of a fixed strength: a critic that minds half as much shows half the red."""
    steep = float(forgery.line("gan-faces").steep[0])
    x = torch.full((1, 3, 32, 32), -1.0)
    x[:, :, 3, 3] = 1

    class Minds:
        def __init__(self, much):
            self.much = much

        def judge(self, x, y):
            return -self.much / steep * x[:, :, :8, :8].clamp(min=-0.9).sum((1, 2, 3))

    little, less = (float(clues(Minds(much), "faces", x, 0).max()) for much in (0.2, 0.1))
    assert 0 < less < 0.5 and little == pytest.approx(2 * less, rel=1e-3)


def test_a_lesson_changes_this_visitors_critic_alone(face, monkeypatch):
    monkeypatch.setattr(forgery, "STEPS", 3)
    drawing, k = face
    shipped = {name: value.clone() for name, value in shelf("gan-faces").model.state_dict().items()}
    done = learn(drawing, "faces", k)
    assert done.before == pytest.approx(weigh(drawing, "faces", k).chance)
    assert done.after == pytest.approx(weigh(drawing, "faces", k, done.key).chance)
    assert critic(done.key, "faces")[1] == 1
    again = learn(drawing, "faces", k, done.key)
    assert again.key == done.key and again.before == pytest.approx(done.after) and critic(done.key, "faces")[1] == 2
    assert all(torch.equal(value, shipped[name]) for name, value in shelf("gan-faces").model.state_dict().items())
    other = learn(drawing, "faces", k)
    assert other.key != done.key and other.before == pytest.approx(done.before)


def test_the_same_trick_fails_after_a_lesson_and_real_pictures_still_pass(monkeypatch):
    """With a picture that the critic takes for real: it must lose that, and not by calling everything forged.

    The real pictures beside it are drawn anew for each visitor. With some the lesson sticks less well (it ended at .56
    once in some fifty, at .03 to .33 else), so here they are the same in every run.
    """
    monkeypatch.setattr(forgery.secrets, "randbits", lambda _: 1)
    drawing, k = next(
        (drawing, k)
        for drawing, k in (begun("faces", n) for n in range(1, 40))
        if weigh(drawing, "faces", k).chance > 0.7
    )
    done = learn(drawing, "faces", k)
    assert done.after < 0.5 < done.before
    assert done.takes > done.usual - 0.15 and done.n >= 20


def test_the_forgers_answer_is_nearer_than_a_chance_painting(face):
    drawing, k = face
    best, off, chance = imitate(drawing, "faces", k)
    gan = shelf("gan-faces").model
    y = torch.full((16,), k)
    with torch.inference_mode():
        chance_off = ((gan.paint(gan.latents(16, noise(5)), y) - forgery.ink.settle(drawing, "faces")) / 2).square()
    assert off < float(chance_off.flatten(1).mean(1).min()) ** 0.5
    assert best.shape == (3, 32, 32) and 0 < chance < 1


def test_copies_are_bounded(face, monkeypatch):
    monkeypatch.setattr(forgery, "KEPT", 2)
    monkeypatch.setattr(forgery, "STEPS", 1)
    monkeypatch.setattr(forgery, "PUPILS", {})
    keys = [learn(face[0], "faces", face[1]).key for _ in range(3)]
    assert list(forgery.PUPILS) == keys[1:]
    assert critic(keys[0], "faces") == (shelf("gan-faces").model, 0)  # a copy that is gone: the shipped one again


@pytest.mark.parametrize("asked", [("faces", "none"), ("faces", None), ("fashion", "Bag"), (["x"], "bob")])
def test_a_subject_that_is_none_gets_a_sentence(asked):
    with pytest.raises(Mishap):
        subject(*asked)


def test_an_empty_pad_gets_a_sentence():
    for play in (weigh, learn, imitate):
        with pytest.raises(Mishap, match="no ink"):
            play(torch.zeros(3, 64, 64), "faces", 0)
