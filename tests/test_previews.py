"""What a training shows of itself."""

import math
from dataclasses import replace

import pytest
import torch

from core.data.text import TEXTS, Text, make_tokenizer, own_part
from core.families import build
from core.measure import text_nats
from core.model import Mishap, noise
from core.train import Plan, Trainer
from demo.parts.pad import shown
from demo.previews import HEART, MINUTE, Samples, Wall
from demo.runs import Run
from demo.show import figure, uri
from demo.training import LETTERS, begin, past
from demo.vae import guest
from tests.test_contract import Discs


@pytest.mark.parametrize("classes", [0, 2])
def test_a_wall_hangs_with_labels_and_without(classes):
    data = Discs()
    torch.manual_seed(0)
    gan = build("gan", "tiny", data.facts(), {"classes": classes}).eval()
    run = Run(Trainer(Plan("gan", "discs", "tiny"), gan, data), Wall(gan, data))
    view = run.preview.look(run)
    assert view.count("<img") == 24
    assert ("left" in view) == bool(classes)
    assert "of 100" in run.preview.sentence(run)[0]


def test_what_came_of_a_guess_is_measured_once_a_minute_was_learnt():
    run = begin("gan", "faces", "tiny", "", {"batch": 8}, {})
    run.preview.sentence(run)
    assert run.came == ("", "")
    run.trainer.seconds = MINUTE
    run.preview.sentence(run)
    came, how = run.came
    assert came == "Noise, or nothing" and how.startswith("Measured at step 0: ")
    run.trainer.advance()
    run.preview.sentence(run)
    assert run.came == (came, how), "later looks change nothing"


def test_a_text_learnt_by_heart_is_named():
    """A page is learnt letter by letter until it costs less than half of what the unseen end costs."""
    page = "".join(chr(97 + int(i)) for i in torch.randint(26, (400,), generator=noise(0)))
    run = begin("gpt", "own", "tiny", page, {"batch": 8}, {"letters": True})
    assert run.trainer.model.config.vocab == LETTERS
    rivals = run.preview.rivals
    assert 4 < rivals["unigram"] < rivals["blind"] == pytest.approx(math.log2(LETTERS), rel=0.05)
    for now in run.trainer.run(0.0):
        run.note(now)
        if now.losses["loss"] < 1 or now.step > 400:
            break
    for _ in range(8):
        run.note(next(run.trainer.run(0.0)))
    run.trainer.model.eval()
    assert "by heart" in run.preview.sentence(run)[0]
    drawn = run.preview.lines(run.curves["loss"])["bits per byte"]
    assert drawn[0] > 6 > 2 > drawn[-1]  # uniform over 257 is 8 bits


@pytest.fixture(scope="module")
def learner():
    """A VAE that has just begun to learn shapes."""
    run = begin("vae", "shapes", "tiny", "", {"batch": 8}, {})
    run.look()
    return run


def sent(drawing):
    return shown(drawing, 1)["dots"]


def test_a_visitors_own_drawing_is_redrawn_among_the_others_and_leaves_again(learner):
    plain, alone = learner.picture, learner.preview.sentence(learner)[0]
    drawing = guest.blank("shapes").clone()
    drawing[:, 20:40, 10:50] = torch.tensor([0.8, 0.1, 0.1])[:, None, None]
    own = guest.drawn(sent(drawing), "shapes")
    guest.hang(learner, own)
    model = learner.trainer.model
    with torch.inference_mode():
        again = model.decode(model.encode(own)[0])[0]
    assert figure(own[0], "your drawing") in learner.picture and uri(again) in learner.picture
    assert learner.picture.count("<img") == plain.count("<img") == 20
    error = 50 * float((again - own[0]).square().mean().sqrt())
    assert learner.preview.sentence(learner)[0] == f"{alone} Yours is off by {error:.1f} %."
    assert learner.past[-1][1] == learner.picture, "the moment at which it rests is kept with the drawing"
    for _ in range(2):
        learner.note(next(learner.trainer.run(0.0)))
        learner.trainer.model.eval()
        learner.look()
    assert uri(own[0]) in learner.picture and uri(again) not in learner.picture, "the redraw changes as it learns"
    assert len({one.shape for _, _, one in learner.past}) == 1, "all pictures of a film are of one size"
    guest.hang(learner, guest.drawn(sent(guest.blank("shapes")), "shapes"))
    assert uri(own[0]) not in learner.picture


def test_a_moment_from_before_the_drawing_says_when_it_came(learner):
    for _ in range(2):
        learner.note(next(learner.trainer.run(0.0)))
        learner.trainer.model.eval()
        learner.look()
    now = learner.trainer.step
    assert "on the pad" not in past(learner, 0)
    drawing = guest.blank("shapes").clone()
    drawing[:, 20:40, 10:50] = 0
    guest.hang(learner, guest.drawn(sent(drawing), "shapes"))
    assert f"on the pad came at step {now}." in past(learner, 0)
    assert "on the pad" not in past(learner, len(learner.past) - 1)
    guest.hang(learner, None)
    assert "on the pad" not in past(learner, 0)


def test_a_drawing_is_learnt_beside_its_collection_or_one_of_the_same_pad(monkeypatch, tmp_path):
    monkeypatch.setenv("ATELIER_DATA", str(tmp_path))
    for name in ("doodles", "faces"):
        assert guest.pad_of(guest.learnable(name)) == guest.pad_of(name)
    assert guest.learnable("faces") == "faces" and guest.learnable("doodles") == "numerals"


@pytest.mark.parametrize("foul", [None, "A", sent(torch.ones(1, 112, 112)), "=" * 16384, ["x"], 5])
def test_a_drawing_from_another_pad_is_refused(foul):
    with pytest.raises(Mishap, match="whole"):
        guest.drawn(foul, "shapes")
    assert not guest.fits(foul, "shapes") or foul == "=" * 16384


def test_a_drawing_of_no_collection_is_refused():
    with pytest.raises(Mishap):
        guest.drawn("", "nonsense")


def test_each_part_of_a_text_is_compared_with_its_own_unseen_end():
    """A hard part and an easy one: that one costs less than half of the other is no learning by heart."""
    letters = [chr(97 + int(i)) for i in torch.randint(26, (6000,), generator=noise(0))]
    parts = [own_part("".join(letters)), own_part("no, no, no. " * 500)]
    parts = [replace(part, name=name) for part, name in zip(parts, ("hard", "easy"))]
    data = Text(TEXTS["own"], parts, make_tokenizer([]))
    gpt = build("gpt", "tiny", data.facts(), {})
    run = Run(Trainer(Plan("gpt", "own", "tiny", batch=8), gpt, data), Samples(gpt, data))
    for now in run.trainer.run(0.0):
        run.note(now)
        if now.step == 80:
            break
    gpt.eval()
    with torch.inference_mode():
        hard, easy = ([text_nats(gpt, row) * nat for row, nat in pair] for pair in run.preview.heart)
    assert easy[0] < HEART * hard[1] and "by heart" not in run.preview.sentence(run)[0]
    run.preview.heart[1][1] = run.preview.heart[0][1]  # an easy part whose unseen end is hard after all
    assert "by heart" in run.preview.sentence(run)[0]
