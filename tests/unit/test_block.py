"""The block engine: indices, engine, training."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vqcodec.api.training import train_codebook
from vqcodec.entropy import bits
from vqcodec.errors import CodebookError, CorruptFileError, UnreadableInputError, UsageError
from vqcodec.image.block import engine
from vqcodec.image.block.indices import count_symbols, decode_indices, encode_indices, most_bits, select_indices
from vqcodec.image.block.layers import layers_of, reconstruct_planes, vectors_of
from vqcodec.image.codec import decode_image, encode_picture
from vqcodec.image.pixels import Picture
from vqcodec.media.target import Target
from vqcodec.vq.flat import FlatQuantizer
from vqcodec.vq.search import SearchIndex


def scene(height: int, width: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Slopes, an edge, a flat part and a little noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    plane = np.where(x * 2 > y + width, 60, 2 * y + x)
    plane = np.where(y > 0.7 * height, 200, plane + rng.integers(-6, 7, (height, width)))
    return np.clip(np.stack([plane + 25 * c for c in range(channels)], axis=2), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for number in range(3):
        Image.fromarray(scene(96, 120, seed=number)).save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def codebook(corpus):
    return train_codebook([corpus], engine="block", name="small", size=32, classes=4)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 50), (64, 64), (37, 91)])
def test_decoder_gives_the_encoders_reconstruction(codebook, channels, height, width):
    samples = scene(height, width, channels)
    encoded = encode_picture(Picture(samples), codebook=codebook, target=Target(60))
    decoded = np.atleast_3d(decode_image(encoded.data, codebook=codebook))
    assert np.array_equal(decoded, encoded.reconstruction)
    if channels in (2, 4):
        assert np.array_equal(decoded[:, :, -1], samples[:, :, -1])
    assert sum(encoded.bits_by_part.values()) == 8 * len(encoded.data)


def test_small_picture_has_at_most_sixteen_bytes_beside_its_data(codebook):
    encoded = encode_picture(Picture(scene(64, 64)), codebook=codebook)
    spent = encoded.bits_by_part
    assert len(encoded.data) - (spent["indices"] + spent["runs"] + 7) // 8 <= 16


def test_quality_trades_rate_for_distortion(codebook):
    picture = Picture(scene(120, 160))
    coded = [encode_picture(picture, codebook=codebook, target=Target(quality)) for quality in (0, 50, 100)]
    sizes, psnrs = [len(one.data) for one in coded], [one.psnr_db for one in coded]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]
    assert psnrs == sorted(psnrs)


def test_flat_picture_costs_a_fraction_of_a_bit_a_block(codebook):
    flat = np.full((256, 256, 1), 131, np.uint8)
    encoded = encode_picture(Picture(flat), codebook=codebook)
    assert 8 * len(encoded.data) < 0.3 * (256 // 4) ** 2


def test_indices_at_quality_100_are_the_nearest_codewords(codebook):
    layer = layers_of(codebook)[0]
    vectors = vectors_of([scene(40, 44, 1)[:, :, 0]], layer)
    indices = select_indices(vectors, layer, 0.0, 0)
    assert np.array_equal(indices, nearest_by_integers(vectors, layer.quantizer.codewords))


def nearest_by_integers(vectors, codewords):
    """The nearest codewords in integer arithmetic, of several the first."""
    wide = vectors.astype(int)[..., None, :] - codewords.astype(int)
    return (wide**2).sum(axis=-1).argmin(axis=-1)


@pytest.mark.parametrize("method", ["_plain_search", "_tile_search", "_box_search"])
@pytest.mark.parametrize(("low", "high"), [(0, 256), (100, 103), (0, 2)])
def test_the_search_in_floats_agrees_with_integers_on_all_uint8_data(method, low, high, monkeypatch):
    """Squared errors of uint8 vectors are below 2^53: float64 holds them all. Ties go to the lowest index in both."""
    monkeypatch.setattr(SearchIndex, "_method", lambda index, count, hinted: getattr(index, method))
    rng = np.random.default_rng(8)
    codewords = rng.integers(low, high, (70, 16), dtype=np.uint8)
    codewords[40:] = codewords[rng.integers(0, 40, 30)]  # the second of two equal codewords is never chosen
    vectors = np.concatenate([rng.integers(low, high, (300, 16), dtype=np.uint8), codewords])
    indices = FlatQuantizer(codewords).encode(vectors)
    assert np.array_equal(indices, nearest_by_integers(vectors, codewords))


def test_choice_at_quality_100_is_that_of_the_integer_costs(codebook):
    """A weight too small to matter goes through the choice in contexts, and gives the quantizer's indices."""
    layer = layers_of(codebook)[0]
    vectors = vectors_of([scene(200, 212, 1, seed=3)[:, :, 0]], layer)
    by_costs = select_indices(vectors, layer, 1 / 256, 0)  # one bit is worth less than one unit of squared error
    errors = (vectors.astype(int) - layer.quantizer.codewords[by_costs].astype(int)) ** 2
    nearest = (vectors.astype(int) - layer.quantizer.codewords[select_indices(vectors, layer, 0.0, 0)].astype(int)) ** 2
    assert np.array_equal(errors.sum(axis=2), nearest.sum(axis=2))


def test_further_passes_never_raise_the_cost(codebook):
    layer = layers_of(codebook)[0]
    vectors = vectors_of([scene(96, 120, 1, seed=5)[:, :, 0]], layer)

    def cost(passes):
        indices = select_indices(vectors, layer, 400.0, passes)
        _, end = written(indices, layer)
        error = ((vectors.astype(int) - layer.quantizer.codewords[indices].astype(int)) ** 2).sum()
        return error + 400.0 * end

    assert cost(2) <= 1.001 * cost(0)


