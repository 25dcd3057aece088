"""Tellers of others: they say here what they say in transformers. Small ones, of random weights, kept by it."""

import asyncio
import json
from pathlib import Path
from threading import Event

import pytest
import torch

from core import borrow
from core.bigger import Bigger
from core.data.text import train_tokenizer
from core.gpt import tired
from core.lens import attention, look, without
from core.model import Mishap, noise
from demo import company, telling
from demo.branches import Tree
from demo.company import Alone
from demo.gpt import ahead, looking
from demo.gpt.anatomy import anatomy
from tests.conftest import finish

transformers = pytest.importorskip("transformers")

VOCAB = 300
GPT2 = {"n_embd": 48, "n_layer": 3, "n_head": 4, "n_positions": 40}
LLAMA = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 80}
LLAMA |= {"max_position_embeddings": 40, "rms_norm_eps": 1e-5}
KINDS = {
    "gpt2": ("gpt2", GPT2),
    "gpt2, untied, with a hidden size of its own": ("gpt2", GPT2 | {"n_inner": 100, "tie_word_embeddings": False}),
    "llama": ("llama", LLAMA),
    "llama as SmolLM2": ("llama", LLAMA | {"num_key_value_heads": 2, "tie_word_embeddings": True, "head_dim": 16}),
    "llama with biases, turned slowly": (
        "llama",
        LLAMA | {"attention_bias": True, "rope_parameters": {"rope_type": "default", "rope_theta": 500_000.0}},
    ),
}


def kept(folder: Path, kind: str, sizes: dict) -> torch.nn.Module:
    """A small teller in a folder of its own, as transformers keeps it; its weights are all random, none 0 or 1."""
    names = {"gpt2": ("GPT2Config", "GPT2LMHeadModel"), "llama": ("LlamaConfig", "LlamaForCausalLM")}[kind]
    tokenizer = train_tokenizer(["a text to make merges of, and then some more text. " * 9], VOCAB)
    vocab = tokenizer.get_vocab_size()
    config = getattr(transformers, names[0])(vocab_size=vocab, bos_token_id=0, eos_token_id=0, **sizes)
    model = getattr(transformers, names[1])(config).eval()
    rng = noise(1)
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, generator=rng) * 0.3)
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return model


@pytest.fixture(params=KINDS, ids=lambda name: name.replace(" ", "-"))
def pair(request, tmp_path):
    """What transformers made, and what was read of it."""
    theirs = kept(tmp_path, *KINDS[request.param])
    return theirs, borrow.read_folder(tmp_path, "a small one").model


def test_logits_are_those_of_transformers(pair):
    theirs, ours = pair
    ids = torch.randint(ours.config.vocab, (3, 40), generator=noise(0))
    with torch.inference_mode():
        assert torch.allclose(ours(ids), theirs(ids).logits, atol=1e-4)
    assert sum(p.numel() for p in ours.parameters()) == theirs.num_parameters()


def test_reading_in_steps_equals_reading_at_once(pair):
    _, ours = pair
    ids, cache = torch.randint(ours.config.vocab, (2, 30), generator=noise(0)), ours.cache(2)
    with torch.inference_mode():
        steps = [ours(part, cache) for part in (ids[:, :7], ids[:, 7:11], *ids[:, 11:].split(1, 1))]
        assert torch.allclose(torch.cat(steps, 1), ours(ids), atol=1e-4)


def test_it_is_looked_into_as_ours_are(pair):
    """What a head looks at is what transformers says it looks at; what it says is what its own blocks hear of it."""
    theirs, ours = pair
    ids = torch.randint(ours.config.vocab, (20,), generator=noise(2))
    sight, heard = look(ours, ids), []
    hooks = [block.mix.register_forward_pre_hook(lambda _, given: heard.append(given[0][0])) for block in ours.blocks]
    with torch.inference_mode():
        logits = ours(ids[None])[0]
        theirs.set_attn_implementation("eager")
        weights = torch.cat(theirs(ids[None], output_attentions=True).attentions)
    for hook in hooks:
        hook.remove()
    assert torch.allclose(attention(sight.scores), weights, atol=1e-4)
    assert torch.allclose(sight.said.transpose(1, 2).flatten(2), torch.stack(heard), atol=1e-4)
    assert torch.allclose(ours.answer(sight.stream[-1]), logits, atol=1e-4)


