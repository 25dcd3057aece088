"""Tokens spelt out for the page: bytes joined to whole characters, and the log that the token strip reads."""

import json
from collections.abc import Sequence
from typing import Any

from tokenizers import Tokenizer


def line(event: Any) -> str:
    """One event of the log; no tag stands in it, of which Gradio would warn."""
    return json.dumps(event, separators=(",", ":")).replace("<", r"\u003c") + "\n"


class Speller:
    """Token ids, one at a time, to text that never holds half a character."""

    def __init__(self, tokenizer: Tokenizer):
        self.tokenizer = tokenizer
        self.held = b""  # the beginning of a character whose other bytes are still to come

    def spell(self, token: int) -> str | None:
        """The text that is whole with this token, or None if it ends within a character."""
        self.held += raw(self.tokenizer, token)
        if unfinished(self.held):
            return None
        return self.end()

    def end(self) -> str:
        """The text of what is held, whole or not."""
        text, self.held = self.held.decode(errors="replace"), b""
        return text


def raw(tokenizer: Tokenizer, token: int) -> bytes:
    """The bytes behind a token of a byte-level vocabulary."""
    return bytes(BYTES[letter] for letter in tokenizer.id_to_token(token))  # type: ignore[union-attr]


def name(tokenizer: Tokenizer, token: int) -> str:
    """A token alone, for a list; a stray byte by its number."""
    spelt = raw(tokenizer, token)
    text = spelt.decode(errors="replace")
    return " ".join(f"byte {byte:02X}" for byte in spelt) if "\ufffd" in text else text


def unfinished(text: bytes) -> bool:
    """Whether text ends within a UTF-8 character that more bytes could still complete."""
    for back in range(1, min(3, len(text)) + 1):
        lead = text[-back]
        if lead >= 0xC0:
            return back < (2 if lead < 0xE0 else 3 if lead < 0xF0 else 4) and lead < 0xF5
        if lead < 0x80:
            return False
    return False


def letters() -> dict[str, int]:
    """The letter that byte-level tokenizers write for each byte (GPT-2, Radford et al. 2019) -> that byte."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(b): b for b in plain} | {chr(256 + n): b for n, b in enumerate(others)}


BYTES = letters()


def best(tokenizer: Tokenizer, top: Sequence[tuple[int, float]], end: int) -> list[tuple[str, float, int]]:
    """The likeliest tokens as the strip lists them, with their ids; the end of a document is "" there."""
    return [("" if token == end else name(tokenizer, token), rounded(chance), token) for token, chance in top]


def rounded(chance: float) -> float:
    """Four digits that count are more than is shown."""
    return float(f"{chance:.4g}")
