"""What many readers of the running page see: python -m tests.bench.readers [--readers 30] [--within 0] [--json]

The page is served on loopback; the readers speak its own protocol, without a browser each. Having opened the tab, all
press Tell within so many seconds, each with a beginning and a seed of their own, and read one story to its end (at most
a minute). Reported: how many tokens a second every stream shows from its first update to its last, and how long its
first token took. Readers and page share this machine.
"""

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator
from itertools import pairwise
from statistics import median, quantiles
from time import perf_counter
from typing import Any

import httpx

from demo.telling import TELLER
from demo.words import words
from tests.bench.slider import OURS, served

LENGTH, LONGEST, API = 150, 60, "gradio_api"  # tokens asked for, seconds a reader stays


async def doors(http: httpx.AsyncClient) -> tuple[list[int], list[int]]:
    """The numbers of the events behind opening the tab and behind the button Tell, each with those that follow it."""
    config = (await http.get("config")).json()
    ids = {c["props"].get("elem_id"): c["id"] for c in config["components"]}
    tab = next(c["id"] for c in config["components"] if c["type"] == "tabitem" and c["props"].get("id") == "gpt")
    targets = {tuple(t): d["id"] for d in config["dependencies"] if d["backend_fn"] for t in d["targets"]}
    after = {d["trigger_after"]: d["id"] for d in config["dependencies"]}
    chains = [[targets[tab, "select"]], [targets[ids["gpt-tell-go"], "click"]]]
    for chain in chains:
        while chain[-1] in after:
            chain.append(after[chain[-1]])
    return chains[0], chains[1]


async def heard(http: httpx.AsyncClient, key: str, fn: int, data: list[Any]) -> AsyncIterator[str]:
    """The messages of one event, from its call to its end."""
    asked = {"data": data, "fn_index": fn, "session_hash": key, "event_data": None, "trigger_id": None}
    (await http.post(f"{API}/queue/join", json=asked)).raise_for_status()
    async with http.stream("GET", f"{API}/queue/data", params={"session_hash": key}) as replies:
        async for line in replies.aiter_lines():
            yield line
            if '"process_completed"' in line:
                return


async def read(http: httpx.AsyncClient, chain: list[int], reader: int, wait: float) -> dict[str, Any]:
    """One story: when its updates came, and how many tokens had been shown by then."""
    await asyncio.sleep(wait)
    begun, shown, seen, line = perf_counter(), 0, [], ""
    beginnings = words("gpt.tell")["beginnings"]
    wish = [None, LENGTH, beginnings[reader % len(beginnings)], 0.8, 0, 0.95, reader, 0.0, 1.0, TELLER]
    well = True
    for fn, data in zip(chain, (wish, [None], [None, None])):  # begin, follow, sum up
        async for line in heard(http, f"reader{reader}", fn, data):
            new = line.count("]]\\n") if '"process_generating"' in line else 0  # the log has a line a token
            shown += new
            if new:
                seen.append((perf_counter() - begun, shown))
            if perf_counter() - begun > LONGEST:
                break
        well = well and '"success":true' in line.replace(" ", "")
    return {"seen": seen, "well": well}


async def crowd(url: str, readers: int, within: float) -> list[dict[str, Any]]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=LONGEST, limits=limits, trust_env=False) as http:
        tab, tell = await doors(http)
        for i in range(readers):  # each opens the tab and sees the opening, one after the other
            for fn, data in zip(tab, ([None], [None], [None, None])):
                [_ async for _ in heard(http, f"reader{i}", fn, data)]
        return await asyncio.gather(*(read(http, tell, i, within * i / readers) for i in range(readers)))


def summary(stories: list[dict[str, Any]]) -> dict[str, Any]:
    seen = [story["seen"] for story in stories if len(story["seen"]) > 1]
    first = [updates[0][0] for updates in seen]
    rates = [(updates[-1][1] - updates[0][1]) / (updates[-1][0] - updates[0][0]) for updates in seen]
    gaps = [after[0] - before[0] for updates in seen for before, after in pairwise(updates)]
    return {
        "well": sum(story["well"] for story in stories),
        "tokens": sum(updates[-1][1] for updates in seen),
        "first token, p50": median(first),
        "first token, p95": quantiles(first, n=20)[-1],
        "tokens/s a stream, p50": median(rates),
        "tokens/s a stream, slowest": min(rates),
        "seconds between updates, p50": median(gaps),
        "seconds between updates, p95": quantiles(gaps, n=20)[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--readers", type=int, default=30)
    parser.add_argument("--within", type=float, default=0.0, help="seconds over which they press Tell")
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    asked = parser.parse_args()
    with served(OURS) as url:
        found = summary(asyncio.run(crowd(url, asked.readers, asked.within)))
    found |= {"readers": asked.readers, "within": asked.within, "load": os.getloadavg()[0]}
    print(json.dumps(found) if asked.json else "\n".join(f"{name:30}{value:10.2f}" for name, value in found.items()))


if __name__ == "__main__":
    main()
