"""Answers that are as good as equal."""

import pytest
import torch

from core.model import noise
from demo.vae.ties import came, counted, level


def test_what_lies_within_twice_the_standard_error_is_level_and_what_lies_beyond_is_not():
    common, own = torch.randn(400, generator=noise(0)), torch.randn(3, 400, generator=noise(1))
    own = (own - own.mean(1, keepdim=True)) / own.std(1, keepdim=True)  # two differ by ± .07
    shift = torch.tensor([[1.0], [0.95], [0.7]])
    assert level(own + shift) == [0, 1]
    assert level(own + shift + 50 * common) == [0, 1], "what all trials have in common tells nothing"
    assert level(0.1 * own + shift) == [0]
    assert level(torch.ones(3, 400)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("shares", "best"), [((0.5, 0.44, 0.06), [0, 1]), ((0.3, 0.1, 0.6), [2]), ((0.0, 1.0, 0.0), [1])]
)
def test_shares_of_400_trials_are_told_apart_by_ten_in_a_hundred(shares, best):
    assert counted(shares, 400).mean(1).tolist() == pytest.approx(shares)
    assert level(counted(shares, 400)) == best  # two shares near a half: a standard error of 2 * .05


def test_a_guess_among_the_best_is_what_came():
    offered = ["left", "middle", "right"]
    assert came("middle", offered, [0, 1]) == "middle"
    for other in ("right", None, ["left"], "nonsense"):
        assert came(other, offered, [0, 1]) == "left or middle"
