"""What a training shows of itself."""

import math

import pytest
import torch

from core.families import build
from core.model import noise
from core.train import Plan, Trainer
from demo.previews import Wall
from demo.runs import Run
from demo.training import LETTERS, begin
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