def test_a_head_of_it_is_switched_off_and_its_parts_are_all_there_are(pair):
    _, ours = pair
    ids, K = torch.randint(ours.config.vocab, (1, 20), generator=noise(2)), ours.config.head
    with torch.inference_mode():
        lesser = without(ours, {(1, 2)})(ids)
        assert not torch.allclose(lesser, ours(ids), atol=1e-2)
        ours.blocks[1].mix.weight[:, 2 * K : 3 * K] = 0
        assert torch.allclose(lesser, ours(ids), atol=1e-4)
    assert anatomy(ours)[-1]["weights"] == f"{sum(p.numel() for p in ours.parameters()):,}"


def test_it_tells_as_ours_do_beyond_its_context(tmp_path):
    kept(tmp_path, *KINDS["llama as SmolLM2"])
    teller = borrow.read_folder(tmp_path, "a small one")
    guesses = list(teller.model.tell([0, 5, 9], noise(3), 90, temperature=0.9))
    assert len(guesses) == 90 and all(0 < guess.chance <= 1 and len(guess.top) == 5 for guess in guesses)
    *_, last = teller.model.sample(1, noise(3), prompt=torch.tensor([0, 5, 9]), length=90, temperature=0.9)
    assert last[0, 3:].tolist() == [guess.token for guess in guesses]
    assert teller.tokenizer.decode([guess.token for guess in guesses])


def test_one_is_found_where_an_operator_put_it_or_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("ATELIER_TELLERS", raising=False)
    assert borrow.here("gpt2") is None
    with pytest.raises(Mishap, match="hf download openai-community/gpt2"):
        borrow.read("gpt2")
    for folder in (tmp_path / "hub/models--openai-community--gpt2/snapshots/abc", tmp_path / "own/distilgpt2"):
        folder.mkdir(parents=True)
        kept(folder, *KINDS["gpt2"])
    monkeypatch.setenv("ATELIER_TELLERS", str(tmp_path / "own"))
    assert borrow.read("gpt2").card["size"] == "openai-community/gpt2"
    assert isinstance(borrow.read("distilgpt2").model, Bigger)
    with pytest.raises(Mishap):
        borrow.read("../own/distilgpt2")


def test_a_story_is_told_by_it_where_it_was_brought(tmp_path, monkeypatch):
    (tmp_path / "smollm2").mkdir()
    theirs = kept(tmp_path / "smollm2", *KINDS["llama as SmolLM2"])
    monkeypatch.setenv("ATELIER_TELLERS", str(tmp_path))
    monkeypatch.setattr(telling, "bigger", borrow.read)  # the shelf would keep it for the tests that follow
    ahead.logits.cache_clear()
    story = telling.begin(telling.wish("a text", 0, 0, 1, 0, teller="smollm2"))

    async def told() -> None:
        async for _ in telling.tell(story, 12):
            pass

    finish(told())
    with torch.inference_mode():
        for end in range(len(story.ids) - len(story.guesses), len(story.ids)):
            assert int(theirs(torch.tensor([story.ids[:end]])).logits[0, -1].argmax()) == story.ids[end]
    assert story.text().startswith("a text") and telling.figures(story).unread is None
    first = story.guesses[0]
    asked = {"teller": "smollm2", "ids": story.ids[: story.begun], **story.wish.knobs._asdict(), "seed": 0}
    assert ahead.weigh(asked | {"written": first.token})["rows"][0][2] == first.token
    taken = ahead.guess("smollm2", story.ids[: story.begun], first.token)
    assert taken.chance == pytest.approx(first.chance, rel=1e-4)
    on = ahead.preview(asked | {"tokens": [first.token, 0], "known": story.begun})["on"]
    assert on[0] == ahead.spelt(story.teller, story.ids[story.begun + 1 :][: ahead.FURTHER]) and on[1] == ""
    seen = looking.seen({"teller": "smollm2", "text": "a text to look into"})
    assert [len(seen["heads"]), len(seen["heads"][0]), len(seen["layers"])] == [3, 4, 4]
    told = looking.cut({"teller": "smollm2", "text": "a text to look into", "off": [[2, 3], [0, 0]]})
    assert "children's stories" in told["said"] and not told["pending"] and "12 heads" in told["yard"]
    with pytest.raises(Mishap):
        looking.seen({"teller": "smollm2", "text": "a text", "off": [[3, 0]]})
    tree = Tree()
    tree.add(story)
    tree.add(tree.forked(2, taken, story.wish._replace(seed=1)), tree.shown, 2)
    theirs = tree.outline()[1]["title"]
    tree.add(telling.begin(telling.wish("a text", 0, 0, 1, 0)))  # a story by the shipped teller beside them
    assert tree.outline()[1]["title"] == theirs
    branches = json.loads(tree.as_json())["branches"]
    assert [branch["teller"] for branch in branches] == ["smollm2", "smollm2", telling.TELLER]


