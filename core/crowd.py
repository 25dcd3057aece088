"""Many stories told together: continuous batching, as Orca has it (Yu et al. 2022, OSDI), over one cache of many seats.

Streams join and leave between any two steps. Each has a seat in the store of keys and values, filled as far as its own
story goes, dice of its own and knobs of its own, so that it is told alike in whatever company. What a stream has yet to
read (its beginning, or the newer half of a story that has filled its context) is read a stretch at a time between the
steps of the others. Whoever is alone takes the Decoder's quick way.

N streams at work, S seats, D width, H heads, K = D / H, C context, V vocabulary, T the longest past among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from core.decode import Decoder
from core.gpt import Cache, Guess, shaped, throw
from core.model import norm, scale

READ = 64  # tokens read between two steps, all streams together: about as long as the step of thirty takes


@dataclass(eq=False)
class Stream:
    """One story among many."""

    ids: list[int]  # all of it so far
    rng: torch.Generator
    knobs: dict[str, Any]  # of core.gpt.pick
    seat: int
    cache: Cache  # its seat in the store
    unread: list[int]  # the end of ids that the cache does not hold; never empty


class Crowd:
    """The streams of one model. One thread at a time may use it; the model must learn no more."""

    def __init__(self, decoder: Decoder, seats: int = 4):
        self.decoder, self.gpt, self.config = decoder, decoder.gpt, decoder.config
        self.heads, self.head = self.config.heads, decoder.head
        self.store = self.gpt.cache(seats).store  # (L, 2, S, H, C, K)
        self.streams: dict[int, Stream] = {}  # seat -> who sits there
        self.cos, self.sin = torch.cat((self.gpt.cos,) * 2, 1), torch.cat((-self.gpt.sin, self.gpt.sin), 1)  # (C, K)

    def join(self, prompt: Sequence[int], rng: torch.Generator, **knobs: Any) -> Stream:
        """A stream that goes on with prompt, of at least one token; it takes the first free seat."""
        seat = next(i for i in range(len(self.streams) + 1) if i not in self.streams)
        if seat == self.store.shape[2]:
            self.grow()
        cache = self.gpt.cache(0)
        cache.store = self.store[:, :, seat : seat + 1]
        stream = Stream(list(prompt), rng, knobs, seat, cache, list(prompt[-self.config.context :]))
        self.streams[seat] = stream
        return stream

    def leave(self, stream: Stream) -> None:
        """Frees a seat; to leave twice does no harm."""
        if self.streams.get(stream.seat) is stream:
            del self.streams[stream.seat]

    def grow(self) -> None:
        """Up to sixteen seats more; those who sit keep theirs."""
        self.store = torch.cat((self.store, torch.zeros_like(self.store[:, :, :16])), 2)
        for seat, stream in self.streams.items():
            stream.cache.store = self.store[:, :, seat : seat + 1]

    @torch.inference_mode()
    def advance(self, streams: Sequence[Stream]) -> list[Guess | None]:
        """A token more for each of these; None for those that have not read all of their past yet."""
        ready, logits = self.logits(streams)
        told = dict(zip(map(id, ready), self.throw(ready, logits))) if ready else {}
        for stream in ready:
            self.note(stream, told[id(stream)].token)
        return [told.get(id(stream)) for stream in streams]

    def logits(self, streams: Sequence[Stream]) -> tuple[list[Stream], Tensor]:
        """Those of the streams that have read all they have to after this step, and their logits (N, V)."""
        late = sorted((s for s in streams if len(s.unread) > 1 or not s.cache.length), key=lambda s: len(s.unread))
        ready = [s for s in streams if s not in late]
        rows = [self.step(ready)] if ready else []
        room = READ
        for stream in late:  # who has least to read is first: a newcomer's page is empty
            row, room = self.read(stream, room)
            if not stream.unread:
                ready.append(stream)
                rows.append(row)
            if not room:
                break
        return ready, torch.cat(rows) if rows else torch.empty(0, self.config.vocab)

    def read(self, stream: Stream, most: int) -> tuple[Tensor, int]:
        """Reads up to `most` tokens of what is unread: logits (1, V) after the last of them, and how many are left."""
        part, stream.unread = stream.unread[:most], stream.unread[most:]
        return self.gpt(torch.tensor([part]), stream.cache)[:, -1], most - len(part)

    def note(self, stream: Stream, token: int) -> None:
        """One token more; a full cache is emptied and the newer half of the text has to be read again (GPT.after)."""
        stream.ids.append(token)
        stream.unread = [token]
        if stream.cache.length == self.config.context:
            stream.cache.length = 0
            stream.unread = stream.ids[-(self.config.context // 2) :]

    def throw(self, streams: Sequence[Stream], logits: Tensor) -> list[Guess]:
        """Each stream's next token, by its own knobs and dice, from logits (N, V)."""
        tokens, order = [0] * len(streams), lambda i: sorted(streams[i].knobs.items())
        for _, group in groupby(sorted(range(len(streams)), key=order), order):
            rows = list(group)
            knobs, seen = streams[rows[0]].knobs, None
            if knobs.get("penalty", 1) != 1:  # the end is never tired of, so it fills up the shorter ones
                past = [torch.tensor(streams[i].ids[-self.config.context :]) for i in rows]
                seen = pad_sequence(past, batch_first=True, padding_value=self.gpt.end)
            places = torch.cat([torch.rand((1, 1), generator=streams[i].rng) for i in rows])
            picked = throw(shaped(logits[rows], seen=seen, end=self.gpt.end, **knobs), places)
            for i, token in zip(rows, picked[:, 0].tolist()):
                tokens[i] = token
        chances = logits.softmax(-1)
        own = chances.gather(1, torch.tensor(tokens)[:, None])[:, 0].tolist()
        best = chances.topk(5)
        tops = [list(zip(*row)) for row in zip(best.indices.tolist(), best.values.tolist())]
        return [Guess(*told) for told in zip(tokens, own, tops)]

    def step(self, streams: Sequence[Stream]) -> Tensor:
        """Logits (N, V) after the one unread token of each."""
        last, ends = [s.unread.pop() for s in streams], [s.cache.length for s in streams]
        if len(streams) == 1:
            return self.decoder.step(last[0], streams[0].cache)[None]
        at, seats = torch.tensor(ends), torch.tensor([s.seat for s in streams])
        low, high, longest = int(seats.min()), int(seats.max()) + 1, max(ends) + 1
        dense = high - low == len(streams) and bool((seats.diff() > 0).all())
        filled = torch.zeros(high - low, dtype=torch.long).index_put_((seats - low,), at)  # others see one token
        mask = (torch.arange(longest) <= filled[:, None])[:, None, None]  # (high - low, 1, 1, T)
        turn = self.cos[at][:, None], self.sin[at][:, None]  # (N, 1, K) each
        x = norm(self.decoder.embed[last])
        for (qkv, mix, up, down), store in zip(self.decoder.layers, self.store):
            q, kv = self.turned(F.linear(x, qkv), scale(x), *turn)
            store[:, seats, :, at] = kv
            keys, values = store[:, low:high, :, :longest]
            if dense:
                y = F.scaled_dot_product_attention(q, keys, values, mask)
            else:
                spread = q.new_zeros(high - low, *q.shape[1:]).index_put_((seats - low,), q)
                y = F.scaled_dot_product_attention(spread, keys, values, mask)[seats - low]
            x = torch.addmm(x, y.reshape(x.shape), mix.t())
            x = torch.addcmul(x, F.linear(F.linear(x, up).relu_().square_(), down), scale(x).square_())
        for stream in streams:
            stream.cache.length += 1
        return F.linear(x, self.decoder.out).mul_(scale(x))

    def turned(self, qkv: Tensor, size: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
        """qkv (N, 3D) of what was not normalised -> queries (N, H, 1, K), keys and values (N, 2, H, K).

        Queries and keys are normalised here anyway, so only the values are multiplied by `size` (N, 1). Rotary
        positions by angles (N, 1, K).
        """
        parts = qkv.view(len(qkv), 3 * self.heads, self.head)
        qk = parts[:, : 2 * self.heads]
        unit = qk * scale(qk)
        torch.addcmul(unit * cos, unit.roll(self.head // 2, 2), sin, out=qk)
        qkv[:, 2 * self.decoder.width :] *= size
        return parts[:, : self.heads, None], parts[:, self.heads :].view(len(qkv), 2, self.heads, self.head)
