"""Text collections and their tokenizer: byte-level pair encoding (Sennrich et al., arXiv:1508.07909)."""

import gzip
import hashlib
import itertools
import json
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

from core.data.collection import Card
from core.model import Batch, Mishap

END = "<|endoftext|>"  # stands before every document, so it begins one and ends the last
HELD_OUT = 50  # one document in so many is kept from training
WHOLE = 200_000_000  # characters, more than any collection has
RETOLD = Path(__file__).with_name("retold.txt.gz")  # `python -m core retell` writes it
LARGEST = 3_000_000  # characters of a text of your own: a tokenizer is made of it while you wait


def make_tokenizer(merges: list[list[str]]) -> Tokenizer:
    """A byte-level tokenizer from its merges alone, so nothing else of a stranger's file is believed.

    Ids: 0 is END, 1 to 256 the bytes, then one for each merge. Mishap if a merge joins what does not exist.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {piece: i for i, piece in enumerate([END, *alphabet])}
    try:
        for left, right in merges:
            if left not in vocab or right not in vocab or left == END or right == END:
                raise KeyError(left)
            vocab.setdefault(left + right, len(vocab))
    except (KeyError, TypeError, ValueError):
        raise Mishap("The tokenizer in this file does not fit together.") from None
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[(left, right) for left, right in merges]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def merges_of(tokenizer: Tokenizer) -> list[list[str]]:
    return [list(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]


def train_tokenizer(documents: list[str], size: int = 4096) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=[END], initial_alphabet=alphabet, show_progress=False, min_frequency=2
    )
    tokenizer.train_from_iterator(documents, trainer)
    return make_tokenizer(merges_of(tokenizer))


def held_out(document: str) -> bool:
    """The same answer for a document whatever else is in the collection."""
    return int.from_bytes(hashlib.sha256(document.encode()).digest()[:8]) % HELD_OUT == 0


@dataclass(frozen=True)
class Part:
    """One source within a collection: its documents and its share of a batch."""

    name: str
    share: float
    train: list[str]
    test: list[str]


@dataclass
class Text:
    """Documents as one row of tokens a part, END before each."""

    card: Card
    parts: list[Part]
    tokenizer: Tokenizer
    rows: dict[tuple[str, str], Tensor] = field(init=False)  # (part, split) -> (N,) int32
    starts: dict[tuple[str, str], Tensor] = field(init=False)  # where their documents begin

    def __post_init__(self):
        self.rows = {
            (part.name, split): encode(self.tokenizer, getattr(part, split))
            for part in self.parts
            for split in ("train", "test")
        }
        self.starts = {key: (row == 0).nonzero()[:, 0] for key, row in self.rows.items()}

    def facts(self) -> dict[str, int]:
        return {"vocab": self.tokenizer.get_vocab_size()}

    def batch(self, size: int, rng: torch.Generator, length: int, split: str = "train") -> Batch:
        """(size, length + 1) long: windows from anywhere, one in eight moved back to where its document begins."""
        shares = torch.tensor([part.share for part in self.parts])
        chosen = torch.multinomial(shares, size, replacement=True, generator=rng).tolist()
        windows = [self.window((self.parts[i].name, split), length, rng) for i in chosen]
        return Batch(torch.stack(windows).long())

    def window(self, key: tuple[str, str], length: int, rng: torch.Generator) -> Tensor:
        row = self.rows[key]
        if len(row) < length + 2:  # a tiny text goes round and round
            return row.repeat((length + 1) // len(row) + 1)[: length + 1]
        at, snap = torch.randint(len(row) - length, (2,), generator=rng).tolist()
        if snap % 8 == 0:
            at = int(self.starts[key][torch.searchsorted(self.starts[key], at, right=True) - 1])
        return row[at : at + length + 1]


def encode(tokenizer: Tokenizer, documents: list[str]) -> Tensor:
    ids = [[0, *e.ids] for e in tokenizer.encode_batch(documents, add_special_tokens=False)]
    return torch.tensor([i for document in ids for i in document], dtype=torch.int32)


TEXTS: dict[str, Card] = {
    "stories": Card(
        "stories",
        "Children's stories",
        "text",
        "TinyStories: CDLA-Sharing-1.0. Books: public domain in the US",
        "TinyStories (Eldan & Li 2023, arXiv:2305.07759); children's books and Andrew Lang's fairy books by GITenberg, "
        "Standard Ebooks and classic-books-markdown",
        "Short stories in small words, and old books for children.",
    ),
    "retold": Card(
        "retold",
        "Stories told by our own storyteller",
        "text",
        "CC0 1.0 (generated)",
        "Told by the shipped storyteller of this project; no person wrote them",
        "Stories a model told: always here, and as good or bad as the model.",
    ),
    "shakespeare": Card(
        "shakespeare",
        "Shakespeare",
        "text",
        "public domain",
        "Tiny Shakespeare, from Andrej Karpathy's char-rnn",
        "A million letters of Shakespeare's plays; the last tenth is held out.",
    ),
    "python": Card(
        "python",
        "Python's own source code",
        "text",
        "Python Software Foundation License",
        "The standard library of the Python that runs this page",
        "The programs that came with Python, found on this machine.",
    ),
    "own": Card(
        "own",
        "Your own text",
        "text",
        "yours",
        "Pasted or uploaded by you",
        "It stays on the machine that runs the page.",
    ),
}
SHARES = {"TinyStories": 0.3, "books": 0.7}  # of a batch of "stories"
FILES = {  # part: those of its files that are in the data folder make it up
    "TinyStories": ("tinystories_5k.txt.gz", "tinystories_more.txt.gz", "tinystories_valid.txt.gz"),
    "books": ("childrens_books.jsonl.gz", "lang_fairy_books.jsonl.gz"),
    "shakespeare": ("tinyshakespeare.txt.gz",),
}


def open_text(
    name: str,
    folder: Path,
    text: str = "",
    tokenizer: Tokenizer | None = None,
    vocab: int = 4096,
    most: int = WHOLE,
) -> Text:
    """A text collection, with the tokenizer given or one of `vocab` entries trained on it.

    `most` bounds the characters taken of each part, for a page that cannot wait for all of them.
    Mishap if the name is unknown, the files are not in folder, or a text of your own is empty or too large.
    """
    parts = read_parts(name, folder, text, most)
    return Text(TEXTS[name], parts, tokenizer or train_tokenizer([d for p in parts for d in p.train], vocab))


def read_parts(name: str, folder: Path, text: str = "", most: int = WHOLE) -> list[Part]:
    """The documents of a collection, not yet cut into tokens; Mishaps as of open_text."""
    if name not in TEXTS:
        raise Mishap(f"There is no text collection called {name!r}.")
    if name == "own":
        return [own_part(text)]
    if name == "shakespeare":
        parts = [own_part(play, name) for play in read_all(folder, name)]
    elif name == "stories":
        found = {part: first(read_all(folder, part), most) for part in SHARES}
        parts = [split_part(part, SHARES[part], documents) for part, documents in found.items() if documents]
    else:
        documents = python_sources() if name == "python" else read_documents(RETOLD)
        parts = [split_part(name, 1.0, first(documents, most))]
    if not parts:
        raise Mishap(
            f"{TEXTS[name].title}: not on this machine yet. `python -m core fetch {name}` downloads some, "
            "and 'retold' and 'python' need no files."
        )
    return parts


def whole_text(path: Path, tokenizer: Tokenizer) -> Text:
    """A text file to be measured on, all of it held out; there is no training part, so no bigram either."""
    if path.name.endswith(".gz"):
        documents = read_documents(path)
    else:
        try:
            documents = path.read_text(encoding="utf8", errors="replace").split(END)
        except OSError:
            raise Mishap(f"The file {path.name} cannot be read.") from None
    return Text(TEXTS["own"], [Part(path.name, 1.0, [], documents)], tokenizer)


def split_part(name: str, share: float, documents: list[str]) -> Part:
    return Part(name, share, [d for d in documents if not held_out(d)], [d for d in documents if held_out(d)])


def own_part(text: str, name: str = "own") -> Part:
    """The first nine tenths to learn from, the rest to be tested on."""
    text = text.strip()
    if not text:
        raise Mishap("There is no text to learn from yet: paste some, or choose a collection.")
    if len(text) > LARGEST:
        raise Mishap(f"This text has {len(text):,} characters, and {LARGEST:,} are the most that can be learnt here.")
    cut = len(text) * 9 // 10
    return Part(name, 1.0, [text[:cut] or text], [text[cut:] or text])


def read_all(folder: Path, part: str) -> list[str]:
    """The documents of those of a part's files that are there."""
    there = [folder / file for file in FILES[part] if (folder / file).is_file()]
    return [document for path in there for document in read_documents(path)]


def read_documents(path: Path) -> list[str]:
    """Documents of a .txt.gz (a line END between them) or a .jsonl.gz (those without flags)."""
    try:
        with gzip.open(path, "rt", encoding="utf8") as file:
            if path.name.endswith(".txt.gz"):
                documents = file.read().split(END)
            else:
                items = [json.loads(line) for line in file]
                documents = [item["text"] for item in items if not item.get("flags")]
    except (OSError, EOFError, ValueError, KeyError):
        raise Mishap(f"The file {path.name} is damaged: delete it and fetch it again.") from None
    return [document.strip() for document in documents if document.strip()]


def first(documents: list[str], most: int) -> list[str]:
    """The documents that begin within the first `most` characters."""
    begins = itertools.accumulate(map(len, documents), initial=0)
    return [document for document, begin in zip(documents, begins) if begin < most]


def python_sources() -> list[str]:
    """The modules of the standard library, in order of name; packages and their tests are left out."""
    documents = [
        path.read_text(encoding="utf8", errors="replace")
        for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    ]
    if not documents:
        raise Mishap("This Python came without its sources, so there is no code to learn from.")
    return documents
