"""What may be brought back, and what is turned away in one sentence."""

import json
import struct
from dataclasses import asdict, fields

import pytest
import torch
from safetensors.torch import load_file, save_file

from core import checkpoint
from core.families import FAMILIES, build
from core.model import Mishap
from tests.test_contract import data_for, trainer


@pytest.fixture
def kept(tmp_path):
    """A storyteller and a VAE, kept in two folders."""
    for family in ("gpt", "vae"):
        t = trainer(family)
        checkpoint.save(
            tmp_path / family, t.model, checkpoint.describe(t, "a test"), getattr(t.data, "tokenizer", None)
        )
    return tmp_path


def edit(folder, **changes):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))


def bring(folder):
    return checkpoint.bring(folder / "card.json", folder / "model.safetensors")


def test_weights_of_another_family_are_refused(kept):
    with pytest.raises(Mishap, match="do not belong"):
        checkpoint.bring(kept / "vae" / "card.json", kept / "gpt" / "model.safetensors")


def test_truncated_and_renamed_files_are_refused(kept):
    weights = kept / "vae" / "model.safetensors"
    whole = weights.read_bytes()
    for broken in (b"", whole[:7], whole[: len(whole) // 2], b"\x89PNG" + whole, struct.pack("<Q", 2**60) + whole[8:]):
        weights.write_bytes(broken)
        with pytest.raises(Mishap, match="cannot be read as weights"):
            checkpoint.load(kept / "vae")
    (kept / "vae" / "card.json").write_bytes(whole)
    with pytest.raises(Mishap, match="cannot be read as the card"):
        checkpoint.load(kept / "vae")


@pytest.mark.parametrize("wild", [10**12, 2.5, -4, float("inf"), float("nan"), "32", None, [32], {"a": 1}, True, 0])
def test_wild_sizes_cost_nothing_and_are_refused(kept, wild):
    card = json.loads((kept / "vae" / "card.json").read_text())
    edit(kept / "vae", config={**card["config"], "width": wild})
    with pytest.raises(Mishap):
        bring(kept / "vae")


def test_a_model_too_large_for_the_page_is_refused_before_it_is_built(kept):
    card = json.loads((kept / "gpt" / "card.json").read_text())
    edit(kept / "gpt", config={**card["config"], "width": 65_536, "layers": 60, "hidden": 65_536})
    with pytest.raises(Mishap, match="too large"):
        bring(kept / "gpt")
    edit(kept / "gpt", config={**card["config"], "layers": 60_000})
    with pytest.raises(Mishap, match="out of reason"):
        bring(kept / "gpt")
    edit(kept / "gpt", config={**card["config"], "context": 60_000})  # no weights, but a huge cache
    with pytest.raises(Mishap, match="out of reason"):
        bring(kept / "gpt")
    edit(kept / "gpt", config={**card["config"], "context": float(card["config"]["context"])})
    with pytest.raises(Mishap, match="out of reason"):
        bring(kept / "gpt")


@pytest.mark.parametrize(
    "card",
    [
        *("[]", "{}", '{"family": "vae"}', "[" * 100_000),
        '{"family": "x", "size": "tiny", "config": {}, "data": {"name": "faces"}}',
        '{"family": [], "size": "tiny", "config": {}, "data": {"name": "faces"}}',
        '{"family": "vae", "size": "tiny", "config": {}, "data": {"name": []}}',
    ],
)
def test_cards_that_are_none_are_refused(kept, card):
    (kept / "vae" / "card.json").write_text(card)
    with pytest.raises(Mishap):
        checkpoint.load(kept / "vae")


def test_weights_that_are_no_numbers_are_refused(kept):
    path = kept / "vae" / "model.safetensors"
    weights = load_file(path)
    next(iter(weights.values())).fill_(float("nan"))
    save_file(weights, path)
    with pytest.raises(Mishap, match="no numbers"):
        checkpoint.load(kept / "vae")


def test_weights_stored_in_an_unknown_form_are_refused(kept):
    path = kept / "vae" / "model.safetensors"
    save_file({name: tensor.to(torch.float8_e4m3fn) for name, tensor in load_file(path).items()}, path)
    with pytest.raises(Mishap, match="not used here"):
        checkpoint.load(kept / "vae")


@pytest.mark.parametrize("merges", ["", "[]", '[["a", "b", "c"]]', "{", '[["x", "y"]]', "7"])
def test_a_foreign_tokenizer_is_refused(kept, merges):
    path = kept / "gpt" / "model.safetensors"
    save_file(load_file(path), path, {"merges": merges})
    with pytest.raises(Mishap):
        checkpoint.load(kept / "gpt")


def test_a_model_goes_on_from_its_step(kept):
    loaded = checkpoint.load(kept / "vae")
    plan = {**loaded.card["plan"], "options": {"beta": 1.0, "strange": 3}}
    edit(kept / "vae", step=41, size="medium", seconds=17, plan=plan)
    loaded = checkpoint.load(kept / "vae")
    going = checkpoint.go_on(loaded, data_for("vae"), torch.device("cpu"))
    before = loaded.model.encoder[0].weight.clone()
    assert (going.plan.size, going.plan.options, going.seconds) == ("medium", {"beta": 1.0}, 17)
    going.advance()
    assert going.step == 42 and not torch.equal(before, going.model.encoder[0].weight)


@pytest.mark.parametrize("plan", [None, {}, {"seed": "a", "lr": 1, "batch": 1}, {"seed": 0, "lr": 1e9, "batch": 8}])
def test_a_card_without_a_plan_cannot_go_on(kept, plan):
    edit(kept / "vae", plan=plan)
    with pytest.raises(Mishap):
        checkpoint.go_on(checkpoint.load(kept / "vae"), data_for("vae"), torch.device("cpu"))


def test_a_model_does_not_go_on_with_a_collection_of_another_kind(kept):
    loaded = checkpoint.load(kept / "vae")
    loaded.card["config"]["channels"] = 3
    with pytest.raises(Mishap, match="another kind"):
        checkpoint.go_on(loaded, data_for("vae"), torch.device("cpu"))


def test_every_shipped_model_loads_and_works():
    assert checkpoint.names("gan") and checkpoint.names("vae")
    for name in checkpoint.names():
        model, card, tokenizer = checkpoint.load(name)
        assert card["numbers"], f"{name} was not measured"
        assert all(number["yardsticks"] for number in card["numbers"].values())
        assert card["command"].startswith("python -m core train")
        assert (tokenizer is not None) == ("text" in model.LEARNS)


def test_a_painter_is_kept_at_several_ages(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SHELF", tmp_path)
    assert checkpoint.ages("one") == {}
    models = {step: torch.nn.Linear(6, 4) for step in (30, 120)}
    for step, model in models.items():
        checkpoint.save_age(tmp_path / "one", step, model)
    kept = checkpoint.ages("one")
    assert list(kept) == [30, 120]
    for step, model in models.items():
        for name, tensor in model.state_dict().items():
            assert torch.allclose(kept[step][name], tensor, atol=0.004 * float(tensor.abs().max()))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_size_of_every_family_can_be_brought_back(family):
    for size in FAMILIES[family].PRESETS:
        config = build(family, size, data_for(family).facts()).config
        kinds = {f.name: f.type for f in fields(config)}
        assert all(checkpoint.is_sane(name, value, kinds[name]) for name, value in asdict(config).items())
