"""Block codebooks of a structure: training, coding, decoding in part, and codebooks that do not fit."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from PIL import Image

import vqcodec
from vqcodec.api.training import train_codebook
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CodebookError, UsageError
from vqcodec.image.block.descriptor import BLOCK
from vqcodec.image.block.layers import layers_of
from vqcodec.image.block.structures import STRUCTURES, StructuredCodewords
from vqcodec.image.codec import decode_picture
from vqcodec.vq.design.methods import METHODS
from vqcodec.vq.structures.design import STRUCTURES as DESIGNS
from vqcodec.vq.structures.multistage import MultistageQuantizer


def scene(height, width, seed):
    """Waves and an edge."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = 120 + 60 * np.sin(x / chance.uniform(3, 9)) * np.cos(y / chance.uniform(3, 9))
    plane = np.where(x > y, waves, 200 - waves / 2) + chance.normal(0, 4, (height, width))
    return np.clip(np.stack([plane, plane + 20, 250 - plane], axis=2), 0, 255).astype(np.uint8)


def psnr(original, decoded):
    return 10 * np.log10(255**2 / np.square(original.astype(float) - decoded).mean())


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for number in range(3):
        Image.fromarray(scene(96, 120, number)).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def staged(corpus):
    """Codebooks whose indices have stages."""
    return {
        structure: train_codebook([corpus], engine="block", size=64, classes=3, structure=structure, name=structure)
        for structure in ("tree", "multistage")
    }


def test_the_options_name_all_that_can_be_trained():
    choices = {option.name: option.choices for option in BLOCK.training_options if hasattr(option, "choices")}
    assert set(choices["structure"]) == {*STRUCTURES} == {*DESIGNS} - {"finite-state", "predictive"}
    assert set(choices["method"]) == {*METHODS} - {"ecvq"}


@pytest.mark.parametrize("method", sorted({*METHODS} - {"ecvq"}))
def test_every_method_trains(method, corpus):
    options = {"size": 16, "classes": 2, "layout": "grey", "training_vectors": 800}
    book = train_codebook([corpus], engine="block", method=method, **options)
    assert ("LBG" if method == "lbg" else method) in book.provenance["method"]
    data = vqcodec.encode_image(scene(40, 50, 9)[:, :, 0], codebook=book, quality=100)
    assert psnr(scene(40, 50, 9)[:, :, 0], vqcodec.decode_image(data, codebook=book)) > 20


@pytest.mark.parametrize("structure", sorted(STRUCTURES))
def test_every_structure_codes(structure, corpus):
    book = train_codebook([corpus], engine="block", size=64, classes=3, structure=structure)
    picture = scene(64, 80, 9)
    data = vqcodec.encode_image(picture, codebook=book, quality=100)
    coarse = train_codebook([corpus], engine="block", size=4, classes=3)
    worse = vqcodec.decode_image(vqcodec.encode_image(picture, codebook=coarse, quality=100), codebook=coarse)
    assert psnr(picture, vqcodec.decode_image(data, codebook=book)) > psnr(picture, worse)
    again = Codebook.from_bytes(book.to_bytes())
    assert np.array_equal(vqcodec.decode_image(data, codebook=again), vqcodec.decode_image(data, codebook=book))


def test_tables_take_less_space_than_codewords(corpus):
    sizes = {
        structure: sum(
            array.nbytes
            for name, array in train_codebook(
                [corpus], engine="block", size=256, classes=1, structure=structure, layout="grey"
            ).arrays.items()
            if "length" not in name and "class" not in name
        )
        for structure in ("flat", "multistage", "product", "mean-removed")
    }
    assert max(sizes[structure] for structure in sizes if structure != "flat") < sizes["flat"] / 3


