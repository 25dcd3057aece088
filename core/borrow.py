"""Weights of others: GPT-2-like and Llama-like tellers, read from safetensors into core/bigger.py.

Nothing is fetched and nothing of theirs is run: three files are read where an operator put them, or where the cache of
Hugging Face has them (huggingface.co/docs/huggingface_hub/guides/manage-cache).
"""

import json
import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer
from torch import Tensor

from core.bigger import Bigger, Config
from core.checkpoint import Loaded
from core.data.text import END
from core.model import Mishap

# What may be asked for: a name of ours -> its name at Hugging Face, which is also its folder in that cache.
BIGGER = {
    "gpt2": "openai-community/gpt2",
    "distilgpt2": "distilbert/distilgpt2",
    "smollm2": "HuggingFaceTB/SmolLM2-135M",
}
FILES = ("config.json", "model.safetensors", "tokenizer.json")
MOST = 512  # tokens of context that are used, however many there could be: keys and values take room
TEXT_FILE = 20_000_000  # bytes of a config or tokenizer


def here(name: str) -> Path | None:
    """The folder where an operator, or the cache of Hugging Face, keeps one of BIGGER; None where neither does.

    ATELIER_TELLERS names a folder with one subfolder a name. HF_HUB_CACHE and HF_HOME are obeyed.
    """
    home = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    hub = Path(os.environ.get("HF_HUB_CACHE", home / "hub")) / f"models--{BIGGER[name].replace('/', '--')}"
    folders = [Path(os.environ["ATELIER_TELLERS"]) / name] if "ATELIER_TELLERS" in os.environ else []
    folders += sorted((hub / "snapshots").glob("*"))
    return next((folder for folder in folders if all((folder / file).is_file() for file in FILES)), None)


def read(name: str) -> Loaded:
    """One of BIGGER, ready to tell; Mishap where it is not on this machine or its files do not fit together."""
    if name not in BIGGER:
        raise Mishap(f"A bigger teller is one of: {', '.join(BIGGER)}.")
    folder = here(name)
    if folder is None:
        raise Mishap(f"{BIGGER[name]} is not on this machine: `hf download {BIGGER[name]}` brings it.")
    return read_folder(folder, BIGGER[name])


def read_folder(folder: Path, title: str) -> Loaded:
    """config.json, model.safetensors and tokenizer.json of a folder that an operator chose, never a visitor."""
    told = read_json(folder / FILES[0])
    config, table = config_of(told)
    with torch.device("meta"):  # no first weights are drawn: all are read
        model = Bigger(config)
    try:
        with safe_open(folder / FILES[1], "pt") as file:
            read = {ours: file.get_tensor(key).float() for key in file.keys() if (ours := renamed(key, table))}
    except (OSError, SafetensorError):
        raise Mishap(f"The weights of {title} cannot be read: bring them again.") from None
    try:
        model.load_state_dict(fitted(read, config), assign=True)
    except (KeyError, RuntimeError):
        raise Mishap(f"The weights of {title} do not fit its config.") from None
    tokenizer = read_tokenizer(folder / FILES[2], config.vocab)
    model.end = int(tokenizer.token_to_id(END) or 0)
    count = sum(p.numel() for p in model.parameters())
    card = {"family": "gpt", "size": title, "config": asdict(config), "weights": count, "numbers": {}}
    return Loaded(model.eval().requires_grad_(False), card, tokenizer)


# Their names for what is ours, within a block and outside.
GPT2 = {"wte": "embed", "wpe": "places", "ln_f": "last", "ln_1": "before", "ln_2": "between", "attn.c_attn": "qkv"}
GPT2 |= {"attn.c_proj": "mix", "mlp.c_fc": "up", "mlp.c_proj": "down", "lm_head": "out"}
LLAMA = {"embed_tokens": "embed", "norm": "last", "input_layernorm": "before", "post_attention_layernorm": "between"}
LLAMA |= {f"self_attn.{theirs}_proj": ours for theirs, ours in (("q", "q"), ("k", "k"), ("v", "v"), ("o", "mix"))}
LLAMA |= {f"mlp.{name}_proj": name for name in ("gate", "up", "down")} | {"lm_head": "out"}


