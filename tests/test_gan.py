"""The two players, on a game small enough to check."""

from copy import deepcopy

import pytest
import torch
import torch.nn.functional as F

from core.data import open_collection
from core.families import build
from core.gan import GAN, LOSSES, Doubling, Halving
from core.measure import copied, frechet, variety
from core.model import Batch, Mishap, descend, noise
from core.train import Plan, Trainer


def test_eight_gaussians_are_covered():
    """At least six of eight modes, each by more than a fortieth of the points, most points near one."""
    data = open_collection("points-gaussians")
    torch.manual_seed(0)
    gan = build("gan", "small", data.facts() | {"classes": 0}, {"penalty": 0.1})
    trainer = Trainer(Plan("gan", "points-gaussians", batch=128), gan, data)
    for now in trainer.run(every=0):
        if now.step == 900:
            break
    *_, points = gan.eval().sample(2000, noise(1))
    real = data.fixed(4000)
    centers = torch.stack([real.x[real.y == k].mean(0) for k in range(8)])
    far, mode = torch.cdist(points, centers).min(1)
    spread = float(torch.cdist(real.x, centers).min(1).values.quantile(0.99))
    near = mode[far < 2 * spread].bincount(minlength=8)
    assert (near > 50).sum() >= 6
    assert near.sum() > 1000


def test_labels_steer_the_forger_and_the_critic():
    torch.manual_seed(0)
    gan = GAN(GAN.Config(channels=1, side=32, classes=3, width=8, latent=16)).eval()
    z = gan.latents(4, noise(0))
    zero, one = torch.zeros(4, dtype=torch.long), torch.ones(4, dtype=torch.long)
    with torch.inference_mode():
        x = gan.paint(z, zero)
        assert not torch.allclose(x, gan.paint(z, one))
        assert not torch.allclose(gan.judge(x, zero), gan.judge(x, one))
    assert x.shape == (4, 1, 32, 32) and x.abs().max() <= 1


def test_without_boldness_all_paintings_are_one():
    torch.manual_seed(0)
    gan = GAN(GAN.Config(channels=3, side=32, classes=2, width=8, latent=16)).eval()
    y = torch.zeros(4, dtype=torch.long)
    *_, timid = gan.sample(4, noise(0), y=y, bold=0.0)
    *_, usual = gan.sample(4, noise(0), y=y)
    assert torch.allclose(timid[0], timid[1], atol=1e-6)
    assert not torch.allclose(usual[0], usual[1], atol=1e-3)


def test_the_slope_penalty_measures_the_slope():
    """For a linear critic |slope|^2 is known: the finite difference must find it, at real and fake alike."""
    gan = GAN(GAN.Config(channels=0, side=0, classes=0, width=8, latent=4, penalty=1.0))
    w = torch.tensor([3.0, -4.0])
    gan.discriminator.forward = lambda x, y: x @ w
    x, y = torch.randn(20_000, 2, generator=noise(0)), torch.zeros(20_000, dtype=torch.long)
    _, slope, _ = gan.critic_loss(x, x + 1, y, noise(1))
    assert float(slope) == pytest.approx(25, rel=0.03)


@pytest.mark.parametrize("width", [4, 12, 33])
def test_a_width_whose_channels_cannot_be_grouped_is_refused(width):
    with pytest.raises(Mishap, match="multiple of 8"):
        GAN.Config(channels=3, side=32, classes=2, width=width)


def test_frechet_of_known_normals():
    a = torch.randn(60_000, 3, generator=noise(0))
    b = 2 * torch.randn(60_000, 3, generator=noise(1)) + torch.tensor([1.0, 0, 0])
    assert frechet(a, b) == pytest.approx(1 + 3 * (2 - 1) ** 2, rel=0.05)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)


def test_variety_sees_a_forger_with_one_picture_a_subject():
    y = torch.arange(90) % 3
    alike, varied = torch.eye(8)[y], torch.randn(90, 8, generator=noise(0))
    assert variety(alike, y) == 0
    assert variety(varied, y) == pytest.approx(4, rel=0.15)  # sqrt(2 * 8)


