"""What redraws hit of pictures, and which part came first."""

import pytest
import torch
import torch.nn.functional as F

from core.model import noise
from demo.firsts import came, hit, parts
from demo.previews import MINUTE
from demo.training import begin, equip
from demo.words import words

GUESSES = words("vae.train")["guesses"]


@pytest.fixture
def pictures():
    return torch.randn(12, 3, 32, 32, generator=noise(0))


def usual(x):
    return x.mean(0, keepdim=True)


def test_each_part_is_hit_by_a_redraw_that_has_it_alone(pictures):
    light = pictures.mean(1, keepdim=True)
    blocks = F.interpolate(F.avg_pool2d(light, 8), scale_factor=8)
    grey = light.expand_as(pictures)
    assert hit(pictures, pictures, usual(pictures)) == pytest.approx([1, 1, 1])
    assert hit(pictures, usual(pictures).expand_as(pictures), usual(pictures)) == pytest.approx([0, 0, 0], abs=1e-4)
    fine, shape, colour = hit(pictures, blocks.expand_as(pictures), usual(pictures))
    assert fine < 0.2 and shape == pytest.approx(1) and colour < 0.2
    fine, shape, colour = hit(pictures, grey, usual(pictures))
    assert fine == pytest.approx(1) and shape == pytest.approx(1) and colour < 0.2
    assert len(parts(light)) == 2, "of grey pictures no colours can come"


@pytest.mark.parametrize(
    ("shares", "over", "which"),
    [
        ([0.1, 0.4, 0.2], False, None),
        ([0.1, 0.4, 0.2], True, 3),
        ([0.6, 0.9], False, 1),
        ([0.6, 0.1, 0.2], False, 0),
        ([0.1, -2.0, 0.7], True, 2),
    ],
)
def test_the_clearest_part_came_first_and_after_a_minute_none(shares, over, which):
    told, measured = came(shares, 12, 60.4, over)
    assert told == ("" if which is None else GUESSES[which])
    assert measured.startswith("Measured at step 12, after 60 s") == bool(told)
    assert ("the right colours" in measured) == (bool(told) and len(shares) == 3)


def test_of_a_training_that_goes_on_nobody_knows_what_came_first():
    for learnt, which in ((0, GUESSES[3]), (5, "")):
        trainer = begin("vae", "shapes", "tiny", "", {"batch": 8}, {}).trainer
        trainer.step = learnt
        run = equip(trainer)
        run.preview.sentence(run)
        assert run.came == ("", "")
        run.trainer.seconds = MINUTE
        run.preview.sentence(run)
        assert run.came[0] == which
