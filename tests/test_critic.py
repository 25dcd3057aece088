"""What a critic's number is made to mean."""

import json

import pytest
import torch

from core.checkpoint import load
from core.data import open_collection
from core.measure import unseen
from core.model import Mishap
from core.verdict import Line, between, from_card, measured, off, to_card
from demo.gan.critic import examples, reals

LINE = Line(*torch.tensor([[1.5, 2.0], [2.0, 4.0], [0.8, 0.9], [0.2, 0.1]]), torch.tensor([128, 127]), 0.03, 0.02)


def test_the_line_of_two_normals_gives_their_true_chance():
    """Real about 2, forged about 0, both of spread 1: by Bayes the chance at l is sigmoid(2 (l - 1))."""
    rng = torch.Generator().manual_seed(0)
    real, forged = (torch.randn(200_000, generator=rng) + mean for mean in (2, 0))
    middle, steep = between(real, forged)
    assert float(middle) == pytest.approx(1, abs=0.02)
    assert float(steep) == pytest.approx(2, abs=0.02)


def test_a_card_gives_the_same_line():
    read = from_card(json.loads(json.dumps(to_card(LINE))), 2)
    logits, y = torch.tensor([1.5, 2.5, 2.0]), torch.tensor([0, 0, 1])
    torch.testing.assert_close(read.chances(logits, y), torch.sigmoid(torch.tensor([0.0, 2.0, 0.0])))
    torch.testing.assert_close(tuple(read), tuple(LINE))


def test_a_critic_that_prefers_forgeries_believes_nothing_more_than_half():
    """Its order is the wrong way round; turning it over would be our verdict, not the critic's."""
    middle, steep = between(torch.tensor([0.0, 0.1]), torch.tensor([1.0, 1.1]))
    line = LINE._replace(middle=middle[None], steep=steep[None])
    assert line.chances(torch.tensor([5.0, -5.0]), torch.tensor([0, 0])).tolist() == [0.5, 0.5]


def test_chances_are_held_against_what_came_true():
    rng = torch.Generator().manual_seed(0)
    chances = torch.rand(200_000, generator=rng)
    true = (torch.rand(200_000, generator=rng) < chances).float()
    assert off(chances, true) < 0.01
    assert off(chances.round(), true) == pytest.approx(0.25, abs=0.01)  # as sure as can be, and wrong by a quarter
    assert off(torch.full_like(chances, 0.5), true) < 0.01  # knows nothing, and says so


def test_a_line_is_found_on_one_half_and_tried_on_the_other():
    """The shipped critic of faces, on fewer pictures than its card has; it knows its doubt better than one that is
    always sure, and nearly as well as luck allows."""
    gan = load("gan-faces").model.eval()
    real = unseen(gan, open_collection("faces"), 48)
    line = measured(gan, real.x, real.y)
    assert line.n.sum() == len(real.y) // 2
    assert line.takes.mean() > 0.6 > 0.4 > line.passes.mean()
    assert 0 < line.off < line.luck + 0.08
    chances = line.chances(gan.judge(real.x, real.y), real.y).detach()
    assert line.off < off(chances.round(), torch.ones(len(chances)))


def test_no_chance_is_surer_than_the_pictures_it_was_found_on():
    chances = LINE.chances(torch.tensor([99.0, -99.0]), torch.tensor([0, 0]))
    torch.testing.assert_close(chances, torch.tensor([0.99, 0.01]))


@pytest.mark.parametrize("told", [None, {}, {"middle": [1.0]}, to_card(LINE) | {"off": "much"}])
def test_a_critic_that_was_never_measured_is_not_believed(told):
    with pytest.raises(Mishap, match="never held against real pictures"):
        from_card(told, 2)


def test_a_line_for_other_subjects_is_not_believed():
    with pytest.raises(Mishap, match="other subjects"):
        from_card(to_card(LINE), 3)


def test_other_real_pictures_hang_beside_other_paintings():
    y = torch.arange(8)
    first, again, other = (reals("gan-faces", y, seed) for seed in (7, 7, 8))
    assert torch.equal(first, again)
    same = (first - other).abs().amax((1, 2, 3)) == 0
    assert same.float().mean() < 0.5
    unseen, labels = examples("gan-faces")
    for picture, k in zip(first, y, strict=True):
        assert k in labels[(unseen == picture).flatten(1).all(1)]
