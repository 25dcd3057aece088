"""The Forger and the Critic: the tab of the GAN, a file a room; forger, critic and field know no Gradio."""

import gradio as gr

from demo.gan import forger, forgery, players
from demo.gan.forge import Forge
from demo.gan.paint import Paint
from demo.gan.plane import Plane
from demo.gan.play import Play
from demo.gan.train import Duel
from demo.parts.border import border
from demo.words import words


def tab() -> None:
    """The tab with its rooms, and what scripts may call."""
    with gr.Tab(words("gan")["title"], id="gan", elem_classes=["family-gan"]):
        gr.api(border(forger.paint), api_name="paint")
        gr.api(border(forger.judge), api_name="judge")
        with gr.Tabs(elem_id="gan-rooms"):
            with gr.Tab(words("gan.paint")["title"], id="gan-paint"):
                Paint()
            play = None
            if players.offered():  # a house without shipped models can still train one
                with gr.Tab(words("gan.play")["title"], id="gan-play"):
                    play = Play()
            if forgery.offered():
                with gr.Tab(words("gan.forge")["title"], id="gan-forge"):
                    Forge()
            with gr.Tab(words("gan.plane")["title"], id="gan-plane"):
                Plane()
            with gr.Tab(words("gan.train")["title"], id="gan-train"):
                Duel(play)
