"""How the house looks: one serif and one sans out of Gradio's own files, paper and ink, one accent for each family.

Most of the fonts in Gradio's wheel hold no Latin letters (Lora and Source Sans 3 among them: three glyphs of ASCII).
Whole ones are Source Sans Pro in two weights and, for a serif, the Computer Modern that comes with its formulas.
"""

from pathlib import Path

import gradio as gr
from gradio.themes.utils.fonts import LocalFont

ALWAYS = [Path(__file__).with_name(f"{name}.js") for name in ("notice", "focus", "address")]
STYLES = sorted(
    Path(__file__).parent.glob("*.css"), key=lambda file: (file.stem != "look", file.stem)
)  # look.css first
SHAPED = "U+0-21, U+23-10FFFF"  # its straight quotes are drawn as closing ones: these come from another font
ASSETS = Path(gr.__file__).parent / "templates/frontend/assets"

# name -> (light, dark); the accents are in look.css, one for each family
COLOURS = {
    "body_background_fill": ("#faf7f1", "#191715"),
    "body_text_color": ("#2b2622", "#e9e3d8"),
    "body_text_color_subdued": ("#6b6259", "#a89e91"),
    "background_fill_primary": ("#fffdf9", "#211e1b"),
    "background_fill_secondary": ("#f4efe6", "#282420"),
    "border_color_primary": ("#e2d9cb", "#3b3530"),
    "block_background_fill": ("transparent", "transparent"),
    "block_border_color": ("transparent", "transparent"),
    "block_label_background_fill": ("transparent", "transparent"),
    "block_label_text_color": ("#6b6259", "#a89e91"),
    "block_title_text_color": ("#2b2622", "#e9e3d8"),
    "block_info_text_color": ("#6b6259", "#a89e91"),
    "panel_background_fill": ("transparent", "transparent"),
    "input_background_fill": ("#fffdf9", "#211e1b"),
    "input_border_color": ("#cfc4b3", "#4d453e"),
    "input_placeholder_color": ("#857b70", "#8f867a"),
    "checkbox_background_color": ("#fffdf9", "#211e1b"),
    "checkbox_border_color": ("#a2968a", "#6f665d"),
    "checkbox_label_background_fill": ("transparent", "transparent"),
    "checkbox_label_background_fill_hover": ("transparent", "transparent"),
    "checkbox_label_background_fill_selected": ("transparent", "transparent"),
    "checkbox_label_border_color": ("transparent", "transparent"),
    "checkbox_label_text_color": ("#2b2622", "#e9e3d8"),
    "checkbox_label_text_color_selected": ("#2b2622", "#e9e3d8"),
    "button_primary_border_color": ("transparent", "transparent"),
    "button_secondary_background_fill": ("transparent", "transparent"),
    "button_secondary_background_fill_hover": ("#f0e9dd", "#2f2a26"),
    "button_secondary_text_color": ("#2b2622", "#e9e3d8"),
    "button_secondary_border_color": ("#cfc4b3", "#4d453e"),
    "error_background_fill": ("#fffdf9", "#211e1b"),
    "error_border_color": ("#b3402a", "#e0785f"),
    "error_text_color": ("#8f2f1d", "#f0a08c"),
}
SHAPES = {
    "block_border_width": "0px",
    "block_shadow": "none",
    "block_padding": "0px",
    "block_label_border_width": "0px",
    "block_label_padding": "0px",
    "block_title_text_weight": "700",
    "checkbox_shadow": "none",
    "checkbox_label_padding": "0px",
    "checkbox_label_shadow": "none",
    "input_shadow": "none",
    "input_shadow_focus": "none",
    "button_primary_shadow": "none",
    "button_secondary_shadow": "none",
    "button_transition": "background-color .15s ease",
    "form_gap_width": "0px",
    "layout_gap": "10px",
}


def theme() -> gr.themes.Base:
    """Paper by day, a dark study by night."""
    base = gr.themes.Base(
        text_size=gr.themes.sizes.text_md,
        radius_size=gr.themes.sizes.radius_sm,
        font=[
            LocalFont("Source Sans Pro", weights=(400, 700)),
            "ui-sans-serif",
            "system-ui",
            "sans-serif",
        ],
        font_mono=["ui-monospace", "monospace"],
    )
    both = {name: light for name, (light, _) in COLOURS.items()}
    both |= {f"{name}_dark": dark for name, (_, dark) in COLOURS.items()}
    return base.set(**SHAPES, **both)


def style() -> str:
    """The style sheet, with the serif's faces before it."""
    faces = (
        f'@font-face {{ font-family: "Atelier Serif"; font-weight: {weight}; font-display: swap; '
        f'unicode-range: {SHAPED}; src: url("assets/{file.name}") format("woff2"); }}\n'
        for weight, cut in ((400, "Regular"), (700, "Bold"))
        for file in ASSETS.glob(f"KaTeX_Main-{cut}-*.woff2")
    )
    return "".join(faces) + "\n".join(file.read_text(encoding="utf-8") for file in STYLES)


def head() -> str:
    """What every page runs before anything else: refusals read out, the keyboard held, addresses of rooms."""
    return "".join(f"<script>{file.read_text(encoding='utf-8')}</script>" for file in ALWAYS)
