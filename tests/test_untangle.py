"""The turn that makes the numbers of a code independent."""

from collections import deque

import pytest
import torch

from core.data.gallery import open_gallery
from core.factors import WHOLE, carried, correlations, scores
from core.model import Mishap, noise, seeded
from core.untangle import tell, turned, turning
from core.vae import VAE
from demo.parts.pad import shown
from demo.redraw import card, collections, example
from demo.vae.sketch import read

Z, N = 6, 4000


def mixed():
    """Independent causes (N, Z), each spread evenly, and the same seen from a random side."""
    causes = 3**0.5 * (2 * torch.rand(N, Z, generator=noise(0)) - 1)
    turn, _ = torch.linalg.qr(torch.randn(Z, Z, generator=noise(1)))
    return causes, causes @ turn.T


def test_the_turn_finds_independent_causes_that_nobody_named():
    causes, codes = mixed()
    turn = turning(codes)
    assert torch.allclose(turn @ turn.T, torch.eye(Z), atol=1e-4), "it must keep the prior as it is"
    assert carried(codes, causes) == 0
    assert carried(codes @ turn.T, causes) == Z
    assert scores(codes @ turn.T, causes)["MIG"] > 0.6 > 0.2 > scores(codes, causes)["MIG"]


def test_a_turned_model_redraws_as_before():
    with seeded(0):
        vae = VAE(VAE.Config(1, 32, width=8, latent=Z, dial=True)).eval()
    x = torch.rand(5, 1, 32, 32, generator=noise(2)) * 2 - 1
    with torch.inference_mode():
        mean, _ = vae.encode(x)
        again = vae.decode(mean)
    turn, _ = torch.linalg.qr(torch.randn(Z, Z, generator=noise(3)))
    turned(vae, turn)
    with torch.inference_mode():
        new, _ = vae.encode(x)
        assert torch.allclose(new, mean @ turn.T, atol=1e-4)
        assert torch.allclose(vae.decode(new), again, atol=1e-4)
        assert not torch.allclose(vae.decode(mean), again, atol=1e-4)


def test_a_told_factor_gets_a_latent_of_its_own(monkeypatch):
    """From scratch: what was left alone stays as unclear as it was."""
    monkeypatch.setattr("core.untangle.LOOKED_AT", 500)
    data = open_gallery("shapes")
    with seeded(0):
        vae = VAE(VAE.Config(data.card.channels, 32, width=8, latent=4))
    names = list(data.card.factors[:2])
    trainer = tell(vae, data, names, steps=100, batch=32, seed=0)
    deque(trainer.run(), maxlen=0)
    with torch.inference_mode():
        codes, _ = trainer.model.eval().encode(data.fixed(400).x)
    r = correlations(codes, data.factors(400)[:, :2]).abs()
    assert len(set(trainer.model.latents)) == 2
    assert r[trainer.model.latents, [0, 1]].min() > 0.7
    with pytest.raises(Mishap, match="nonsense"):
        tell(vae, data, ["nonsense"], 1, 8, 0)
    with pytest.raises(Mishap, match="once"):
        tell(vae, data, [names[0], names[0]], 1, 8, 0)
    with pytest.raises(Mishap, match="more than 4 latents"):
        tell(vae, data, list(data.card.factors[:5]), 1, 8, 0)


@pytest.mark.skipif("faces" not in collections(), reason="no shipped model redraws faces")
def test_a_slider_bears_the_name_of_what_it_goes_with():
    rows = card("faces")["latents"]
    seen = read({"name": "faces", "dots": shown(example("faces", 3))["dots"]})
    assert len(seen["names"]) == len(rows) == len(seen["mean"])
    for row, about in zip(rows, seen["names"]):
        assert bool(about) == (abs(row["r"]) >= WHOLE), "only what was measured to be its own"
        assert not about or about["what"] == row["factor"]
    assert any(seen["names"]), "the code was untangled, so some are named"
