"""Alpha by the chances of a codebook: planes come back, training finds what pays, the reference decoder agrees."""

from __future__ import annotations

import numpy as np
import pytest
import reference_decoder as reference
import reference_transform
from test_picture_memory import textured_picture

from vqcodec.blocks.training.memory_training import initial_changes, with_memory
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.codebook.memory import Memory
from vqcodec.errors import CodebookError, CorruptFileError
from vqcodec.image import alpha as exact
from vqcodec.image.alpha.chances import Chances, bits_of, chances_of, decisions_of, fitted
from vqcodec.image.alpha.decisions import ALONE, BESIDE
from vqcodec.image.transform import engine
from vqcodec.image.transform.alpha_training import with_beside
from vqcodec.image.transform.memory.items import code_item


def any_chances(seed: int) -> Chances:
    """Return chances of all sizes at random."""
    rng = np.random.default_rng(seed)
    alone, beside = (
        (rng.integers(0, 96, count) | 128 * rng.integers(0, 2, count)).astype(np.uint8) for count in (ALONE, BESIDE)
    )
    return Chances(alone, beside)


def disc(number: int, height: int = 40, width: int = 50) -> np.ndarray:
    """Return a bumpy disc, uint8 (height, width)."""
    y, x = np.mgrid[:height, :width] - np.array([18 + number % 3, 24 - number % 5])[:, None, None]
    radius = 11 + number % 4 + 2 * np.sin((3 + number % 3) * np.arctan2(y, x))
    return np.where(np.hypot(y, x) < radius, 255, 0).astype(np.uint8)


def counts_of(planes: list[np.ndarray], known: np.ndarray | None = None) -> np.ndarray:
    contexts = ALONE if known is None else BESIDE
    counts = sum(np.bincount(decisions_of(plane, known), minlength=2 * contexts) for plane in planes)
    return np.asarray(counts).reshape(contexts, 2)


@pytest.mark.parametrize("seed", range(12))
def test_planes_come_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 25, 2)
    values = (0, 255, 1, 254, 127, 128, 60) if seed % 2 else (0, 255)
    plane, known = (rng.choice(values, (height, width)).astype(np.uint8) for _ in range(2))
    for given in (None, known):
        data = any_chances(seed).encode(plane, given)
        assert np.array_equal(any_chances(seed).decode(data, height, width, given), plane)
        assert not data.endswith(b"\0")
        with pytest.raises(CorruptFileError, match="bytes follow its end"):
            any_chances(seed).decode(data + bytes(9), height, width, given)


def test_bytes_are_what_the_chances_promise() -> None:
    plane = np.random.default_rng(0).choice([0, 255, 9], (64, 64)).astype(np.uint8)
    for chances, known in ((any_chances(1), None), (any_chances(2), disc(0, 64, 64))):
        codes = chances.alone if known is None else chances.beside
        assert codes is not None
        bits = bits_of(decisions_of(plane, known), codes)
        assert len(chances.encode(plane, known)) == pytest.approx(bits / 8, rel=0.03)


def test_chances_are_read_as_the_format_says() -> None:
    codes = np.array([0, 7, 11 << 3, 128 | 11 << 3 | 7], np.uint8)
    assert chances_of(codes).tolist() == [8 << 11, 15 << 11, 8, 65536 - 15]


def test_fitted_chances_are_nearly_the_entropy() -> None:
    counts = np.zeros((ALONE, 2), np.int64)
    counts[5], counts[1024] = (900, 100), (1, 99_999)
    chance = chances_of(fitted(counts)) / 65536
    assert chance[5] == pytest.approx(0.1, rel=0.07)
    assert 1 - chance[1024] < 0.0003


def test_fitted_to_a_kind_of_plane_they_save_much() -> None:
    planes = [disc(number) for number in range(12)]
    chances = Chances(fitted(counts_of(planes[:10])), fitted(counts_of(planes[:10], disc(11))))
    alone, beside = (len(chances.encode(planes[11], known)) for known in (None, planes[11]))
    assert alone < 0.8 * len(exact.encode(planes[11]))
    assert beside < alone


