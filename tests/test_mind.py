"""Looking into the storyteller: what is seen is what the model does, and looking changes nothing."""

from threading import Lock

import pytest
import torch
import torch.nn.functional as F

from core.gpt import GPT
from core.lens import ONCE, attention, look, nats, parts, without
from core.measure import text_nats
from core.model import Mishap, noise, norm, turn
from demo.gpt import looking, worth
from demo.gpt.anatomy import ours
from demo.gpt.turns import ask
from demo.shelf import card, shelf
from demo.telling import TELLER

TEXT = "The old king had three daughters"


@pytest.fixture
def ids() -> torch.Tensor:
    return torch.randint(300, (20,), generator=noise(1))


def passes(gpt: GPT, ids: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """What the model's own passes give its mixing of heads, and what its blocks hand on."""
    mixed, blocks, hooks = [], [], []
    for block in gpt.blocks:
        hooks.append(block.mix.register_forward_pre_hook(lambda _, given: mixed.append(given[0][0])))
        hooks.append(block.register_forward_hook(lambda _, __, x: blocks.append(x[0])))
    with torch.inference_mode():
        gpt(ids[None])
    for hook in hooks:
        hook.remove()
    return mixed, blocks


def test_what_is_seen_is_what_the_model_does(gpt, ids):
    sight, (mixed, blocks) = look(gpt, ids), passes(gpt, ids)
    for layer in range(gpt.config.layers):
        said = sight.said[layer].transpose(0, 1).flatten(1)  # (T, D), as the heads are put together
        assert torch.allclose(said, mixed[layer], atol=1e-5)
        assert torch.allclose(sight.stream[layer + 1], blocks[layer], atol=1e-5)
    assert torch.allclose(sight.stream[0], norm(gpt.embed(ids)), atol=1e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_weights_are_those_of_scaled_dot_product_attention(gpt, ids, causal):
    block, x = gpt.blocks[0], look(gpt, ids).stream[0]
    q, k, v = block.qkv(norm(x)).view(20, 3, 2, -1).permute(1, 2, 0, 3)  # (H, T, K) each
    q, k = (turn(norm(part), gpt.cos[:20], gpt.sin[:20]) for part in (q, k))
    weights = attention(look(gpt, ids).scores[0], causal)
    assert torch.allclose(weights @ v, F.scaled_dot_product_attention(q, k, v, is_causal=causal), atol=1e-5)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 20))
    assert bool((weights.triu(1) == 0).all()) == causal


def test_the_lens_after_the_last_layer_is_the_answer(gpt, ids):
    with torch.inference_mode():
        assert torch.allclose(gpt.answer(look(gpt, ids).stream[-1]), gpt(ids[None])[0], atol=1e-5)


def test_no_head_off_is_the_model_itself_and_the_weights_are_shared(gpt, ids):
    twin = without(gpt)
    with torch.inference_mode():
        assert torch.equal(twin(ids[None]), gpt(ids[None]))
    assert {id(p) for p in twin.parameters()} == {id(p) for p in gpt.parameters()}


def test_a_head_off_says_nothing_and_the_model_given_stays_as_it_is(gpt, ids):
    with torch.inference_mode():
        before = gpt(ids[None])
        lesser = without(gpt, {(1, 0)})(ids[None])
        again = gpt(ids[None])
        gpt.blocks[1].mix.weight[:, :16] = 0  # what the head's 16 numbers meet, written out of the weights
        erased = gpt(ids[None])
    assert torch.equal(before, again)
    assert not torch.allclose(lesser, before, atol=1e-2)
    assert torch.allclose(lesser, erased, atol=1e-5)


def test_with_all_heads_off_no_token_knows_of_another(gpt, ids):
    other = ids.clone()
    other[:-1] = torch.randint(300, (19,), generator=noise(2))
    mute = without(gpt, {(layer, head) for layer in range(2) for head in range(2)})
    with torch.inference_mode():
        assert torch.allclose(mute(ids[None])[0, -1], mute(other[None])[0, -1], atol=1e-6)
        assert not torch.allclose(gpt(ids[None])[0, -1], gpt(other[None])[0, -1], atol=1e-2)


def test_the_loss_of_a_story_is_that_of_the_measured_numbers(gpt, ids):
    with torch.inference_mode():
        measured = text_nats(gpt, ids) + text_nats(gpt, ids[:9])
    assert nats(gpt, [ids, ids[:9]]) == pytest.approx(measured, rel=1e-5)


def test_the_parts_are_all_there_are(gpt):
    found = parts(gpt)
    blocks = sum(part.weights for name, part in found.items() if name not in ONCE)
    assert found["embed"].weights + gpt.config.layers * blocks == sum(p.numel() for p in gpt.parameters())
    rows, told = ours(), card(TELLER)
    assert rows[-1]["weights"] == f"{told['weights']:,}"
    assert rows[0]["shape"] == f"{told['config']['vocab']:,} × {told['config']['width']:,}"


