"""Scores of a code against true factors, on codes whose answer is known."""

import pytest
import torch

from core.data.gallery import open_gallery
from core.factors import carried, concentration, lasso, matches, scores, shuffled
from core.measure import measure
from core.model import Mishap, noise
from core.vae import VAE

FACTORS = torch.rand(4000, 5, generator=noise(0))
ORDER = [3, 0, 4, 1, 2]


def perfect() -> torch.Tensor:
    """A latent for each factor, in another order, bent and stretched, and two that say nothing."""
    own = (3 * FACTORS[:, ORDER] - 1) * torch.tensor([1.0, -1.0, 2.0, -0.5, 1.0])
    return torch.cat(
        (own + 0.01 * torch.randn(4000, 5, generator=noise(1)), torch.randn(4000, 2, generator=noise(2))), 1
    )


def mixed() -> torch.Tensor:
    """All that is to be known, but each latent holds a little of every factor."""
    return FACTORS @ torch.linalg.qr(torch.randn(5, 5, generator=noise(3))).Q


def test_a_latent_for_each_factor_scores_near_one():
    got = scores(perfect(), FACTORS)
    assert got.pop("factors on one latent") == 5
    assert min(got.values()) > 0.85, got


def test_random_codes_and_shuffled_factors_score_near_zero():
    random = torch.randn(4000, 7, generator=noise(4))
    for got in (scores(random, FACTORS), scores(perfect(), shuffled(FACTORS))):
        assert got["factors on one latent"] == 0
        assert max(got.values()) < 0.02, got


def test_a_mixed_code_tells_all_and_yet_is_not_disentangled():
    got = scores(mixed(), FACTORS)
    assert got["DCI informativeness"] > 0.99
    assert max(got[name] for name in ("MIG", "SAP", "DCI disentanglement", "DCI completeness")) < 0.5, got


def test_each_latent_is_matched_with_its_factor_and_its_direction():
    found = matches(perfect(), FACTORS)
    assert [match.factor for match in found[:5]] == ORDER
    assert [match.r > 0 for match in found[:5]] == [True, False, True, False, True]
    assert min(abs(match.r) for match in found[:5]) > 0.99 and max(abs(match.r) for match in found[5:]) < 0.1


def test_what_never_changes_carries_nothing():
    codes = perfect()
    codes[:, 0] = 7.0
    assert carried(codes, FACTORS) == 4
    assert all(torch.isfinite(torch.tensor(list(scores(codes, FACTORS).values()))))


def test_the_lasso_finds_the_weights_that_made_the_data():
    x, w = torch.randn(3000, 6, generator=noise(5)), torch.tensor([1.0, 0.0, -0.5, 0.0, 0.0, 0.2])
    assert torch.allclose(lasso(x, x @ w + 0.01 * torch.randn(3000, generator=noise(6))), w, atol=0.02)
    assert lasso(x, torch.randn(3000, generator=noise(7))).abs().max() < 0.05


def test_concentration_is_one_for_single_entries_and_nought_for_equal_ones():
    assert concentration(torch.eye(4)) == pytest.approx(1)
    assert concentration(torch.ones(3, 4)) == pytest.approx(0, abs=1e-6)
    assert concentration(torch.zeros(3, 4)) == 0


def test_too_few_pictures_tell_nothing():
    with pytest.raises(Mishap):
        scores(torch.zeros(10, 3), torch.zeros(10, 2))


def test_a_vae_of_drawn_pictures_is_measured_against_their_factors():
    torch.manual_seed(0)
    data = open_gallery("faces")
    vae = VAE(VAE.Config(channels=3, side=32, width=4, latent=3, likelihood="gaussian")).eval()
    numbers = measure(vae, data, n=400)
    assert numbers["MIG"].yardsticks.keys() == {"shuffled factors"}
    assert 0 <= numbers["DCI completeness"].value <= 1
    assert numbers["factors on one latent"].yardsticks["in all"] == len(data.card.factors)
    assert torch.equal(data.factors(5), data.draw(2**40 + torch.arange(5)).factors)
