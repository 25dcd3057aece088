"""The mathematics of the VAE."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from core.measure import pca_error
from core.model import Batch, noise
from core.vae import VAE, kl


def vae(**settings) -> VAE:
    torch.manual_seed(0)
    return VAE(VAE.Config(**{"channels": 1, "side": 32, "width": 8, "latent": 4, **settings})).eval()


def test_kl_is_that_of_the_library():
    mean, logvar = torch.randn(5, 4, generator=noise(0)), torch.randn(5, 4, generator=noise(1))
    library = kl_divergence(Normal(mean, (0.5 * logvar).exp()), Normal(0.0, 1.0))
    assert torch.allclose(kl(mean, logvar), library, atol=1e-6)


def test_likelihoods_are_those_of_the_library():
    raw, light = torch.randn(3, 1, 32, 32, generator=noise(0)), torch.rand(3, 1, 32, 32, generator=noise(1))
    ink = (light > 0.5).float()  # the library's Bernoulli takes no brightness between
    bernoulli = -Bernoulli(logits=raw).log_prob(ink).flatten(1).sum(1)
    assert torch.allclose(vae().surprise(raw, 2 * ink - 1), bernoulli, rtol=1e-5)
    normal = -Normal(raw.sigmoid(), 0.1).log_prob(light).flatten(1).sum(1)
    assert torch.allclose(vae(likelihood="gaussian").surprise(raw, 2 * light - 1), normal, rtol=1e-5)


@pytest.mark.parametrize("beta", [0.0, 1.0, 4.0])
def test_beta_weighs_the_code(beta):
    x = torch.rand(6, 1, 32, 32, generator=noise(0)) * 2 - 1
    with torch.no_grad():
        parts = vae(beta=beta).loss(Batch(x), noise(1))
    assert float(parts["loss"]) == pytest.approx(float(parts["reconstruction"] + beta * parts["kl"]), rel=1e-5)


def test_order_puts_first_what_carries_most():
    model = vae()
    model.carried.copy_(torch.tensor([0.1, 3.0, 0.0, 2.0]))
    assert model.order.tolist() == [1, 3, 0, 2]


def test_pca_is_exact_with_enough_numbers():
    base = torch.randn(3, 1, 32, 32, generator=noise(0)) / 10
    x = (torch.randn(200, 3, generator=noise(1)) @ base.flatten(1)).view(-1, 1, 32, 32)
    assert pca_error(x[:150], x[150:], 3) == pytest.approx(0, abs=1e-7)
    assert pca_error(x[:150], x[150:], 1) > 1e-4