def test_what_the_page_is_told_adds_up():
    seen = looking.seen({"text": TEXT, "at": 3})
    assert seen["pieces"] == ["", "The", " old", " king", " had", " three", " daughters"] and seen["at"] == 3
    assert all(len(head) == 4 and abs(sum(head) - 1000) <= 4 for layer in seen["heads"] for head in layer)
    answer = seen["layers"][-1]
    told = ask(looking.cut_there, TELLER, looking.question({"text": TEXT, "at": 3, "off": [[0, 0]]}))
    assert told["next"][0][:2] == [*answer["top"][0][:2]]  # the intact model's favourite, there and here
    assert looking.seen({"text": TEXT, "at": 6})["layers"][-1]["truth"] is None
    assert looking.seen({"text": TEXT, "at": 3, "off": [[0, 0]]})["layers"][-1] != answer


def test_without_its_mask_a_head_looks_ahead_as_far_as_its_scores_say():
    told = looking.ahead({"text": TEXT, "at": 0, "head": [0, 0]})
    masked, free = torch.tensor(told["masked"]), torch.tensor(told["free"])
    assert int(masked.triu(1).sum()) == 0 and bool((free.sum(1) - 1000).abs().max() <= 4)
    assert f"“the beginning” {round(int(free[0, 1:].sum()) / 10)} %" in told["said"].replace("\u00a0", " ")


def test_a_verdict_is_held_against_all_heads_alone(monkeypatch):
    """The survey of 48 heads takes most of a minute, so here the losses of single heads are given."""
    intact = worth.loss(TELLER, frozenset())
    stories = len(worth.held(TELLER).stories)
    rises = {(layer, head): 1 + (8 * layer + head) / 1000 for layer in range(6) for head in range(8)}
    alone = {head: [rise * intact / stories] * stories for head, rise in rises.items()}
    monkeypatch.setattr(worth, "ALONE", alone)
    off = frozenset({(5, 5), (0, 0)})
    found = worth.verdict(TELLER, off)
    assert "2 heads" in found["said"] and not found["pending"] and found["came"] == ""
    assert "+2.35 %" in found["yard"] and "+4.70 %" in found["yard"] and "Blind guessing" in found["yard"]
    assert worth.loss(TELLER, off) > intact


def test_the_survey_measures_each_head_as_a_visitor_would(monkeypatch):
    monkeypatch.setattr(worth, "ALONE", {})
    stories = len(worth.held(TELLER).stories)
    for _ in range(stories):
        worth.weigh((0, 7))
    assert sum(worth.ALONE[0, 7]) == pytest.approx(worth.loss(TELLER, frozenset({(0, 7)})), rel=1e-6)
    assert len(worth.unmeasured()) == 47


def test_a_survey_that_broke_off_is_begun_again(monkeypatch, caplog):
    measured = []
    monkeypatch.setattr(worth, "ALONE", {(0, 0): [1.0]})
    monkeypatch.setattr(worth, "BEGUN", Lock())
    monkeypatch.setattr(worth, "unmeasured", lambda: [] if measured else [(0, 0)])
    monkeypatch.setattr(worth, "weigh", lambda which: 1 / 0)
    looking.cut({"text": TEXT, "off": [[0, 0]]})
    ask(str, TELLER)  # what was asked for before is done by now
    assert "broke off" in caplog.text
    monkeypatch.setattr(worth, "weigh", measured.append)
    looking.cut({"text": TEXT, "off": [[0, 0]]})
    ask(str, TELLER)
    assert measured == [(0, 0)]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"text": 7},
        {"text": "   \n"},
        {"text": "a" * 601},
        {"text": "zq" * 200},
        {"text": TEXT, "at": 7},
        {"text": TEXT, "at": -1},
        {"text": TEXT, "at": 1.5},
        {"text": TEXT, "at": float("nan")},
        {"text": TEXT, "off": [[6, 0]]},
        {"text": TEXT, "off": [[0, 8]]},
        {"text": TEXT, "off": [0]},
        {"text": TEXT, "off": [[0, 0]] * 49},
        {"text": TEXT, "off": "all"},
        {"text": TEXT, "head": [0]},
    ],
)
def test_what_cannot_be_looked_into_is_one_sentence(asked):
    with pytest.raises(Mishap):
        looking.ahead(asked)


def test_any_text_can_be_looked_into():
    for text in ("مرحبا 👩\u200d🚀", "<b>${1+1}</b> {{x}}", "a\x00b\u202ec", "<|endoftext|>"):
        seen = looking.seen({"text": text})
        assert 2 <= len(seen["pieces"]) <= 65 and len(seen["layers"]) == 7
    assert shelf(TELLER).model.training is False
