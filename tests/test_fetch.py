"""Downloads, tried on a small server of the test's own."""

import contextlib
import functools
import gzip
import hashlib
import http.server
import socket
import struct
import threading

import numpy as np
import pytest

from core.data import fetch as fetching
from core.data.fetch import Home, Source, bitmaps_to_npz, fetch, idx_to_npz, text_to_gz
from core.data.packs import FILES, PACKS, open_pack
from core.data.text import open_text
from core.model import Mishap

rand = np.random.default_rng(0)


def pictures(n):
    """n random pictures (n, 28, 28) and labels 0, 1, ..., 9, 0, 1, ..."""
    return rand.integers(0, 256, (n, 28, 28), dtype=np.uint8), np.arange(n, dtype=np.uint8) % 10


class Server:
    """Serves `files` (path -> bytes) on 127.0.0.1. It hangs up after `cut` bytes, and notes what was asked for."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"
        self.files, self.ranges, self.cut, self.knows_ranges = {}, [], None, True

    def home(self, path, data, size=None, skip=0):
        self.files[path] = data
        taken = data[: size or len(data)]
        return Home(self.url + path, len(taken), "sha256:" + hashlib.sha256(taken[skip:]).hexdigest(), skip)


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, shop, *rest):
        self.shop = shop
        super().__init__(*rest)

    def do_GET(self):
        data = self.shop.files.get(self.path)
        if data is None:
            return self.send_error(404)
        asked = self.headers["Range"]
        self.shop.ranges.append(asked)
        start, end = map(int, asked.removeprefix("bytes=").split("-"))
        if self.shop.knows_ranges:
            data = data[start : end + 1]
        self.send_response(206 if self.shop.knows_ranges else 200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: self.shop.cut])

    def log_message(self, format, *args):
        pass


@pytest.fixture
def shop(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), lambda *rest: Handler(shop, *rest))
    shop = Server(server.server_port)
    thread = threading.Thread(target=functools.partial(server.serve_forever, poll_interval=0.01))
    thread.start()
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()


def idx(array):
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes())


def fashion(shop):
    arrays = (*pictures(50), *pictures(20))
    homes = tuple(shop.home(f"/{i}.gz", idx(array)) for i, array in enumerate(arrays))
    return Source(FILES["fashion"], homes, idx_to_npz), arrays


def test_a_good_download_is_what_open_pack_reads(tmp_path, shop):
    source, (x_train, _, x_test, _) = fashion(shop)
    told = list(fetch("fashion", tmp_path / "new", source))
    assert told == sorted(told, key=lambda now: now.done)
    assert told[-1].done == told[-1].total == sum(home.size for home in source.homes)
    assert told[-1].file == "3.gz"
    pack = open_pack("fashion", tmp_path / "new")
    assert np.array_equal(pack.parts["train"].x[:, 0].numpy(), x_train)
    assert np.array_equal(pack.parts["test"].x[:, 0].numpy(), x_test)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FILES["fashion"]], "nothing is left lying about"
    asked = len(shop.ranges)
    list(fetch("fashion", tmp_path / "new", source))
    assert len(shop.ranges) == asked, "what is there is not fetched again"


def test_doodles_take_only_the_beginning_of_each_file(tmp_path, shop):
    drawings = pictures(12)[0]
    files = [bytes(80) + drawings[i : i + 6].tobytes() for i in (0, 6)]
    homes = tuple(shop.home(f"/{i}.npy", file, size=80 + 5 * 784, skip=80) for i, file in enumerate(files))
    list(fetch("doodles", tmp_path, Source(FILES["doodles"], homes, bitmaps_to_npz)))
    assert shop.ranges == ["bytes=0-3999"] * 2
    pack = open_pack("doodles", tmp_path)
    assert np.array_equal(pack.parts["train"].x[:, 0].numpy(), np.concatenate([drawings[:5], drawings[6:11]]))
    assert pack.parts["train"].y.tolist() == [0] * 5 + [1] * 5


def test_text_arrives_as_it_is(tmp_path, shop):
    text = b"Once upon a time.\n<|endoftext|>\n" * 100
    list(fetch("stories", tmp_path, Source("stories.txt.gz", (shop.home("/s.txt", text),), text_to_gz)))
    assert gzip.decompress((tmp_path / "stories.txt.gz").read_bytes()) == text


def test_fetched_stories_can_be_learnt_from(tmp_path, shop):
    with pytest.raises(Mishap, match="python -m core fetch stories"):
        open_text("stories", tmp_path)
    text = "\n<|endoftext|>\n".join(f"Once upon a time there were {n} cats." for n in range(200)).encode()
    told = Source(fetching.SOURCES["stories"].file, (shop.home("/s.txt", text),), text_to_gz)
    list(fetch("stories", tmp_path, told))
    (part,) = open_text("stories", tmp_path, vocab=300).parts
    assert len(part.train) + len(part.test) == 200 and part.test


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_cut_download_goes_on_where_it_stopped(tmp_path, shop, knows_ranges):
    text = rand.bytes(500_000)
    source = Source("t.txt.gz", (shop.home("/t.txt", text),), text_to_gz)
    shop.cut, shop.knows_ranges = 200_000, knows_ranges
    with pytest.raises(Mishap, match="goes on there"):
        list(fetch("t", tmp_path, source))
    assert not (tmp_path / "t.txt.gz").exists()
    shop.cut = None
    assert next(iter(fetch("t", tmp_path, source))).done == 200_000
    list(fetch("t", tmp_path, source))
    assert shop.ranges[-1] == "bytes=200000-499999"
    assert gzip.decompress((tmp_path / "t.txt.gz").read_bytes()) == text


def test_a_download_can_be_stopped_and_gone_on_with(tmp_path, shop, monkeypatch):
    monkeypatch.setattr(fetching, "PIECE", 10_000)
    text = rand.bytes(100_000)
    source = Source("t.txt.gz", (shop.home("/t.txt", text),), text_to_gz)
    with contextlib.closing(fetch("t", tmp_path, source)) as now:
        while next(now).done < 30_000:
            pass
    assert next(iter(fetch("t", tmp_path, source))).done >= 30_000
    list(fetch("t", tmp_path, source))
    assert gzip.decompress((tmp_path / "t.txt.gz").read_bytes()) == text


def test_what_is_being_downloaded_is_not_downloaded_twice(tmp_path, shop, monkeypatch):
    monkeypatch.setattr(fetching, "PIECE", 10_000)
    source = Source("t.txt.gz", (shop.home("/t.txt", rand.bytes(100_000)),), text_to_gz)
    with contextlib.closing(fetch("t", tmp_path, source)) as now:
        next(now)
        with pytest.raises(Mishap, match="already"):
            list(fetch("t", tmp_path, source))
    assert list(fetch("t", tmp_path, source))[-1].done == 100_000


def test_a_wrong_checksum_is_thrown_away(tmp_path, shop):
    source, _ = fashion(shop)
    shop.files["/2.gz"] = bytes(len(shop.files["/2.gz"]))
    with pytest.raises(Mishap, match=r"2.gz did not arrive as published"):
        list(fetch("fashion", tmp_path, source))
    assert not (tmp_path / FILES["fashion"]).exists() and not (tmp_path / "fashion-2.part").exists()
    _, shop.ranges = shop.ranges, []
    shop.files["/2.gz"] = b"x" * 9_999_999
    with pytest.raises(Mishap, match=r"2.gz did not arrive as published"):
        list(fetch("fashion", tmp_path, source))
    assert len(shop.ranges) == 1, "the good files were kept"


@pytest.mark.parametrize(
    "content",
    # Without a time in them: it would be part of the tests' names, and tests in two processes must agree on those.
    [b"<html>hello</html>", gzip.compress(b"<html>", mtime=0), gzip.compress(b"\0\0\x08\3abc", mtime=0)],
)
def test_the_right_checksum_of_the_wrong_content_is_refused(tmp_path, shop, content):
    homes = tuple(shop.home(f"/{i}.gz", content) for i in range(4))
    with pytest.raises(Mishap, match="not in the format"):
        list(fetch("fashion", tmp_path, Source(FILES["fashion"], homes, idx_to_npz)))
    assert not (tmp_path / FILES["fashion"]).exists()


def test_no_network_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens here
        home = Home(f"http://127.0.0.1:{closed.getsockname()[1]}/t.txt", 10, "sha256:0")
        with pytest.raises(Mishap, match=r"127.0.0.1 cannot be reached.*gallery"):
            list(fetch("t", tmp_path, Source("t.txt.gz", (home,), text_to_gz)))


def test_a_silent_home_is_not_waited_for_long(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(fetching, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        home = Home(f"http://127.0.0.1:{silent.getsockname()[1]}/t.txt", 10, "sha256:0")
        with pytest.raises(Mishap, match="cannot be reached"):
            list(fetch("t", tmp_path, Source("t.txt.gz", (home,), text_to_gz)))


def test_a_home_without_the_file_and_a_folder_that_is_none(tmp_path, shop):
    source = Source("t.txt.gz", (Home(shop.url + "/gone.txt", 10, "sha256:0"),), text_to_gz)
    with pytest.raises(Mishap, match="404"):
        list(fetch("t", tmp_path, source))
    (tmp_path / "file").write_text("")
    with pytest.raises(Mishap, match="cannot be written"):
        list(fetch("t", tmp_path / "file" / "folder", source))
    with pytest.raises(Mishap, match="nothing to download called 'faces'"):
        list(fetch("faces", tmp_path))


def test_every_pack_has_a_pinned_home():
    assert PACKS.keys() <= fetching.SOURCES.keys()
    for name, source in fetching.SOURCES.items():
        if name in FILES:
            assert source.file == FILES[name]
        for home in source.homes:
            kind, _, digest = home.checksum.partition(":")
            assert len(digest) == hashlib.new(kind).digest_size * 2 and 0 < home.size < 40_000_000
