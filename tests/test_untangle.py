"""The turn that makes the numbers of a code independent."""

import pytest
import torch

from core.factors import WHOLE, carried, scores
from core.model import noise, seeded
from core.untangle import turned, turning
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


@pytest.mark.skipif("faces" not in collections(), reason="no shipped model redraws faces")
def test_a_slider_bears_the_name_of_what_it_goes_with():
    rows = card("faces")["latents"]
    seen = read({"name": "faces", "dots": shown(example("faces", 3), 3)["dots"]})
    assert len(seen["names"]) == len(rows) == len(seen["mean"])
    for row, about in zip(rows, seen["names"]):
        assert bool(about) == (abs(row["r"]) >= WHOLE), "only what was measured to be its own"
        assert not about or about["what"] == row["factor"]
    assert any(seen["names"]), "the code was untangled, so some are named"
