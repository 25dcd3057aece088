"""Downloads collections from their official homes, checks them, and writes the files that core.data reads.

Every home is pinned: how many bytes are taken and their checksum. The checksums of Fashion-MNIST and MNIST are those
torchvision publishes, those of the doodles and of Shakespeare were taken from copies of the same bytes, and that of
TinyStories is the one its home shows. Python's own urllib is enough for this, so core needs no further library.
What has arrived stays in .part files, so a broken download goes on where it stopped.
"""

import gzip
import hashlib
import http.client
import io
import struct
import threading
import urllib.error
import urllib.parse
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.packs import FILES, PACKS, SIDE
from core.model import Mishap

PATIENCE = 8.0  # seconds to wait for an answer, and for each next piece of it
PIECE = 1 << 18  # bytes asked for at a time
IDX_HEADERS = {1: ">4x1I", 3: ">4x3I"}  # dimensions -> the header after which the bytes begin


class Fetched(NamedTuple):
    """How far a download is."""

    done: int  # bytes
    total: int  # bytes
    file: str


@dataclass(frozen=True)
class Home:
    """One file on the network, of which the first `size` bytes are taken."""

    url: str
    size: int
    checksum: str  # "md5:..." or "sha256:..." of those bytes after the first `skip`
    skip: int = 0


@dataclass(frozen=True)
class Source:
    """Where a collection comes from and what becomes of it."""

    file: str  # its name in the data folder
    homes: tuple[Home, ...]
    convert: Callable[[list[bytes]], bytes]  # what the homes gave, in order -> the file


_UNDER_WAY: set[Path] = set()  # files that somebody is downloading now
_LOCK = threading.Lock()


def fetch(name: str, folder: Path, source: Source | None = None) -> Iterator[Fetched]:
    """Downloads a collection into the folder; to stop, stop asking. Does nothing if it is there already.

    Mishap if there is no such collection, no network, no room, or not the published bytes at the other end.
    """
    if source is None and name not in SOURCES:
        raise Mishap(f"There is nothing to download called {name!r}: there are {', '.join(SOURCES)}.")
    source = source or SOURCES[name]
    target = folder / source.file
    with _LOCK:
        if target in _UNDER_WAY:
            raise Mishap(f"{source.file} is being downloaded already: look again in a while.")
        _UNDER_WAY.add(target)
    try:
        if target.exists():
            yield Fetched(target.stat().st_size, target.stat().st_size, source.file)
            return
        folder.mkdir(parents=True, exist_ok=True)
        parts = [folder / f"{name}-{number}.part" for number in range(len(source.homes))]
        yield from _download_all(source, parts)
        write_whole(target, _convert(source, parts))
        for part in parts:
            part.unlink()
    except OSError as error:
        raise Mishap(f"{target} cannot be written ({error.strerror or error}).") from error
    finally:
        _UNDER_WAY.discard(target)


def write_whole(path: Path, data: bytes) -> None:
    """The file is there completely or not at all, whenever the machine stops."""
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(data)
    beside.replace(path)


def _download_all(source: Source, parts: list[Path]) -> Iterator[Fetched]:
    total, before = sum(home.size for home in source.homes), 0
    for home, part in zip(source.homes, parts, strict=True):
        for have in _download(home, part):
            yield Fetched(before + have, total, _file(home))
        if _digest(home, part) != home.checksum:
            part.unlink()
            raise Mishap(f"{_file(home)} did not arrive as published (its checksum differs), so it was thrown away.")
        before += home.size


def _download(home: Home, part: Path) -> Iterator[int]:
    """How many bytes `part` holds, as they arrive; begins with those that an earlier try left there."""
    part.touch()
    have = part.stat().st_size
    yield have
    if have < home.size:
        with _ask(home, have) as answer, part.open("r+b") as file:
            have = have if answer.status == http.client.PARTIAL_CONTENT else 0  # some servers send all of it again
            file.seek(have)
            while have < home.size and (piece := _receive(home, answer, min(PIECE, home.size - have))):
                file.write(piece)
                have += len(piece)
                yield have
    if have < home.size:
        raise Mishap(f"The connection broke off in {_file(home)}: fetch it again, and it goes on there.")


def _ask(home: Home, start: int) -> http.client.HTTPResponse:
    request = urllib.request.Request(home.url, headers={"Range": f"bytes={start}-{home.size - 1}"})
    try:
        return urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        error.close()
        raise Mishap(f"{_host(home)} answers {error.code} {error.reason} when asked for {_file(home)}.") from error
    except (OSError, http.client.HTTPException) as error:
        raise Mishap(
            f"{_host(home)} cannot be reached from this machine; the gallery collections need no network."
        ) from error


def _receive(home: Home, answer: http.client.HTTPResponse, most: int) -> bytes:
    try:
        return answer.read1(most)
    except (OSError, http.client.HTTPException) as error:
        raise Mishap(f"{_host(home)} fell silent in {_file(home)}: fetch it again, and it goes on there.") from error


def _digest(home: Home, part: Path) -> str:
    kind = home.checksum.partition(":")[0]
    return f"{kind}:{hashlib.new(kind, part.read_bytes()[home.skip :]).hexdigest()}"


