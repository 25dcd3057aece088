"""What a training shows of itself."""

import pytest
import torch

from core.families import build
from core.train import Plan, Trainer
from demo.previews import Wall
from demo.runs import Run
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