@pytest.mark.parametrize(
    "arrays",
    [
        {"alpha_chances": np.zeros(ALONE, np.int8)},
        {"alpha_chances": np.zeros(ALONE + 1, np.uint8)},
        {"alpha_chances": np.full(ALONE, 12 << 3, np.uint8)},
        {"alpha_chances": np.zeros(ALONE, np.uint8), "alpha_chances_beside": np.zeros((1, BESIDE), np.uint8)},
    ],
)
def test_what_are_no_chances(arrays) -> None:
    with pytest.raises(CodebookError, match="codebook: array 'alpha_chances"):
        Chances.from_arrays(arrays)


def test_chances_survive_as_arrays() -> None:
    for chances in (any_chances(3), Chances(any_chances(3).alone)):
        again = Chances.from_arrays(chances.to_arrays())
        assert again is not None
        assert all(np.array_equal(array, again.to_arrays()[name]) for name, array in chances.to_arrays().items())
    assert Chances.from_arrays({}) is None


def test_beside_items_pay_if_these_are_like_the_pictures() -> None:
    carrier = ThreadCarrier(1)
    planes = [np.repeat(disc(number)[:, :, None], 2, axis=2) for number in range(12)]
    chances = Chances(fitted(counts_of([disc(number) for number in range(12)])))
    pairs = [tuple(handle for _, handle in carrier.keep(lambda s: (None, s), [one, one])) for one in planes]
    assert with_beside(chances, pairs, carrier, 1000.0).beside is not None
    assert with_beside(chances, pairs, carrier, 0.1).beside is None


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    """A codebook with chances of all kinds and a memory of one picture with alpha."""
    photo = load_codebook("photo")
    model = engine.model_of(photo)
    known = np.concatenate([textured_picture(0, 40, 50, 3), disc(1)[:, :, None]], axis=2)
    planes = [disc(number) for number in range(9)]
    chances = Chances(fitted(counts_of(planes)), fitted(counts_of(planes, disc(1))))
    items = [code_item(known, model, 85, effort=2, chances=chances)]
    arrays = with_memory(model, initial_changes(model)).to_arrays() | chances.to_arrays() | Memory(items).to_arrays()
    return Codebook(photo.engine, "chances", arrays, {})


@pytest.mark.parametrize(("like", "kind"), [(True, 0x7C), (False, 0x7D)])
def test_pictures_decode_in_the_reference_decoder_too(codebook, like: bool, kind: int) -> None:
    colours = textured_picture(0, 40, 50, 3) if like else textured_picture(8, 40, 50, 1)
    samples = np.concatenate([colours, disc(1 if like else 6)[:, :, None]], axis=2)
    samples[3, 3, -1] = 77
    coded = engine.encode(samples, codebook, 60, 3)
    assert coded.header[-1] == kind
    decoded = engine.decode(coded.header, coded.packets, codebook)
    assert np.array_equal(decoded, coded.reconstruction)
    assert np.array_equal(decoded[:, :, -1], samples[:, :, -1])
    arrays = reference.parse_canonical(codebook.canonical_bytes())
    assert np.array_equal(decoded, np.array(reference_transform.decode(coded.header, coded.packets, arrays)))


def test_tiles_are_coded_each_alone(codebook) -> None:
    rng = np.random.default_rng(1)
    discs = [np.roll(disc(number), rng.integers(-6, 6, 2), axis=(0, 1)) for number in range(26)]
    samples = np.repeat(np.concatenate(discs, axis=1)[:, :, None], 2, axis=2)
    coded = engine.encode(samples, codebook, 20, 0)
    assert len(coded.packets) == 2
    assert coded.header[-1] == 0x7D
    assert np.array_equal(engine.decode(coded.header, coded.packets, codebook), coded.reconstruction)


def test_a_codebook_without_chances_is_named(codebook) -> None:
    samples = np.stack([disc(6), disc(6)], axis=2)
    coded = engine.encode(samples, codebook, 50, 2, without_items=[0])
    with pytest.raises(CodebookError, match="no chances for the alpha"):
        engine.decode(coded.header, coded.packets, load_codebook("photo"))
