"""Whether a game's illness is measured and named; with the shipped faces, whose collection is always at hand."""

import pytest
import torch

from core.checkpoint import load
from core.data import open_collection
from core.data.collection import Few
from core.families import build
from core.gan import GAN
from core.model import Mishap, noise
from demo.signs import ALIKE, LONG, LOOKS, LOOSE, Doctor, Signs

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def faces():
    return open_collection("faces")


@pytest.fixture
def gan() -> GAN:
    return load("gan-faces").model.eval()


@pytest.fixture
def doctor(faces) -> Doctor:
    return Doctor(faces, load("judge-faces").model.eval())


def looked(doctor, gan, faces) -> Signs:
    return doctor.look(gan, faces.fixed(32, "train"), CPU)


def test_an_illness_that_is_gone_is_told_for_a_while(doctor):
    looks = ("", 1), ("collapse", 2), ("", 3), ("", 2 + LONG), ("", 3 + LONG)
    assert [doctor.over(ill, step) for ill, step in looks] == ["", "", "collapse", "collapse", ""]


def test_a_good_game_has_no_illness(doctor, gan, faces):
    signs = looked(doctor, gan, faces)
    assert doctor.illness(signs) == ""
    assert signs.kinds > 0.9 and signs.variety > 0.9 and 0.3 < signs.heart < 0.7
    assert sum(signs.each) / len(signs.each) == pytest.approx(1, abs=0.2)


def test_one_painting_a_subject_is_a_collapse(doctor, gan, faces, monkeypatch):
    looked(doctor, gan, faces)
    assert doctor.richest > ALIKE
    monkeypatch.setattr(gan, "latents", lambda n, rng: torch.zeros(n, gan.config.latent))
    signs = looked(doctor, gan, faces)
    assert signs.variety < 0.2
    assert doctor.illness(signs) == "collapse"


def test_variety_that_is_lost_is_a_collapse_even_where_paintings_come_nearer(doctor):
    signs = Signs(0.9, 0.2, 0.5, 1, 0.45, far=10)
    doctor.best, doctor.richest = 10, 0.9
    assert doctor.illness(signs) == "collapse"
    doctor.richest = 0.5  # it never had more, and may yet get there
    assert doctor.illness(signs) == ""
    assert doctor.illness(signs._replace(variety=0.02)) == ""
    assert doctor.illness(signs._replace(far=15)) == "collapse"


def test_a_critic_without_opinions_sleeps_once_the_paintings_are_worse(doctor, gan, faces):
    looked(doctor, gan, faces)
    for weights in (*gan.discriminator.verdict.parameters(), *gan.discriminator.label.parameters()):
        weights.data.mul_(1e-3)
    assert doctor.illness(looked(doctor, gan, faces)._replace(told=0.5)) == ""  # the forger may simply be good
    gan.average.paints[-1].bias.data.add_(1)
    signs = looked(doctor, gan, faces)
    assert signs.firm < 0.2
    assert doctor.illness(signs._replace(told=0.5)) == "asleep"
    assert doctor.illness(signs._replace(told=0.5, firm=LOOSE + 0.01)) != "asleep"  # firmly wrong is not asleep


def test_a_critic_without_doubts_is_too_strong(doctor, gan, faces):
    for weights in (*gan.discriminator.verdict.parameters(), *gan.discriminator.label.parameters()):
        weights.data.mul_(1e4)
    signs = looked(doctor, gan, faces)
    assert signs.firm > 0.9
    assert doctor.illness(signs._replace(told=0.95)) == "strong"


def test_pictures_learnt_by_heart_are_noticed(doctor, gan, faces):
    """The critic is taught, here by hand, to prefer its training pictures."""
    few = Few(faces, 32)
    known = few.fixed(32, "train")
    optimizer = torch.optim.Adam(gan.discriminator.parameters(), 1e-3)
    for step in range(15):
        other = faces.batch(32, noise(step))
        gap = gan.judge(known.x, known.y).mean() - gan.judge(other.x, other.y).mean()
        optimizer.zero_grad()
        torch.nn.functional.softplus(-gap).backward()
        optimizer.step()
    assert doctor.illness(doctor.look(gan, known, CPU)) == "heart"


def test_a_name_needs_more_than_one_look(doctor, gan, faces, monkeypatch):
    well = Signs(0.8, 0.1, 0.5, 1, 0.9, 10)
    ill = well._replace(heart=1.0)
    seen = iter([well, well, ill, *[ill] * LOOKS])
    monkeypatch.setattr(doctor, "look", lambda *_: next(seen))
    names = [doctor.illness(doctor.watch(gan, faces.fixed(1, "train"), CPU, 0)) for _ in range(3 + LOOKS)]
    assert names[:3] == [""] * 3 and names[-1] == "heart"


def test_few_are_few(faces):
    few = Few(faces, 4)
    known = few.fixed(4, "train").x
    drawn = few.batch(64, noise(0)).x
    assert all(any(torch.equal(one, real) for real in known) for one in drawn)
    torch.testing.assert_close(few.fixed(3).x, faces.fixed(3).x)  # what is held out stays held out
    assert few.held("train") == 4 and few.held() == faces.held()
    with pytest.raises(Mishap, match="Only 4"):
        few.fixed(5, "train")


def test_what_the_wall_shows_is_told_by_measure(doctor, gan, monkeypatch):
    """Which of the guesses of the Duel came: things with names, noise or nothing, one picture over and over, blurs."""
    paint = gan.paint
    assert doctor.shows(gan, CPU)[0] == 2
    for spoilt, which in (
        (lambda x: 0.2 * x, 0),
        (lambda x: x[:1].expand_as(x), 3),
        (lambda x: x.flip(2), 1),
    ):
        monkeypatch.setattr(gan, "paint", lambda z, y, spoilt=spoilt: spoilt(paint(z, y)))
        told, facts = doctor.shows(gan, CPU)
        assert told == which, facts


def test_without_labels_a_wall_can_be_named_where_it_is_close_to_real_pictures(doctor, faces, monkeypatch):
    untold = build("gan", "tiny", faces.facts(), {"classes": 0})
    real = doctor.real.x
    for painted, which in (
        (real, 2),
        (torch.randn(real.shape, generator=noise(0)).clamp(-1, 1), 1),
        (0.2 * real, 0),
        (real[:1].expand_as(real), 3),  # it can be named, and is one picture over and over
    ):
        monkeypatch.setattr(untold, "paint", lambda z, y, painted=painted: painted)
        told, facts = doctor.shows(untold, CPU)
        assert told == which, facts