def renamed(key: str, table: dict[str, str]) -> str:
    """Their name of a tensor -> ours; empty for what is none of the weights, such as a stored mask."""
    key = key.removeprefix("transformer.").removeprefix("model.")
    found = re.fullmatch(r"(?:(?:h|layers)\.(\d+)\.)?(.+)\.(weight|bias)", key)
    if found is None or found[2] not in table:
        return ""
    return f"blocks.{found[1]}.{table[found[2]]}.{found[3]}" if found[1] else f"{table[found[2]]}.{found[3]}"


def fitted(read: dict[str, Tensor], config: Config) -> dict[str, Tensor]:
    """Weights under our names, laid out as ours: GPT-2 stores its matrices turned, and three of them as one."""
    if config.tied:
        read.pop("out.weight", None)
    if config.gated:
        return read
    read["places.weight"] = read["places.weight"][: config.context]
    for layer in range(config.layers):
        block = f"blocks.{layer}."
        for name in ("qkv", "mix", "up", "down"):
            read[f"{block}{name}.weight"] = read[f"{block}{name}.weight"].t().contiguous()
        for kind in ("weight", "bias"):
            whole = read.pop(f"{block}qkv.{kind}")
            read |= {f"{block}{name}.{kind}": part.contiguous() for name, part in zip("qkv", whole.chunk(3))}
    return read


def config_of(told: dict[str, Any]) -> tuple[Config, dict[str, str]]:
    """What a config.json says, and the names that go with it; Mishap for any kind that is computed otherwise."""
    try:
        if told["model_type"] == "gpt2":
            return gpt2(told), GPT2
        if told["model_type"] == "llama":
            return llama(told), LLAMA
    except (KeyError, TypeError, ValueError):
        raise Mishap("This config.json lacks what a teller needs.") from None
    raise Mishap(f"A teller of the kind {str(told['model_type'])[:40]!r} cannot be read here: GPT-2 and Llama can.")


def gpt2(told: dict[str, Any]) -> Config:
    as_published(told, activation_function="gelu_new", scale_attn_weights=True, scale_attn_by_inverse_layer_idx=False)
    width, heads = int(told["n_embd"]), int(told["n_head"])
    return Config(
        vocab=int(told["vocab_size"]),
        context=min(int(told["n_positions"]), MOST),
        layers=int(told["n_layer"]),
        width=width,
        heads=heads,
        groups=heads,
        head=width // heads,
        hidden=int(told.get("n_inner") or 4 * width),
        eps=float(told["layer_norm_epsilon"]),
        tied=bool(told.get("tie_word_embeddings", True)),
    )


def llama(told: dict[str, Any]) -> Config:
    turned = told.get("rope_parameters") or told.get("rope_scaling") or {}
    as_published(turned, rope_type="default")
    as_published(told, hidden_act="silu", mlp_bias=False)
    width, heads = int(told["hidden_size"]), int(told["num_attention_heads"])
    return Config(
        vocab=int(told["vocab_size"]),
        context=min(int(told["max_position_embeddings"]), MOST),
        layers=int(told["num_hidden_layers"]),
        width=width,
        heads=heads,
        groups=int(told.get("num_key_value_heads") or heads),
        head=int(told.get("head_dim") or width // heads),
        hidden=int(told["intermediate_size"]),
        eps=float(told["rms_norm_eps"]),
        rotary=float(turned.get("rope_theta") or told.get("rope_theta") or 10_000),
        gated=True,
        bias=bool(told.get("attention_bias", False)),
        tied=bool(told.get("tie_word_embeddings", False)),
    )


def as_published(told: dict[str, Any], **usual: Any) -> None:
    """Mishap where a config departs from what is computed here."""
    for key, value in usual.items():
        if told.get(key, value) != value:
            raise Mishap(f"A teller whose {key} is {str(told[key])[:40]!r} cannot be read here.")


def read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > TEXT_FILE:
            raise ValueError
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Mishap(f"The file {path.name} cannot be read.") from None
    return told if isinstance(told, dict) else {}


def read_tokenizer(path: Path, vocab: int) -> Tokenizer:
    """A byte-level tokenizer of as many entries as the model has, in which a text ends as it does in ours."""
    told = read_json(path)
    if (told.get("decoder") or {}).get("type") != "ByteLevel":
        raise Mishap("Only byte-level tokenizers can be read here.")
    tokenizer = Tokenizer.from_str(json.dumps(told))
    if tokenizer.get_vocab_size() != vocab or tokenizer.token_to_id(END) is None:
        raise Mishap("The tokenizer of this teller does not fit its weights.")
    return tokenizer