def test_a_bigger_teller_holds_up_nobody_and_is_not_held_up(tmp_path, monkeypatch):
    """While the thread of one kind of teller is at work, stories of the other kind are told to their end."""
    kept(tmp_path, *KINDS["gpt2"])
    teller = borrow.read_folder(tmp_path, "a small one")
    ours = telling.begin(telling.wish("Once", 1, 0, 1, 0))
    theirs = [telling.Story(teller, Alone(teller.model), telling.wish("a text", 1, 0, 1, i)) for i in range(3)]
    monkeypatch.setattr(company, "ALONE", 2)

    async def told(story: telling.Story) -> int:
        async for _ in telling.tell(story, 12):
            pass
        return len(story.guesses)

    for busy, story in ((company.BIG_TURNS, ours), (company.TURNS, theirs[0])):
        over = Event()
        busy.submit(over.wait)
        try:
            assert finish(asyncio.wait_for(told(story), 60)) > 0
        finally:
            over.set()

    async def crowded() -> list:
        return await asyncio.gather(*map(told, theirs), return_exceptions=True)

    theirs[0] = telling.Story(teller, theirs[0].company, theirs[0].wish)
    assert [type(found) for found in finish(crowded())] == [int, int, Mishap]
    assert Alone.telling == 0


def test_the_end_of_a_text_is_never_tired_of(tmp_path):
    """Whichever token it is: a penalty leaves its chance to it, and takes that of others that stand there."""
    kept(tmp_path, *KINDS["gpt2"])
    gpt = borrow.read_folder(tmp_path, "a small one").model
    assert gpt.end == 0
    for end in (0, 7):
        gpt.end = end
        ids = torch.tensor([[7, 0]])
        with torch.inference_mode():
            logits = gpt(ids)[:, -1]
        lowered = tired(logits, ids, 2.0, gpt.end) != logits
        assert lowered.nonzero().tolist() == [[0, 7 - end]]
        told = [guess.token for guess in gpt.tell([7, 0], noise(2), 8, penalty=1.8)]
        *_, drawn = gpt.sample(1, noise(2), prompt=ids[0], length=8, penalty=1.8)
        assert drawn[0, 2:].tolist() == told


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"model_type": "bert"}, "GPT-2 and Llama can"),
        ({"n_embd": None}, "lacks"),
        ({"n_head": 5, "n_embd": 47}, "fit"),
        ({"n_embd": 96}, "fit"),
        ({"n_layer": 4}, "fit"),
        ({"n_layer": 10**9}, "are the most"),
        ({"activation_function": "relu"}, "activation_function"),
    ],
)
def test_a_config_that_is_not_what_it_says_is_one_sentence(tmp_path, told, said):
    kept(tmp_path, *KINDS["gpt2"])
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | told))
    with pytest.raises(Mishap, match=said):
        borrow.read_folder(tmp_path, "a small one")


@pytest.mark.parametrize("file", borrow.FILES)
def test_a_damaged_file_is_one_sentence(tmp_path, file):
    kept(tmp_path, *KINDS["gpt2"])
    (tmp_path / file).write_bytes(b"{\x00broken")
    with pytest.raises(Mishap):
        borrow.read_folder(tmp_path, "a small one")


def test_a_turning_that_is_stretched_is_refused(tmp_path):
    stretched = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    kept(tmp_path, "llama", LLAMA | {"rope_parameters": stretched})
    with pytest.raises(Mishap, match="rope_type"):
        borrow.read_folder(tmp_path, "a small one")
