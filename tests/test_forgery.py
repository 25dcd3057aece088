"""The visitor as forger: verdict, clues, a critic that learns, and the forger's nearest painting."""

import pytest
import torch

from core.model import Mishap, noise
from demo.gan import forgery
from demo.gan.forgery import STEPS, begun, clues, critic, imitate, learn, offered, subject, weigh
from demo.shelf import shelf


@pytest.fixture
def face():
    """A real face on the pad, and its label."""
    return begun("faces", 1)


def test_faces_and_doodles_can_be_forged():
    assert {"faces", "doodles"} <= set(offered())


def test_clues_lie_where_the_critic_looks():
    """A critic that dislikes bright dots in one corner is pleased where that corner is blurred, and nowhere else."""
    gan = shelf("gan-faces").model
    x = torch.full((1, 3, 32, 32), -1.0)
    x[:, :, 3, 3] = 1

    class Corner:
        def judge(self, x, y):
            return -x[:, :, :8, :8].clamp(min=-0.9).sum((1, 2, 3))

    found = clues(Corner(), x, 0)
    assert found.shape == (32, 32) and float(found.max()) == 1
    assert found[16:, 16:].max() == 0 and found[3, 3] > 0.5
    assert clues(gan, x, 0).isfinite().all()


def test_a_lesson_changes_this_visitors_critic_alone(face, monkeypatch):
    monkeypatch.setattr(forgery, "STEPS", 3)
    drawing, k = face
    shipped = {name: value.clone() for name, value in shelf("gan-faces").model.state_dict().items()}
    key, before, after, takes = learn(drawing, "faces", k)
    assert before == weigh(drawing, "faces", k).chance
    assert after == weigh(drawing, "faces", k, key).chance != before
    assert 0 <= takes <= 1 and forgery.PUPILS[key].lessons == 1
    assert all(torch.equal(value, shipped[name]) for name, value in shelf("gan-faces").model.state_dict().items())
    other, *_ = learn(drawing, "faces", k)
    assert other != key and critic(other, "faces")[0] is not critic(key, "faces")[0]


def test_the_trick_works_less_well_after_a_lesson():
    """A plain patch of colour, which is no face: the critic is never surer that it is real after a lesson."""
    drawing = torch.zeros(3, 64, 64)
    drawing[:, 16:48, 16:48] = torch.tensor([0.9, 0.5, 0.2])[:, None, None]
    key, before, after, _ = learn(drawing, "faces", 0)
    with torch.no_grad():
        mine = [gan.judge(forgery.ink.settle(drawing, "faces"), torch.tensor([0])) for gan in judges(key)]
        others = [gan.judge(real(), torch.zeros(64, dtype=torch.long)).mean() for gan in judges(key)]
    assert mine[1] - others[1] < mine[0] - others[0]  # beside real pictures it has lost
    assert STEPS == 30 and after <= before + 0.01


def judges(key):
    return shelf("gan-faces").model, critic(key, "faces")[0]


def real():
    batch = forgery.shelf.collection("faces").batch(512, noise(3))
    return batch.x[batch.y == 0][:64][torch.arange(64) % int((batch.y == 0).sum().clamp(max=64))]


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
    keys = [learn(face[0], "faces", face[1])[0] for _ in range(3)]
    assert list(forgery.PUPILS) == keys[1:]
    assert critic(keys[0], "faces")[0] is shelf("gan-faces").model  # a copy that is gone: the shipped one again


@pytest.mark.parametrize("asked", [("faces", "none"), ("faces", None), ("fashion", "Bag"), (["x"], "bob")])
def test_a_subject_that_is_none_gets_a_sentence(asked):
    with pytest.raises(Mishap):
        subject(*asked)


def test_an_empty_pad_gets_a_sentence():
    for play in (weigh, learn, imitate):
        with pytest.raises(Mishap, match="no ink"):
            play(torch.zeros(3, 64, 64), "faces", 0)