def written(indices, layer):
    """The bits of indices that all have codes, and where these end."""
    vectors = np.zeros((*indices.shape, layer.quantizer.dimension), np.uint8)
    buffer = np.zeros(most_bits(indices.size, layer) // 8 + 1 + bits.PADDING, np.uint8)
    end, _ = encode_indices(indices.copy(), vectors, layer, buffer, 0)
    return buffer, end


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 12),
    columns=st.integers(1, 70),
    symbols=st.integers(1, 32),
    seed=st.integers(0, 2**32 - 1),
    runs=st.floats(0, 1),
)
def test_any_indices_come_back(codebook, rows, columns, symbols, seed, runs):
    layer = layers_of(codebook)[0]
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, symbols, (rows, columns)).astype(np.int32)
    indices[rng.random((rows, columns)) < runs] = layer.first
    buffer, end = written(indices, layer)
    decoded, position, _ = decode_indices(buffer, 0, rows, columns, layer)
    assert np.array_equal(decoded, indices)
    assert position == end


@pytest.mark.parametrize("length", [1, 7, 8, 9, 300, 2047, 2048, 5000])
def test_runs_of_all_lengths_come_back(codebook, length):
    layer = layers_of(codebook)[0]
    indices = np.full((2, length + 3), layer.first, np.int32)
    indices[1, length:] = (layer.first + 1) % 32
    buffer, _ = written(indices, layer)
    assert np.array_equal(decode_indices(buffer, 0, 2, length + 3, layer)[0], indices)


def test_counts_are_those_of_the_bits(codebook):
    layer = layers_of(codebook)[0]
    indices = select_indices(vectors_of([scene(96, 120, 1)[:, :, 0]], layer), layer, 0.0, 0)
    index_counts, run_counts = count_symbols(indices, layer)
    without_remainders = (index_counts * layer.index_lengths).sum() + (run_counts * layer.run_lengths).sum()
    _, end = written(indices, layer)
    assert without_remainders <= end <= without_remainders + 16 * run_counts[:, 8:].sum()


def test_reconstruction_is_a_look_up(codebook):
    layer = layers_of(codebook)[0]
    plane = reconstruct_planes(np.array([[3, 7]], np.int32), layer, 3, 8)[0]
    assert np.array_equal(plane[:, :4], layer.quantizer.codewords[3].reshape(4, 4)[:3])
    assert np.array_equal(plane[:, 4:], layer.quantizer.codewords[7].reshape(4, 4)[:3])


@pytest.mark.parametrize("change", [lambda p: p[:-2], lambda p: p + b"\0", lambda p: b""])
def test_packets_of_the_wrong_length_are_corrupt(codebook, change):
    encoded = engine.encode(scene(64, 64), codebook, 100, 0)
    with pytest.raises(CorruptFileError):
        engine.decode(encoded.header, [change(encoded.packets[0])], codebook)


def test_several_packets_are_corrupt(codebook):
    encoded = engine.encode(scene(16, 16), codebook, 100, 0)
    with pytest.raises(CorruptFileError, match="one packet"):
        engine.decode(encoded.header, encoded.packets * 2, codebook)


def test_grey_codebook_refuses_colour_and_joint_one_refuses_grey(corpus):
    grey = train_codebook([corpus], engine="block", layout="grey", size=8, classes=2)
    joint = train_codebook([corpus], engine="block", layout="joint", side=1, size=8, classes=2)
    with pytest.raises(CodebookError, match="grey pictures only"):
        engine.encode(scene(8, 8, 3), grey, 100, 0)
    with pytest.raises(CodebookError, match="colour pictures only"):
        engine.encode(scene(8, 8, 1), joint, 100, 0)
    assert engine.encode(scene(8, 8, 3), joint, 100, 0).reconstruction.shape == (8, 8, 3)


def test_training_is_deterministic_whatever_the_threads(corpus):
    books = [train_codebook([corpus], engine="block", size=16, classes=3, threads=threads) for threads in (1, 2)]
    assert books[0].to_bytes() == books[1].to_bytes()


def test_rate_distortion_rounds_lower_the_rate(corpus):
    plain = train_codebook([corpus], engine="block", size=32, classes=4, layout="grey")
    constrained = train_codebook([corpus], engine="block", size=32, classes=4, layout="grey", lambda_=8.0, rounds=3)
    rate = "bits_per_block"
    assert constrained.provenance["figures"]["luma"][rate] < plain.provenance["figures"]["luma"][rate]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 1}, "2 to 4096"),
        ({"side": 17}, "1 to 16"),
        ({"layout": "422"}, "layout"),
        ({"scales": 3}, "scales"),
        ({"colour": 1}, "has no option colour; it has size, side"),
    ],
)
def test_impossible_options_are_refused(corpus, options, message):
    with pytest.raises(UsageError, match=message):
        train_codebook([corpus], engine="block", **options)


def test_unknown_engine_and_medium_are_refused(corpus):
    with pytest.raises(UsageError, match="no engine magic"):
        train_codebook([corpus], engine="magic")
    with pytest.raises(UsageError, match="for smell"):
        train_codebook([corpus], medium="smell")


def test_too_small_a_corpus_is_refused(tmp_path):
    Image.fromarray(scene(8, 8)).save(tmp_path / "tiny.png")
    with pytest.raises(UnreadableInputError, match="fewer than 256"):
        train_codebook([tmp_path], engine="block", size=256)


def test_unreadable_files_are_left_out_and_counted(corpus, tmp_path):
    Image.fromarray(scene(64, 64)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"not a picture")
    book = train_codebook([tmp_path], engine="block", size=4, classes=2)
    assert book.provenance["corpus"]["pictures"] == 1
