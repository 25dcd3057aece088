"""Collections: name -> card and loader."""

import os
from pathlib import Path
from typing import Any

from core.data.collection import Card, Pictures
from core.data.gallery import GALLERY, open_gallery
from core.data.packs import FILES, PACKS, open_pack
from core.data.text import TEXTS, Text, open_text
from core.model import Mishap

COLLECTIONS: dict[str, Card] = {**GALLERY, **PACKS, **TEXTS}


def data_folder() -> Path:
    """Where packs are looked for and put: ATELIER_DATA, or data/ where the program was started."""
    return Path(os.environ.get("ATELIER_DATA", "data"))


def open_collection(name: str, folder: Path | None = None, **text: Any) -> Pictures | Text:
    """A collection by name; `text` goes to a text collection (text, tokenizer, vocab).

    Mishap if there is none of this name, or its files are not in the folder.
    """
    folder = folder or data_folder()
    if name in GALLERY:
        return open_gallery(name)
    if name in PACKS:
        return open_pack(name, folder)
    if name in TEXTS:
        return open_text(name, folder, **text)
    raise Mishap(f"There is no collection called {name!r}: there are {', '.join(COLLECTIONS)}.")


def is_here(name: str) -> bool:
    """Whether a collection of pictures can be opened without fetching anything; nothing is read."""
    return name in GALLERY or (name in PACKS and (data_folder() / FILES[name]).is_file())
