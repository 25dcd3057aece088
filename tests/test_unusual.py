"""How unusual a drawing is to the model that reads it."""

import pytest
import torch

from core.model import Mishap
from core.unusual import DRAWS, cost, dearer, scale
from core.vae import VAE
from demo import redraw
from demo.redraw import FIRST, example, look, paint
from demo.shelf import collection
from demo.vae.sketch import lost
from demo.words import words
from tests.test_vae import vae


def test_the_cost_is_the_mean_of_minus_the_bound():
    model, x = vae(), torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    once, often = cost(model, x, 1), cost(model, x, 400)
    assert once.shape == (3,)
    assert torch.allclose(cost(model, x), cost(model, x)), "always the same dice"
    assert (cost(model, x, DRAWS) - often).abs().max() < 0.05 * often.mean()


def test_dearer_counts_in_hundredths():
    costs = [float(c) for c in range(101)]
    assert [dearer(c, costs) for c in (-1, 0.5, 50.5, 1000)] == [0, 0, 50, 100]


def test_a_scale_rises_and_a_strange_picture_costs_more_than_any_of_it():
    model: VAE = vae(channels=3, likelihood="gaussian")
    costs = scale(model, collection("faces"), 60)
    assert len(costs) == 101 and costs == sorted(costs)
    stripes = torch.ones(1, 3, 32, 32)
    stripes[..., ::2] = -1
    assert dearer(float(cost(model, stripes)), costs) == 100


@pytest.mark.skipif("faces" not in redraw.collections(), reason="no shipped model of faces")
def test_the_nearest_training_picture_of_a_training_picture_is_itself():
    redraw.learn_rival("faces")
    x = collection("faces").fixed(3, "train").x[2]
    assert torch.equal(redraw.nearest(x, "faces"), x)
    assert redraw.nearest(x, "numerals") is None
    with pytest.raises(Mishap):
        redraw.unusual(x, "numerals")


def test_the_verdict_and_the_per_cents_beside_it_agree():
    name = FIRST
    seen = look(example(name, 0), name)
    middle = paint(torch.zeros(1, len(seen.mean)), name)[0]
    for share, verdict in ((0.967, 0), (0.963, 1)):  # told as 97 and 96 %, and 97 is where nothing is lost
        again = middle + (1 - (1 - share) ** 0.5) * (seen.x - middle)
        guess, measured = lost(seen._replace(again=again), name)
        assert guess == words("vae.sketch")["guesses"][verdict]
        assert f"{100 * share:.0f} % of the rough shape and {100 * share:.0f} % of the fine lines" in measured
