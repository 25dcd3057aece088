"""Real pictures, read from files in the packs' format."""

import zipfile

import numpy as np
import pytest
import torch

from core.data.packs import FILES, open_pack
from core.model import Mishap, noise

rand = np.random.default_rng(0)


def pictures(n):
    """n random pictures (n, 28, 28) and labels 0, 1, ..., 9, 0, 1, ..."""
    return rand.integers(0, 256, (n, 28, 28), dtype=np.uint8), np.arange(n, dtype=np.uint8) % 10


def write(folder, name="fashion", **arrays):
    np.savez_compressed(folder / FILES[name], **arrays)


def write_split(folder, **changed):
    (x_train, y_train), (x_test, y_test) = pictures(50), pictures(20)
    write(folder, **{"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test, **changed})
    return x_train, x_test


def test_a_pack_gives_padded_floats_with_its_own_split(tmp_path):
    x_train, x_test = write_split(tmp_path)
    pack = open_pack("fashion", tmp_path)
    batch = pack.fixed(20)
    assert batch.x.shape == (20, 1, 32, 32) and batch.x.dtype == torch.float32 and batch.y.dtype == torch.long
    inside = ((batch.x[:, 0, 2:30, 2:30] + 1) * 127.5).round().to(torch.uint8).numpy()
    assert sorted(map(bytes, inside)) == sorted(map(bytes, x_test))
    batch.x[:, :, 2:30, 2:30] = -1
    assert (batch.x == -1).all(), "the margin is background"
    assert pack.held("train") == len(x_train)


def test_batches_come_from_the_generator_and_keep_picture_and_label_together(tmp_path):
    x_train, _ = write_split(tmp_path)
    pack = open_pack("fashion", tmp_path)
    one, same, other = (pack.batch(30, noise(0, step)) for step in (1, 1, 2))
    assert torch.equal(one.x, same.x) and torch.equal(one.y, same.y) and not torch.equal(one.x, other.x)
    label_of = {bytes(picture): i % 10 for i, picture in enumerate(x_train)}
    inside = ((one.x[:, 0, 2:30, 2:30] + 1) * 127.5).round().to(torch.uint8).numpy()
    assert [label_of[bytes(picture)] for picture in inside] == one.y.tolist()


def test_fixed_pictures_are_mixed_and_go_on_where_the_last_ended(tmp_path):
    write_split(tmp_path, x_test=pictures(200)[0], y_test=np.repeat(np.arange(10, dtype=np.uint8), 20))
    pack = open_pack("fashion", tmp_path)
    assert len(set(pack.fixed(40).y.tolist())) > 5
    assert torch.equal(pack.fixed(40).x[25:], pack.fixed(15, start=25).x)
    with pytest.raises(Mishap, match="200 test pictures"):
        pack.fixed(150, start=51)


def test_the_last_doodles_of_each_kind_are_the_test(tmp_path):
    x, y = np.zeros((7300, 28, 28), np.uint8), np.repeat(np.array([3, 4], np.uint8), [3700, 3600])
    x[:, 0, 0] = np.arange(7300) >= 3600
    write(tmp_path, "doodles", x=x, y=y, names=np.array(["a", "b"]))
    pack = open_pack("doodles", tmp_path)
    assert pack.held("train") == 7200 and pack.held("test") == 100
    test = pack.fixed(100)
    assert set(test.y.tolist()) == {3} and (test.x[:, 0, 2, 2] > -1).all()


def test_a_small_file_without_a_split_holds_out_a_tenth(tmp_path):
    x, y = pictures(200)
    write(tmp_path, "doodles", x=x, y=y)
    pack = open_pack("doodles", tmp_path)
    assert pack.held("train") == 180 and sorted(pack.fixed(20).y.tolist()) == sorted(list(range(10)) * 2)


def test_a_missing_pack_names_the_command(tmp_path):
    with pytest.raises(Mishap, match=r"python -m core fetch fashion.*gallery collections work"):
        open_pack("fashion", tmp_path)
    with pytest.raises(Mishap, match="no pack called"):
        open_pack("../secrets", tmp_path)


def damage_text(path):
    path.write_text("not a zip at all")


def damage_cut(path):
    path.write_bytes(path.read_bytes()[:-2000])


def damage_bits(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))


def damage_bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("x.npy", bytes(90_000_000))


def damage_pickle(path):
    np.savez(path, x=np.array([{"a": 1}], dtype=object), y=np.zeros(1, np.uint8))


def damage_keys(path):
    np.savez(path, colours=np.zeros(3))


@pytest.mark.parametrize("damage", [damage_text, damage_cut, damage_bits, damage_bomb, damage_pickle, damage_keys])
def test_a_damaged_pack_is_one_sentence(tmp_path, damage):
    write_split(tmp_path)
    damage(tmp_path / FILES["fashion"])
    with pytest.raises(Mishap) as mishap:
        open_pack("fashion", tmp_path)
    assert FILES["fashion"] in str(mishap.value) and str(mishap.value).endswith(".")


@pytest.mark.parametrize(
    "changed",
    [
        {"x_train": np.zeros((50, 27, 28), np.uint8)},
        {"x_test": np.zeros((20, 28, 28), np.float32)},
        {"y_train": np.zeros(49, np.uint8)},
        {"y_test": np.full(20, 10, np.uint8)},
        {"y_test": np.uint8(3)},
    ],
)
def test_arrays_of_another_shape_or_kind_are_refused(tmp_path, changed):
    write_split(tmp_path, **changed)
    with pytest.raises(Mishap):
        open_pack("fashion", tmp_path)
