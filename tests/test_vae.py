"""The mathematics of the VAE."""

import pytest
import torch
from torch.distributions import Bernoulli, Normal, kl_divergence

from core.checkpoint import SHELF, load, names, read_card
from core.data import open_collection
from core.dial import redrawn, stops, turned
from core.measure import pca_error
from core.model import Batch, Mishap, noise
from core.vae import VAE, WIDEST, Residual, beta_at, kl, near, place_of


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


def test_the_dial_goes_from_nothing_to_its_widest_and_back():
    places = torch.linspace(0, 1, 9)
    betas = beta_at(places)
    assert (float(betas[0]), float(betas[-1])) == (0, WIDEST)
    assert torch.allclose(place_of(betas), places, atol=1e-5)
    assert torch.allclose(near(places).sum(1), torch.ones(9))


def test_a_dial_changes_what_is_coded_and_painted_and_rests_at_the_configs_beta():
    model = vae(dial=True, beta=4.0)
    for part in model.modules():
        if isinstance(part, Residual):
            torch.nn.init.normal_(part.told.weight, std=0.5)
            torch.nn.init.normal_(part.second.weight, std=0.1)  # zero at first: the part then does nothing at all
    x = torch.rand(3, 1, 32, 32, generator=noise(0)) * 2 - 1
    with torch.no_grad():
        at = {beta: model.encode(x, torch.full((3,), beta))[0] for beta in (0.0, 4.0, 16.0)}
        assert torch.equal(model.encode(x)[0], at[4.0])
        assert not torch.allclose(at[0.0], at[16.0], atol=1e-3)
        mixed = model.encode(x, torch.tensor([0.0, 4.0, 16.0]))[0]  # each picture has its own
        assert torch.allclose(mixed[0], at[0.0][0], atol=1e-5) and torch.allclose(mixed[2], at[16.0][2], atol=1e-5)
        z = torch.zeros(1, 4)
        assert not torch.allclose(
            model.decode(z, torch.tensor([0.0])), model.decode(z, torch.tensor([16.0])), atol=1e-3
        )


@pytest.mark.skipif("judge-numerals" not in names("judge"), reason="no shipped judge of numerals")
def test_a_dial_is_measured_at_the_places_that_are_asked_for():
    data, model = open_collection("numerals"), vae(dial=True)
    measured = turned(model, data, load("judge-numerals").model.eval(), 64, stops()[[0, -1]])
    x = data.fixed(64).x
    assert [row[0] for row in measured.rows] == [0.0, WIDEST]
    for beta, bits, error, far in measured.rows:
        with torch.no_grad():
            _, told, lost = redrawn(model, x, torch.full((64,), beta))
        assert bits == pytest.approx(float(told.mean()), rel=1e-4) and far > measured.floor
        assert error == pytest.approx(float(lost.mean()), rel=1e-4)


def test_a_batch_meets_the_whole_dial():
    betas = vae(dial=True).betas(64, noise(0))
    assert float(betas.min()) == 0 and float(betas.max()) == WIDEST
    counts = torch.histc(place_of(betas), 4, 0, 1)
    assert counts.min() >= 12


def test_a_beta_beside_the_dial_is_refused():
    with pytest.raises(Mishap, match="20"):
        VAE.Config(1, 32, dial=True, beta=20.0)


def test_a_code_may_pass_hidden_layers():
    z = torch.randn(3, 4, generator=noise(0))
    plain, deep = (
        torch.stack([vae(hidden_layers=n).decoder[: 2 * n + 1](scale * z) for scale in (0, 1, 2)]) for n in (0, 2)
    )
    assert plain.shape == deep.shape
    torch.testing.assert_close(plain[2] - plain[1], plain[1] - plain[0])
    assert not torch.allclose(deep[2] - deep[1], deep[1] - deep[0], rtol=0.1)
    with pytest.raises(Mishap, match="hidden"):
        VAE.Config(1, 32, hidden_layers=9)


@pytest.mark.parametrize("name", [n for n in names("vae") if "dial" in read_card(SHELF / n / "card.json")])
def test_a_shipped_dial_trades_bits_for_likeness(name):
    dial = read_card(SHELF / name / "card.json")["dial"]
    betas, bits, errors, far = zip(*dial["rows"], strict=True)
    assert list(betas) == pytest.approx(stops().tolist())
    assert list(bits) == sorted(bits, reverse=True)
    assert errors[0] < min(dial["pca"], errors[-1])
    assert dial["floor"] < min(far) < far[-1]


def test_pca_is_exact_with_enough_numbers():
    base = torch.randn(3, 1, 32, 32, generator=noise(0)) / 10
    x = (torch.randn(200, 3, generator=noise(1)) @ base.flatten(1)).view(-1, 1, 32, 32)
    assert pca_error(x[:150], x[150:], 3) == pytest.approx(0, abs=1e-7)
    assert pca_error(x[:150], x[150:], 1) > 1e-4
