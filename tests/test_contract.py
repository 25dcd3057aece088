"""What every family owes, tried on every family at its tiny size."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from core import checkpoint
from core.data.collection import Card, Pictures
from core.data.text import open_text
from core.families import FAMILIES, build
from core.model import Batch, Mishap, noise, seeded
from core.train import Plan, Trainer

STORY = "The fox saw the moon. The moon saw the fox. They were friends, and the night was long and blue. " * 40


class Discs(Pictures):
    """Bright discs left or right: two labels, nothing random but the batch."""

    card = Card("discs", "Discs", "images", "CC0", "this test", "Two discs.", 1, 32, ("left", "right"))

    def batch(self, size: int, rng: torch.Generator, split: str = "train") -> Batch:
        y = torch.randint(2, (size,), generator=rng)
        across = torch.arange(32)[None, None, None, :] - (8 + 16 * y)[:, None, None, None]
        down = torch.arange(32)[None, None, :, None] - 16
        return Batch(torch.where(across**2 + down**2 < 36, 1.0, -1.0), y)

    def fixed(self, n: int, split: str = "test", start: int = 0) -> Batch:
        return self.batch(n, noise(start))

    def held(self, split: str = "test") -> int:
        return 1000


def data_for(family: str):
    return open_text("own", None, STORY, vocab=300) if FAMILIES[family].LEARNS == ("text",) else Discs()


def trainer(family: str, **plan) -> Trainer:
    data = data_for(family)
    torch.manual_seed(0)
    model = build(family, "tiny", data.facts())
    return Trainer(Plan(family, data.card.name, "tiny", **{"batch": 8, **plan}), model, data)


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: p.detach().clone() for name, p in trainer.model.named_parameters()}


@pytest.fixture(params=FAMILIES)
def family(request) -> str:
    return request.param


def test_same_seed_same_work(family):
    one, two, other = trainer(family), trainer(family), trainer(family, seed=1)
    for _ in range(3):
        a, b, c = one.advance(), two.advance(), other.advance()
    assert {k: float(v) for k, v in a.items()} == {k: float(v) for k, v in b.items()}
    assert any(float(a[k]) != float(c[k]) for k in a)


def test_one_step_changes_every_parameter(family):
    t = trainer(family)
    before = weights(t)
    # Zero-initialised projections pass no gradient to what lies before them in the first step.
    t.advance(), t.advance()
    untouched = [name for name, now in weights(t).items() if torch.equal(now, before[name])]
    assert untouched == []


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "gan"])
def test_one_batch_is_learnt_by_heart(family):
    t = trainer(family)
    batch = t.model.draw(t.data, 8, noise(5))
    t.model.train()
    losses = [float(t.model.step(batch, noise(step), t.optimizers)["loss"].detach()) for step in range(60)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


def test_stop_save_load_go_on_equals_going_straight_on(family, tmp_path):
    straight, stopped = trainer(family, steps=20), trainer(family, steps=20)
    for _ in range(3):
        straight.advance(), stopped.advance()
    checkpoint.save_state(tmp_path / "state.safetensors", stopped)
    again = trainer(family, steps=20)
    checkpoint.load_state(tmp_path / "state.safetensors", again)
    for _ in range(3):
        straight.advance(), again.advance()
    assert again.step == straight.step == 6
    for name, tensor in straight.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name


def test_a_state_of_other_optimizers_is_refused(tmp_path):
    t = trainer("vae")
    checkpoint.save_state(tmp_path / "state.safetensors", t)
    t.optimizers = t.optimizers[:1]
    with pytest.raises(Mishap, match="other optimizers"):
        checkpoint.load_state(tmp_path / "state.safetensors", t)


def test_a_kept_model_comes_back_the_same(family, tmp_path):
    t = trainer(family)
    t.advance()
    card = checkpoint.describe(t, "a test")
    assert json.loads(json.dumps(card))["config"] == card["config"]
    checkpoint.save(tmp_path, t.model, card, getattr(t.data, "tokenizer", None))
    loaded = checkpoint.load(tmp_path)
    for name, tensor in t.model.state_dict().items():
        assert torch.equal(tensor, loaded.model.state_dict()[name]), name
    if loaded.tokenizer:
        assert loaded.tokenizer.encode("The fox").ids == t.data.tokenizer.encode("The fox").ids


def test_the_plan_ends_where_it_says(family):
    t = trainer(family, steps=3)
    seen = [now.step for now in t.run(every=0)]
    assert seen == [1, 2, 3] and t.is_done()
    assert all(
        group["lr"] < rate for o, rates in zip(t.optimizers, t.rates) for group, rate in zip(o.param_groups, rates)
    )


def test_a_training_that_blows_up_says_so(family):
    t = trainer(family)
    with torch.no_grad():
        next(p for p in t.model.parameters() if p.requires_grad).fill_(float("nan"))
    with pytest.raises(Mishap, match="smaller learning rate"):
        next(t.run(every=0))


@pytest.mark.parametrize("plan", [{"lr": 1e9}, {"lr": float("nan")}, {"lr": -1}, {"batch": -5}, {"batch": 10**9}])
def test_plans_out_of_reason_are_refused(plan):
    with pytest.raises(Mishap):
        Plan("vae", "digits", **plan)


@pytest.mark.parametrize(
    "asked",
    [
        ("ghost", "tiny", {}),
        ("vae", "gigantic", {}),
        ("vae", "tiny", {"sliders": 3}),
        ("vae", "tiny", {"likelihood": "x"}),
    ],
)
def test_models_that_do_not_exist_are_refused(asked):
    family, size, options = asked
    with pytest.raises(Mishap):
        build(family, size, Discs().facts(), options)


def test_models_begun_at_the_same_time_are_those_of_their_seeds():
    """Torch's generator is one for all threads; two visitors who start together must not share its numbers."""

    def begun(seed: int) -> torch.Tensor:
        with seeded(seed):
            return torch.cat([p.detach().flatten() for p in build("vae", "tiny", Discs().facts()).parameters()])

    alone = [begun(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(begun, range(4)))
    assert all(map(torch.equal, alone, together))
