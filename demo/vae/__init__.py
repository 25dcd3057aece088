"""Sketch and Redraw: the tab of the VAE, a file a room."""

import gradio as gr

from demo import dialing, redraw
from demo.parts.border import border
from demo.vae.compass import Compass
from demo.vae.dial import Dial
from demo.vae.map import Map
from demo.vae.morph import Morph
from demo.vae.sketch import Sketch
from demo.vae.survey import named
from demo.vae.train import Train
from demo.words import words


def tab() -> None:
    """The tab with its rooms, and what scripts may call."""
    with gr.Tab(words("vae")["title"], id="vae", elem_classes=["family-vae"]):
        gr.api(border(redraw.redraw), api_name="redraw")
        with gr.Tabs(elem_id="vae-rooms"):
            if redraw.collections():  # a house without shipped models can still train one
                with gr.Tab(words("vae.sketch")["title"], id="vae-sketch"):
                    sketch = Sketch()
            if named():
                with gr.Tab(words("vae.map")["title"], id="vae-map"):
                    Map()
                with gr.Tab(words("vae.morph")["title"], id="vae-morph"):
                    Morph()
            if dialing.offered():
                with gr.Tab(words("vae.dial")["title"], id="vae-dial"):
                    Dial()
            if named():
                with gr.Tab(words("vae.compass")["title"], id="vae-compass"):
                    Compass()
            with gr.Tab(words("vae.train")["title"], id="vae-train"):
                train = Train()
            if redraw.collections():
                train.receive(sketch.send, sketch.pad, sketch.collection)