def test_copies_are_counted():
    """A third are copies with a little noise, the others new: the measure must find that third."""
    rng = noise(0)
    trained, unseen, fresh = (torch.randn(n, 8, generator=rng) for n in (5000, 2000, 400))
    copies = trained[:200] + 0.01 * torch.randn(200, 8, generator=rng)
    assert copied(torch.cat((fresh, copies)), unseen, trained).value == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_moves_both_players(loss):
    torch.manual_seed(0)
    gan = GAN(GAN.Config(channels=0, side=0, classes=0, width=8, latent=4, loss=loss, critic_steps=2))
    before = {name: value.clone() for name, value in gan.named_parameters()}
    data = open_collection("points-ring")
    losses = gan.step(gan.draw(data, 16, noise(0)), noise(1), gan.optimizers(1e-2))
    moved = {name.split(".")[0] for name, value in gan.named_parameters() if not torch.equal(value, before[name])}
    assert moved == {"generator", "discriminator", "average"}
    assert all(value.isfinite() for value in losses.values())


@pytest.mark.parametrize(
    ("loss", "critic", "forger"),
    [
        ("relativistic", lambda r, f: F.softplus(f - r), lambda r, f: F.softplus(r - f)),
        ("non-saturating", lambda r, f: F.softplus(-r) + F.softplus(f), lambda r, f: F.softplus(-f)),
        ("hinge", lambda r, f: F.relu(1 - r) + F.relu(1 + f), lambda r, f: -f),
        ("wasserstein", lambda r, f: f - r, lambda r, f: -f),
    ],
)
def test_losses_are_those_of_the_papers(loss, critic, forger):
    """For a critic that is x[0], written out by hand at r = 0.3 and f = -0.2."""
    gan = GAN(GAN.Config(channels=0, side=0, classes=0, width=8, latent=4, loss=loss))
    gan.discriminator.forward = lambda x, y: x[:, 0]
    real, fake = torch.tensor([[0.3, 0.0]]), torch.tensor([[-0.2, 0.0]])
    said, slope, caught = gan.critic_loss(real, fake, torch.zeros(1, dtype=torch.long), noise(0))
    assert float(said) == pytest.approx(float(critic(real[:, 0], fake[:, 0])))
    assert float(gan.forger_loss(real[:, 0], fake[:, 0])) == pytest.approx(float(forger(real[:, 0], fake[:, 0])))
    assert float(caught) == 1
    if loss == "wasserstein":  # its slope is 1 everywhere, as it should be
        assert float(slope) == pytest.approx(0, abs=1e-9)


def test_a_loss_that_is_none_gets_a_sentence():
    with pytest.raises(Mishap, match="loss is one of"):
        GAN.Config(channels=0, side=0, classes=0, loss="mean")
    with pytest.raises(Mishap, match="1 to 10 steps"):
        GAN.Config(channels=0, side=0, classes=0, critic_steps=0)


@pytest.mark.parametrize("kinked", [False, True])
def test_halving_is_a_convolution_and_the_mean_of_four(kinked):
    torch.manual_seed(0)
    halving = Halving(3, 5, kinked)
    x = torch.randn(2, 3, 8, 8)
    slow = F.conv2d(F.pad(x, (1, 1, 1, 1)), halving.weight, halving.bias)
    slow = F.avg_pool2d(F.leaky_relu(slow, 0.2) if kinked else slow, 2)
    assert torch.allclose(halving(x), slow, atol=1e-5)


def test_the_critic_of_colours_sees_stripes_of_single_dots():
    """A mean of four dots does not; and of what is not seen, a forger paints what it likes."""
    torch.manual_seed(0)
    flat = torch.full((1, 3, 32, 32), 0.3)
    striped = flat + 0.2 * torch.tensor([1.0, -1.0]).repeat(16)
    inner = (..., slice(1, -1), slice(1, -1))  # at the rim they end, and that can be seen
    blind = Halving(3, 8)
    assert torch.allclose(blind(flat)[inner], blind(striped)[inner], atol=1e-5)
    critic = GAN(GAN.Config(channels=3, side=32, classes=2, width=8, latent=4)).discriminator
    first = critic.body[0]
    assert (first(flat)[inner] - first(striped)[inner]).abs().max() > 0.01