def _convert(source: Source, parts: list[Path]) -> bytes:
    got = [part.read_bytes()[home.skip :] for home, part in zip(source.homes, parts, strict=True)]
    try:
        return source.convert(got)
    except (ValueError, struct.error, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Mishap(f"What arrived for {source.file} is not in the format it is published in.") from error


def _file(home: Home) -> str:
    return urllib.parse.urlsplit(home.url).path.rpartition("/")[2]


def _host(home: Home) -> str:
    return urllib.parse.urlsplit(home.url).hostname or home.url


def idx_to_npz(got: list[bytes]) -> bytes:
    """Training pictures and labels, test pictures and labels, each a gzipped idx file -> the pack."""
    x_train, y_train, x_test, y_test = (from_idx(gzip.decompress(file)) for file in got)
    return _npz(x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)


def from_idx(data: bytes) -> np.ndarray:
    """The bytes of an idx file (LeCun: two zeros, the type 8 = uint8, the dimensions, their sizes) -> uint8 array."""
    if data[:3] != b"\0\0\x08" or data[3] not in IDX_HEADERS:
        raise ValueError("not an idx file of bytes")
    header = IDX_HEADERS[data[3]]
    return np.frombuffer(data, np.uint8, offset=struct.calcsize(header)).reshape(struct.unpack_from(header, data))


def bitmaps_to_npz(got: list[bytes]) -> bytes:
    """Drawings of one kind after another, 784 bytes each -> the pack."""
    kinds = [np.frombuffer(kind, np.uint8).reshape(-1, SIDE, SIDE) for kind in got]
    labels = np.repeat(np.arange(len(kinds), dtype=np.uint8), [len(kind) for kind in kinds])
    return _npz(x=np.concatenate(kinds), y=labels, names=np.array(PACKS["doodles"].labels[: len(kinds)]))


def text_to_gz(got: list[bytes]) -> bytes:
    return gzip.compress(b"".join(got), mtime=0)


def _npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # the stubs take a keyword for allow_pickle
    return file.getvalue()


def _idx_source(name: str, home: str, files: dict[str, tuple[int, str]]) -> Source:
    homes = tuple(Home(f"{home}/{file}-ubyte.gz", size, f"md5:{md5}") for file, (size, md5) in files.items())
    return Source(FILES[name], homes, idx_to_npz)


DRAWINGS = 3_800  # of each kind; a .npy file begins with a header of 80 bytes
DOODLES = {
    "airplane": "edc1d8a2da4c66fabc170aaf395764a89eb33e6e7d4c91b2c3f5282d1bf9eb7a",
    "banana": "fd77b7e442c8d6ecf336fc4f04605eead37a10fe5b64af0cab1b91321cd65239",
    "bird": "3a24b35362fb8581b60662c17607915c0b964793e6e965a3a4bb107c1c07883d",
    "book": "d8257f71a4dacbd37cacbb0faa1610a2227653caf56f1c60d83d2e454b1e10f8",
    "cat": "313a7e2738330ad0457d261d63d0879a002de36bdf7aba2b61804952614e9e5c",
    "clock": "8ac707c911689fe1c07a154c547b49cbbeef8b3fdaf04092b9ccfa40d7fbd11e",
    "dog": "f84a9cab246e1cfd096e6569e963b2c5f7c644f8fa3908c73f11b5c34a5d0313",
    "flower": "a103763b8c0cfdfe7fb648ce45f838eb26f5d453cc66f13c881696f6e0ec169e",
    "house": "959c0321488f9e7114baf14d24ffe65103c1bb9f59c4878e1ea5d290b5256e12",
    "rainbow": "ded2fd4fa7a1f9ff3a379aeaa0c4dcd03c0c8883bf95014a7e10f7dd221eef76",
}

SOURCES: dict[str, Source] = {
    "fashion": _idx_source(
        "fashion",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        {
            "train-images-idx3": (26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            "train-labels-idx1": (29_515, "25c81989df183df01b3e8a0aad5dffbe"),
            "t10k-images-idx3": (4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
            "t10k-labels-idx1": (5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
        },
    ),
    "digits": _idx_source(
        "digits",
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        {
            "train-images-idx3": (9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            "train-labels-idx1": (28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            "t10k-images-idx3": (1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
            "t10k-labels-idx1": (4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
        },
    ),
    "doodles": Source(
        FILES["doodles"],
        tuple(
            Home(
                f"https://storage.googleapis.com/quickdraw_dataset/full/numpy_bitmap/{kind}.npy",
                80 + DRAWINGS * SIDE * SIDE,
                f"sha256:{sha256}",
                skip=80,
            )
            for kind, sha256 in DOODLES.items()
        ),
        bitmaps_to_npz,
    ),
    "stories": Source(
        "tinystories_valid.txt.gz",
        (
            Home(
                "https://huggingface.co/datasets/roneneldan/TinyStories/resolve/"
                "f54c09fd23315a6f9c86f9dc80f725de7d8f9c64/TinyStories-valid.txt",
                19_447_282,
                "sha256:94e431816c4cce81ff71e4408ff8d3bda9a42e8d2663986697c3954288cb38b4",
            ),
        ),
        text_to_gz,
    ),
    "shakespeare": Source(
        "tinyshakespeare.txt.gz",
        (
            Home(
                "https://raw.githubusercontent.com/karpathy/char-rnn/"
                "6f9487a6fe5b420b7ca9afb0d7c078e37c1d1b4e/data/tinyshakespeare/input.txt",
                1_115_394,
                "sha256:86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
            ),
        ),
        text_to_gz,
    ),
}