@pytest.mark.parametrize("structure", ["tree", "multistage"])
class TestStages:
    def test_each_stage_is_nearer(self, structure, staged):
        picture = scene(64, 80, 9)
        data = vqcodec.encode_image(picture, codebook=staged[structure], quality=100)
        most = max(layer.structure.stages for layer in layers_of(staged[structure]))
        found = [
            psnr(picture, decode_picture(data, codebook=staged[structure], stages=stages).samples)
            for stages in range(1, most + 1)
        ]
        assert found == sorted(found)
        assert found[-1] > found[0] + 1
        whole = decode_picture(data, codebook=staged[structure]).samples
        assert np.array_equal(decode_picture(data, codebook=staged[structure], stages=most).samples, whole)

    def test_more_than_there_are(self, structure, staged):
        data = vqcodec.encode_image(scene(16, 16, 9), codebook=staged[structure])
        with pytest.raises(UsageError, match=r"stages 30 cannot be decoded: codebook \w+ has \d stages"):
            decode_picture(data, codebook=staged[structure], stages=30)

    def test_files(self, structure, staged, tmp_path):
        Image.fromarray(scene(40, 60, 9)).save(tmp_path / "a.png")
        vqcodec.encode(tmp_path / "a.png", tmp_path / "a.vqc", codebook=staged[structure], embed_codebook=True)
        vqcodec.decode(tmp_path / "a.vqc", tmp_path / "b.png", stages=1)
        vqcodec.decode(tmp_path / "a.vqc", tmp_path / "c.png")
        vqcodec.decode(tmp_path / "a.vqc", tmp_path / "d.png", stages=1, crop=(8, 4, 20, 10))
        rough, fine, part = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in "bcd")
        assert not np.array_equal(rough, fine)
        assert np.array_equal(part, rough[4:14, 8:28])


def test_where_there_are_no_stages(corpus):
    flat = train_codebook([corpus], engine="block", size=16, classes=2)
    messages = {flat: "has no stages: only those of trees", "photo": "indices of engine image/transform have no stages"}
    for codebook, message in messages.items():
        data = vqcodec.encode_image(scene(16, 16, 9), codebook=codebook)
        with pytest.raises(UsageError, match=message):
            vqcodec.decode(data, stages=2, codebook=codebook)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 100, "structure": "product"}, "100 is no power of two from 4 on; choose 64 or 128"),
        ({"size": 3000, "structure": "multistage"}, "3000 is no power of two from 4 on; choose 2048 or 4096"),
        ({"size": 2, "structure": "product"}, "2 is no power of two from 4 on; choose 4"),
        ({"size": 8, "structure": "product", "side": 1, "layout": "grey"}, "a block of side 1 is one sample"),
    ],
)
def test_what_tables_cannot_share_is_refused_at_once(options, message, tmp_path):
    told = []
    with pytest.raises(UsageError, match=message):
        train_codebook([tmp_path], medium="image", engine="block", notice=told.append, **options)
    assert not told  # no file has been looked for: there is none


def test_blocks_that_are_all_alike(tmp_path):
    Image.fromarray(np.full((64, 64), 7, np.uint8)).save(tmp_path / "flat.png")
    book = train_codebook([tmp_path], engine="block", size=4, structure="tree", layout="grey")
    assert layers_of(book)[0].quantizer.codewords.tolist() == [[7] * 16] * 2


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("structure", np.array([9], np.uint8)),
        ("structure", np.array([1, 1], np.uint8)),
        ("structure", np.array([2], np.uint8)),
        ("nodes", np.zeros((3, 5), np.uint8)),
        ("nodes", np.zeros(16, np.uint8)),
        ("nodes", np.zeros((65_537, 16), np.uint8)),
        ("nodes", lambda nodes: nodes.astype(np.int64)),
        ("parents", np.array([-1, 5], np.int16)),
        ("parents", None),
        ("parents", lambda parents: np.roll(parents, 1)),
    ],
)
def test_structures_that_do_not_fit(change, value, staged):
    arrays = dict(staged["tree"].arrays)
    if value is None:
        del arrays[f"luma.{change}"]
    else:
        arrays[f"luma.{change}"] = value(arrays[f"luma.{change}"]) if callable(value) else value
    book = Codebook("image/block", "broken", arrays, {})
    with pytest.raises(CodebookError, match="not a usable image/block codebook"):
        layers_of(book)


def test_codewords_of_small_tables_take_little_more_than_their_own_memory():
    stages = [np.full((256, 192), value, np.uint8) for value in (20, 70)]
    tracemalloc.start()
    try:
        codewords = StructuredCodewords.of(MultistageQuantizer(stages)).codewords
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert codewords.shape == (65536, 192)
    assert (codewords == 90).all()
    assert most < 2 * codewords.nbytes


def test_no_more_codewords_than_the_format_allows(staged):
    stages = {f"luma.stage{number}": np.zeros((41, 16), np.uint8) for number in range(3)}
    arrays = {name: array for name, array in staged["multistage"].arrays.items() if "stage" not in name}
    book = Codebook("image/block", "broken", arrays | stages, {})
    with pytest.raises(CodebookError, match=r"broken is not a usable .*: 68921 codewords; at most 65536"):
        layers_of(book)
