"""Pictures in the browser: the same pixels as in Python, the same errors, from a small module."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import make_files
import numpy as np
import pytest
from browser_decoder import CODEBOOKS, compact, outcomes, pixels
from random_transform import random_codebook
from sample import GOOD
from test_reference_transform import (
    FULL,
    GREY,
    HALF,
    parameter_bytes,
    plain_codebook,
    random_parameters,
    random_payload,
    shape_bytes,
)

import vqcodec
from vqcodec.api.training import train_codebook
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.container.compact import MAGIC as COMPACT
from vqcodec.errors import VQCodecError
from vqcodec.image import decode_image, encode_image
from vqcodec.image.block.structures import STRUCTURES
from vqcodec.image.pixels import read_picture

TESTS = Path(__file__).parents[1]
FILES = TESTS / "files"
GOLDEN = TESTS / "golden"
SHARED = sorted((FILES / GOOD).glob("codebook-*.vqcb"))
SAMPLES = make_files.samples()
PICTURES = ("photo", "graphic", "classic-4x4-256", "classic-4x4-1024", "classic-2x2-256")
MOST_BYTES = 340_000
MOST_GZIPPED = 100_000
MOST_SECONDS = 20  # each takes a few milliseconds


@pytest.fixture(scope="module")
def sample():
    """RGB and alpha, uint8 (300, 401, 4)."""
    colour = read_picture(TESTS.parent / "samples" / "kodim23.png", "sample").samples[100:400, 200:601]
    distance = np.hypot(*(np.indices(colour.shape[:2]) - 150))
    alpha = np.clip(380 - 2 * distance, 0, 255).astype(np.uint8)
    return np.concatenate([colour, alpha[:, :, None]], axis=2)


def path_of(sample):
    return FILES / sample.folder / sample.name


def check_same(decoder, files, codebooks=CODEBOOKS):
    """Each file, by name, has the given pixels."""
    for (file, samples), found in zip(files, outcomes(decoder, [file for file, _ in files], codebooks), strict=True):
        assert found.get("result") == pixels(samples), (file.name, found)


@pytest.mark.parametrize("name", ["vqcodec-pictures.wasm", "vqcodec-speech.wasm", "vqcodec-video.wasm"])
def test_the_modules_are_small_and_import_nothing(name, decoder):
    data = (decoder / name).read_bytes()
    assert data.startswith(b"\0asm")
    assert 2 not in section_numbers(data)  # that of imports
    assert len(data) <= MOST_BYTES
    assert len(gzip.compress(data, 9)) <= MOST_GZIPPED


def section_numbers(data):
    at, numbers = 8, []
    while at < len(data):
        numbers.append(data[at])
        size, shift, at = 0, 0, at + 1
        while True:
            byte, at = data[at], at + 1
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        at += size
    return numbers


def test_golden_pictures_are_the_frozen_ones(decoder):
    frozen = json.loads((GOLDEN / "hashes.json").read_text())
    found = outcomes(decoder, [GOLDEN / name for name in frozen])
    assert [one.get("result") for one in found] == list(frozen.values())


@pytest.mark.parametrize("name", PICTURES)
def test_fresh_pictures_of_each_codebook(name, decoder, sample, tmp_path):
    """At several qualities, in grey and colour, with and without alpha, of odd sizes."""
    codebook = load_codebook(name)
    rgb, grey = sample[:, :, :3], sample[:, :, 1:2]
    pictures = {
        "rgb": (rgb, 60),
        "rgb-fine": (rgb[3:70, 5:96], 97),
        "rgb-coarse": (rgb, 8),
        "rgba": (sample[:97, :131], 50),
        "grey": (grey[:, :399], 40),
        "grey-alpha": (np.concatenate([grey, sample[:, :, 3:]], axis=2)[40:141], 75),
        "one-row": (rgb[:1], 30),
        "one-column": (rgb[:, :1], 90),
    }
    files = []
    for kind, (samples, quality) in pictures.items():
        file = tmp_path / f"{kind}.vqc"
        file.write_bytes(encode_image(np.ascontiguousarray(samples), codebook=codebook, quality=quality, effort=1))
        files.append((file, decode_image(file.read_bytes())))
    check_same(decoder, files)


def test_options_of_the_transform_engine(decoder, sample, tmp_path):
    """Chroma of both sizes, modulated steps, alpha coded and exact, an embedded codebook, several tiles, metadata."""
    codebook = load_codebook("photo")
    wide = np.ascontiguousarray(np.tile(sample[:70], (1, 4, 1)))  # two tiles
    ways = {
        "444": (sample, {"chroma": "444"}),
        "420": (sample, {"chroma": "420"}),
        "psnr": (sample, {"tune": "psnr"}),
        "ssim": (sample, {"tune": "ssim"}),
        "visual": (sample, {"tune": "visual"}),
        "alpha-coded": (sample, {"alpha_quality": 30.0}),
        "embedded": (sample, {"embed_codebook": True}),
        "wide-420": (wide, {"chroma": "420", "quality": 30}),
        "wide-444": (wide[:, :, :3], {"chroma": "444", "quality": 30}),
        "tall-coded": (
            np.ascontiguousarray(wide.transpose(1, 0, 2)),
            {"alpha_quality": 20.0, "quality": 30},
        ),
    }
    files = []
    for name, (samples, options) in ways.items():
        file = tmp_path / f"{name}.vqc"
        samples = np.ascontiguousarray(samples)
        file.write_bytes(encode_image(samples, codebook=codebook, effort=1, **options))
        files.append((file, decode_image(file.read_bytes())))
    check_same(decoder, files)


@pytest.mark.parametrize("structure", sorted(STRUCTURES))
def test_codebooks_of_each_structure(structure, decoder, sample, tmp_path):
    vqcodec.encode(TESTS.parent / "samples" / "kodim23.png", tmp_path / "corpus.vqc", codebook="classic-2x2-256")
    vqcodec.decode(tmp_path / "corpus.vqc", tmp_path / "corpus.png", crop=(300, 100, 120, 96))
    options = {"side": 2, "size": 16, "classes": 2, "structure": structure}
    codebook = train_codebook([tmp_path / "corpus.png"], engine="block", **options)
    (tmp_path / "own.vqcb").write_bytes(codebook.to_bytes())
    file = tmp_path / "own.vqc"
    file.write_bytes(encode_image(np.ascontiguousarray(sample[:51, :70, :3]), codebook=codebook))
    check_same(decoder, [(file, decode_image(file.read_bytes(), codebook=codebook))], [tmp_path / "own.vqcb"])


@pytest.mark.parametrize("chroma", [FULL, HALF, GREY])
def test_random_bits_and_codebooks(chroma, decoder, tmp_path):
    """They reach every corner of the syntax."""
    files, books = [], []
    for seed in range(4):
        chance = np.random.default_rng([seed, chroma])
        codebook = random_codebook(seed, alternatives=seed % 4, even=1.0 if seed == 2 else 0.5)
        height, width = int(chance.integers(1, 51)), int(chance.integers(1, 71))
        parameters = random_parameters(chance, chroma)
        payload, _ = random_payload(chance, height, width, parameters, plain_codebook(codebook))
        header = shape_bytes(width, height, 1 if chroma == GREY else 3) + parameter_bytes(parameters)
        file, book = tmp_path / f"{seed}.vqc", tmp_path / f"{seed}.vqcb"
        file.write_bytes(compact(b"\x12", codebook, header + payload))
        book.write_bytes(codebook.to_bytes())
        files.append((file, decode_image(file.read_bytes(), codebook=codebook)))
        books.append(book)
    check_same(decoder, files, books)


def test_hand_made_pictures(decoder, monkeypatch):
    monkeypatch.setenv("VQCODEC_CODEBOOK_PATH", str(FILES / GOOD))
    right = [one for one in SAMPLES if one.found_by.startswith("image/") and not one.error]
    check_same(decoder, [(path_of(one), decode_image(path_of(one).read_bytes())) for one in right], SHARED)


def test_wrong_files_end_in_their_errors(decoder):
    wrong = [one for one in SAMPLES if one.error and one.found_by != "video"]
    assert len(wrong) > 200
    for one, found in zip(wrong, outcomes(decoder, list(map(path_of, wrong)), SHARED), strict=True):
        assert found.get("error") == one.error, (one.name, found)
        assert found["message"].isprintable()
        assert 10 < len(found["message"]) < 400
        assert found["seconds"] < MOST_SECONDS, one.name


def test_pictures_of_too_many_pixels_are_refused(decoder):
    file = GOLDEN / "transform-rgb-80.vqc"
    height, width, _ = decode_image(file.read_bytes()).shape
    assert "result" in outcomes(decoder, [file], most_pixels=height * width)[0]
    assert outcomes(decoder, [file], most_pixels=height * width - 1)[0]["error"] == "LimitError"


def test_video_is_called_so_whether_its_codebook_is_at_hand_or_not(decoder):
    videos = [path_of(one) for one in SAMPLES if one.found_by == "video" and not one.error]
    assert videos
    for found in outcomes(decoder, videos, []):
        assert (found["error"], found["message"]) == ("UnsupportedError", "this is video, not image")


def test_files_that_hold_no_picture_are_read_as_far_as_they_go(decoder):
    right = [one for one in SAMPLES if one.found_by == "container" and not one.error]
    for one, found in zip(right, outcomes(decoder, list(map(path_of, right)), SHARED, way="container"), strict=True):
        assert "result" in found, (one.name, found)
        if one.name.endswith(".vqcb"):
            codebook = Codebook.from_bytes(path_of(one).read_bytes(), find_parent=by_identity)
            assert {name: value[:2] for name, value in found["result"].items()} == {
                name: [array.dtype.name, list(array.shape)] for name, array in codebook.arrays.items()
            }


def by_identity(digest):
    books = (Codebook.from_bytes(path.read_bytes(), find_parent=by_identity) for path in SHARED)
    return next(book for book in books if book.digest == digest)


def test_damage_behind_right_checksums_ends_as_in_python(decoder, sample, tmp_path):
    """In compact files whose bytes are changed at random and whose checksum is made right again."""
    chance = np.random.default_rng(7)
    files = []
    for name in ("photo", "graphic", "classic-4x4-256"):
        codebook = load_codebook(name)
        whole = encode_image(np.ascontiguousarray(sample[:60, :70]), codebook=codebook, quality=60, effort=1)
        assert whole.startswith(COMPACT)
        for number in range(40):
            body = bytearray(whole[7:-4])
            for at in chance.integers(0, len(body), chance.integers(1, 4)):
                body[at] = chance.integers(256)
            if number % 4 == 0:
                del body[chance.integers(0, len(body)) :]
            file = tmp_path / f"{name}-{number}.vqc"
            file.write_bytes(compact(whole[2:3], codebook, body))
            files.append(file)
    failed = 0
    for file, found in zip(files, outcomes(decoder, files), strict=True):
        try:
            wanted = {"result": pixels(decode_image(file.read_bytes()))}
        except VQCodecError as error:
            wanted = {"error": type(error).__name__}
            failed += 1
        assert wanted.items() <= found.items(), (file.name, found)
    assert 10 < failed < len(files)
