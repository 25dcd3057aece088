"""What scripts may call, through gradio_client and by hand: the GAN's part; the others stand with their tabs."""

import base64
import re
from io import BytesIO
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from core.checkpoint import load, names
from core.data import open_collection
from demo.show import uri


@pytest.fixture(scope="module")
def client(url):
    return Client(url, verbose=False)


def collection():
    return names("gan")[0].removeprefix("gan-")


def png(uri):
    return Image.open(BytesIO(base64.b64decode(uri.split(",")[1])))


def test_paint_is_the_same_for_a_seed_and_in_any_number(client):
    few = client.predict(collection(), "a mix", 5, 1.0, 3, api_name="/paint")
    many = client.predict(collection(), "a mix", 5, 1.0, 5, api_name="/paint")
    other = client.predict(collection(), "a mix", 6, 1.0, 3, api_name="/paint")
    assert few == many[:3]
    assert few != other
    assert png(few[0]).size == (32, 32)


def test_boldness_zero_paints_one_picture_for_each_subject(client):
    label = labels(collection())[0]
    assert len(set(client.predict(collection(), label, 5, 0.0, 4, api_name="/paint"))) == 1


def labels(name):
    return load(f"gan-{name}").card["data"]["labels"]


def test_judge_believes_the_real_more_than_the_forged(client):
    """The gallery's pictures are always at hand, and the critic has never seen these."""
    real, known = open_collection("faces").fixed(8, start=10_000), labels("faces")
    chances = {"real": [], "forged": []}
    for i, k in enumerate(real.y.tolist()):
        forged = client.predict("faces", known[k], i, 1.0, 1, api_name="/paint")[0]
        for kind, picture in (("real", uri(real.x[i])), ("forged", forged)):
            chance, sentence = client.predict(picture, "faces", known[k], api_name="/judge")
            assert abs(int(re.search(r"(\d+) %", sentence)[1]) - 100 * chance) < 0.6
            chances[kind].append(chance)
    assert sum(chances["real"]) > sum(chances["forged"])


BAD_PAINT = {
    "unknown collection": (("nowhere", "a mix", 1, 1.0, 1), "collection must be one of"),
    "unknown subject": ((None, "unicorn", 1, 1.0, 1), "subject must be one of"),
    "boldness out of range": ((None, "a mix", 1, 1e9, 1), "Boldness must be a number from 0 to 1.5"),
    "no seed": ((None, "a mix", None, 1.0, 1), "seed must be a number"),
    "half a seed": ((None, "a mix", 0.5, 1.0, 1), "seed must be a whole number"),
    "text for a seed": ((None, "a mix", "one", 1.0, 1), "seed must be a number"),
    "a million pictures": ((None, "a mix", 1, 1.0, 10**6), "count must be a number from 1 to 64"),
    "a list for a subject": ((None, ["a mix"], 1, 1.0, 1), "subject must be one of"),
}


@pytest.mark.parametrize("name", BAD_PAINT)
def test_bad_input_gets_a_sentence(client, name):
    (first, *rest), sentence = BAD_PAINT[name]
    with pytest.raises(AppError, match=sentence):
        client.predict(collection() if first is None else first, *rest, api_name="/paint")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("place", ["seed", "boldness"])
def test_what_is_no_number_gets_a_sentence(url, number, place):
    """Sent by hand: no client writes these, and Python reads them."""
    sent = {"seed": "1", "boldness": "1"} | {place: number}
    body = f'{{"data": ["{collection()}", "a mix", {sent["seed"]}, {sent["boldness"]}, 1]}}'
    request = Request(f"{url}gradio_api/run/paint", body.encode(), {"Content-Type": "application/json"})
    with pytest.raises(HTTPError) as refused:
        urlopen(request, timeout=30)
    assert f"{place} must be a number from 0 to" in refused.value.read().decode().lower()


@pytest.mark.parametrize("picture", ["", "not base64!", "aGVsbG8=", "A" * 4_000_001, None, 7])
def test_a_picture_that_is_none_gets_a_sentence(client, picture):
    with pytest.raises(AppError, match="picture"):
        client.predict(picture, collection(), labels(collection())[0], api_name="/judge")


def test_a_huge_picture_is_refused_before_it_is_unpacked(client):
    file = BytesIO()
    Image.new("L", (9000, 9000)).save(file, "PNG")
    with pytest.raises(AppError, match="2048"):
        huge = base64.b64encode(file.getvalue()).decode()
        client.predict(huge, collection(), labels(collection())[0], api_name="/judge")
