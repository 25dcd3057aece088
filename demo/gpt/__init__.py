"""The Storyteller: the tab of the GPT, a file a room."""

import asyncio
from typing import Any

import gradio as gr

from demo import studio
from demo.gpt.mind import Mind
from demo.gpt.tell import MANY, Tell
from demo.gpt.tune import Tune
from demo.limits import whole
from demo.parts.border import spoken
from demo.spelling import name, rounded
from demo.telling import LENGTHS, TELLER, begin, wish
from demo.telling import tell as tell_on
from demo.words import words


async def tell(
    beginning: str,
    length: int = 120,
    temperature: float = 0.8,
    top_k: int = 0,
    top_p: float = 0.95,
    seed: int = 0,
    min_p: float = 0.0,
    penalty: float = 1.0,
    teller: str = TELLER,
) -> tuple[str, list[dict[str, Any]]]:
    """Goes on with a story: its whole text, and each token told with the chance the model gave it.

    Parameters:
        beginning: up to 4,000 characters; empty to let the storyteller begin
        length: 10 to 400 tokens; a story that ends sooner is not gone on with
        temperature: 0 to 2; 0 always takes the likeliest token, 1 is as learnt
        top_k: 0 to 1000; only so many of the likeliest stay in, 0 keeps all
        top_p: 0.05 to 1; the likeliest stay in until their chances add up to this
        seed: 0 to 999999; the same wish with the same seed tells the same story
        min_p: 0 to 1; cuts tokens with less than this share of the likeliest's chance
        penalty: 1 to 2; how much less likely a token gets that was there before, 1 for not at all
        teller: the shipped storyteller, or gpt2, distilgpt2 or smollm2 where the operator has brought its weights
    """
    with spoken(tell):
        want = wish(beginning, temperature, top_k, top_p, seed, min_p, penalty, teller)
        story = await asyncio.to_thread(begin, want)
        async for _ in tell_on(story, whole(length, *LENGTHS, "The length")):
            pass
        tokenizer = story.teller.tokenizer
        return story.text(), [
            {"token": name(tokenizer, guess.token), "id": guess.token, "chance": rounded(guess.chance)}
            for guess in story.guesses
        ]


def tab() -> None:
    """The tab with its rooms, and what scripts may call."""
    with gr.Tab(words("gpt")["title"], id="gpt", elem_classes=["family-gpt"]) as house:
        gr.api(tell, api_name="tell", concurrency_limit=MANY, concurrency_id="tell")
        with gr.Tabs(elem_id="gpt-rooms"):
            with gr.Tab(words("gpt.tell")["title"], id="gpt-tell"):
                Tell(house)
            with gr.Tab(words("gpt.mind")["title"], id="gpt-mind"):
                Mind()
            with gr.Tab(words("gpt.train")["title"], id="gpt-train"):
                studio.Bench("gpt")
            with gr.Tab(words("gpt.tune")["title"], id="gpt-tune"):
                Tune()