def test_doubling_is_each_dot_four_times_and_a_convolution():
    torch.manual_seed(0)
    doubling = Doubling(3, 5)
    x = torch.randn(2, 3, 4, 4)
    slow = F.conv2d(F.interpolate(x, scale_factor=2), doubling.weight, doubling.bias, 1, 1)
    assert torch.allclose(doubling(x), slow, atol=1e-5)


def test_the_forgers_step_asks_nothing_of_the_critics_weights():
    gan = GAN(GAN.Config(channels=1, side=16, classes=2, width=8, latent=4))
    data = torch.rand(8, 1, 16, 16) * 2 - 1
    gan.step(Batch(data, torch.arange(8) % 2), noise(1), gan.optimizers(1e-3))
    after = [p.grad.clone() for p in gan.discriminator.parameters() if p.grad is not None]
    fake = gan.discriminator(gan.generator(gan.latents(8, noise(2)), torch.arange(8) % 2), torch.arange(8) % 2)
    descend(gan.forger_loss(fake.detach() * 0, fake), list(gan.generator.parameters()), ())
    assert after and all(map(torch.equal, after, (p.grad for p in gan.discriminator.parameters())))


def test_the_critic_sees_fresh_pictures_in_each_of_its_steps():
    gan = GAN(GAN.Config(channels=0, side=0, classes=0, width=8, latent=4, critic_steps=3))
    batch = gan.draw(open_collection("points-ring"), 16, noise(0))
    seen = []
    judged = gan.critic_loss
    gan.critic_loss = lambda real, *rest: seen.append(real) or judged(real, *rest)
    gan.step(batch, noise(1), gan.optimizers(1e-3))
    assert [len(real) for real in seen] == [16] * 3 and len(torch.cat(seen).unique(dim=0)) == 48


@pytest.mark.parametrize(
    "wrong", [{"penalty": "x"}, {"penalty": -1}, {"blur": 0}, {"critic_pace": float("nan")}, {"critic_pace": "9"}]
)
def test_rules_that_are_none_get_a_sentence(wrong):
    with pytest.raises(Mishap, match="lies between"):
        GAN.Config(channels=0, side=0, classes=0, **wrong)


def test_a_morph_begins_and_ends_with_its_paintings_and_keeps_their_strength():
    """The way between two paintings is made from noise as strong as theirs: a straight line would lose a third."""
    torch.manual_seed(0)
    gan = build("gan", "tiny", {"channels": 1, "side": 16, "classes": 3}, {}).eval()
    z, y, met = gan.latents(2, noise(4)), torch.tensor([0, 2]), []
    gan.average.body.register_forward_pre_hook(lambda _, given: met.append(given[0]))
    with torch.no_grad():
        way = gan.morph(z, y, 5)
        torch.testing.assert_close(way[[0, -1]], gan.paint(z, y))
    strength = met[0][:, : z.shape[1]].norm(dim=1)
    assert strength.min() > 0.99 * z.norm(dim=1).min()
    assert (z.mean(0)).norm() < 0.8 * z.norm(dim=1).min()


def test_the_critics_slope_is_felt_in_full_precision_where_the_rest_is_in_half():
    """So short a way apart, two verdicts in bf16 differ by their rounding."""
    gan = GAN(GAN.Config(channels=1, side=16, classes=2, width=8, latent=4, blur=0.005))
    batch = Batch(torch.rand(8, 1, 16, 16, generator=noise(0)) * 2 - 1, torch.arange(8) % 2)
    slopes = []
    for half in (False, True):
        pair = deepcopy(gan)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            slopes.append(pair.step(batch, noise(1), pair.optimizers(0.0))["slope"].item())
    assert slopes[1] == pytest.approx(slopes[0], rel=0.1)
