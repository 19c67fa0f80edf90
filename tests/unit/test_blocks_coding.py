"""Planes through the block engine: decoding gives what encoding said, at any size, on any number of threads."""

import numpy as np
import pytest

from vqcodec.blocks import picture_planes
from vqcodec.blocks.decoding.decoder import decode_planes
from vqcodec.blocks.model.initial import initial_model
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import plane_rectangle, plane_shape, tile_rectangles
from vqcodec.blocks.search.encoder import encode_planes
from vqcodec.blocks.search.modulation import superblock_steps
from vqcodec.blocks.syntax.contexts import COUNT_STARTS, FIRST_PATTERN, FORMS, PATTERN_CONTEXTS, PATTERN_SYMBOLS
from vqcodec.blocks.training import train as training
from vqcodec.blocks.training.fitting import fit_model, merge_contexts
from vqcodec.blocks.training.statistics import new_statistics
from vqcodec.carriers.threaded import ThreadCarrier
from vqcodec.errors import CodebookError, CorruptFileError, UnsupportedError, UsageError

RUNGS = [26, 40]


def scene(height, width, seed=0):
    """A luma plane with edges, a slope, texture and noise."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    plane = 60 + x * 0.8 + 25 * np.sin(y / 3.1) * (x > width / 2) + 70 * (x + y > 0.8 * width)
    return np.clip(plane + chance.normal(0, 3, plane.shape), 0, 255).astype(np.uint8)


def picture(height, width, subsampling, seed=0):
    planes = [scene(height, width, seed)]
    if subsampling != "grey":
        shape = plane_shape((height, width), 1, subsampling)
        small = planes[0][:: -(-height // shape[0]), :: -(-width // shape[1])]
        planes += [(40 + small // 2).astype(np.uint8), (220 - small // 2).astype(np.uint8)]
    return planes


@pytest.fixture(scope="module")
def model():
    pictures = [picture(64, 64, "420", seed) for seed in range(2)]
    parameters = CodingParameters(0, subsampling="420", effort=2)
    return training.train([pictures], carrier=ThreadCarrier(1), parameters=parameters, steps=RUNGS, rounds=1)


def psnr(a, b):
    return 10 * np.log10(255**2 / max(np.mean((a.astype(float) - b) ** 2), 1e-9))


@pytest.mark.parametrize("subsampling", ["grey", "444", "420", "422"])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 70), (33, 41), (64, 96)])
def test_decoding_gives_the_encoders_reconstruction(model, subsampling, height, width):
    planes = picture(height, width, subsampling)
    parameters = CodingParameters(26, subsampling=subsampling, effort=2)
    coded = encode_planes(planes, model, parameters, threads=1)
    shapes = [plane.shape for plane in planes]
    decoded = decode_planes(coded.payloads, shapes, model, coded.parameters, threads=1)
    for original, expected, result in zip(planes, coded.reconstruction, decoded):
        np.testing.assert_array_equal(result, expected)
        assert psnr(original, result) > 28
    assert sum(coded.bits.values()) == 8 * sum(map(len, coded.payloads))


@pytest.mark.parametrize("effort", [0, 5, 6, 9])
@pytest.mark.parametrize("tune", ["psnr", "ssim", "visual"])
def test_every_effort_and_tune_decodes(model, effort, tune):
    planes = picture(64, 64, "420")
    parameters = CodingParameters(34, subsampling="420", effort=effort, tune=tune)
    coded = encode_planes(planes, model, parameters, threads=1)
    shapes = [plane.shape for plane in planes]
    decoded = decode_planes(coded.payloads, shapes, model, coded.parameters, threads=2)
    assert all(np.array_equal(a, b) for a, b in zip(decoded, coded.reconstruction))


def test_threads_do_not_change_the_bytes(model):
    planes = picture(100, 200, "420")
    parameters = CodingParameters(30, subsampling="420", effort=2, tune="ssim")
    one, three = (encode_planes(planes, model, parameters, threads=n) for n in (1, 3))
    assert one.payloads == three.payloads


def test_finer_steps_cost_more_and_look_better(model):
    planes = [scene(64, 96)]
    sizes, quality = [], []
    for step in (16, 28, 40, 52):
        coded = encode_planes(planes, model, CodingParameters(step, subsampling="grey", effort=3), threads=1)
        sizes.append(len(coded.payloads[0]))
        quality.append(psnr(planes[0], coded.reconstruction[0]))
    assert sizes == sorted(sizes, reverse=True)
    assert quality == sorted(quality, reverse=True)


def test_sixteenths_keep_what_rounding_loses(model):
    exact = (scene(64, 64).astype(np.int16) << 4) + 7
    exact = np.minimum(exact, 255 << 4).astype(np.int16)
    parameters = CodingParameters(4, subsampling="grey", effort=2)
    coded = encode_planes([exact], model, parameters, threads=1)
    decoded = decode_planes(coded.payloads, [exact.shape], model, coded.parameters, dtype=np.int16)
    np.testing.assert_array_equal(decoded[0], coded.reconstruction[0])
    assert np.abs(decoded[0] - exact.astype(float)).mean() < 16 * 0.6


def test_tiles_are_independent(model, monkeypatch):
    monkeypatch.setattr(picture_planes, "TILE_MAX", 64)
    planes = picture(100, 150, "420")
    parameters = CodingParameters(36, subsampling="420", effort=1, restoration=False)
    coded = encode_planes(planes, model, parameters, threads=1)
    tiles = tile_rectangles((100, 150))
    assert len(coded.payloads) == len(tiles) == 6
    shapes = [plane.shape for plane in planes]
    some = decode_planes(coded.payloads, shapes, model, coded.parameters, tiles=[4])
    for index, plane in enumerate(some):
        part = plane_rectangle(tiles[4], (100, 150), index, "420")
        np.testing.assert_array_equal(part.of(plane), part.of(coded.reconstruction[index]))
        assert np.count_nonzero(plane) <= part.height * part.width


def test_a_wrong_number_or_length_of_payloads_is_refused(model):
    planes = [scene(64, 64)]
    coded = encode_planes(planes, model, CodingParameters(30, subsampling="grey", effort=1), threads=1)
    payload, shapes = coded.payloads[0], [(64, 64)]
    for payloads in ([], [payload, payload], [payload[: len(payload) // 2]], [payload + bytes(2)], [b""]):
        with pytest.raises(CorruptFileError):
            decode_planes(payloads, shapes, model, coded.parameters)


@pytest.mark.parametrize(
    "planes",
    [
        [],
        [np.zeros((4, 4))],
        [np.zeros((4, 4), dtype=np.uint8), np.zeros((4, 4), dtype=np.uint8)],
        [np.full((4, 4), 4081, dtype=np.int16)],
    ],
)
def test_planes_that_do_not_fit_are_refused(model, planes):
    with pytest.raises(UsageError):
        encode_planes(planes, model, CodingParameters(30, subsampling="420"))


def test_parameters_survive_their_bytes():
    for parameters in (
        CodingParameters(0),
        CodingParameters(63, chroma_step=-8, tune="ssim", subsampling="grey", restoration=False),
        CodingParameters(37, chroma_step=7, subsampling="420"),
        CodingParameters(12, copying=True),
        CodingParameters(5, tune="visual", subsampling="420", copying=True),
        CodingParameters(6, tune="visual", subsampling="grey", remembering=True),
        CodingParameters(7, subsampling="420", remembering=True, palettes=True),
        CodingParameters(8, tune="visual", copying=True, palettes=True),
        CodingParameters(9, subsampling="420", mixed=True),
        CodingParameters(10, tune="visual", palettes=True, mixed=True),
    ):
        data = parameters.to_bytes()
        assert len(data) == (3 if parameters.tune == "visual" or parameters.palettes or parameters.mixed else 2)
        assert CodingParameters.from_bytes(data + b"\xff") == (parameters, len(data))
        with pytest.raises(CorruptFileError):
            CodingParameters.from_bytes(data[:-1])
    for reserved in (b"\x80\x80", b"\x40\x20\x00", b"\x40\x20\x20", b"\x00\x20\x04"):
        with pytest.raises(UnsupportedError):
            CodingParameters.from_bytes(reserved)
    with pytest.raises(UsageError):
        CodingParameters(64)


def test_a_model_survives_its_arrays(model):
    arrays = model.to_arrays()
    again = Model.from_arrays(arrays)
    assert all(np.array_equal(again.to_arrays()[name], array) for name, array in arrays.items())
    planes = [scene(40, 40)]
    parameters = CodingParameters(30, subsampling="grey", effort=1)
    assert encode_planes(planes, again, parameters).payloads == encode_planes(planes, model, parameters).payloads


def damage(name, change):
    return lambda arrays: {**arrays, name: change(arrays[name])}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda arrays: {k: v for k, v in arrays.items() if k != "luma_rows"},
        damage("luma_rows", lambda a: a.astype(np.uint32)),
        damage("luma_rows", lambda a: np.full_like(a, 9999)),
        damage("chroma_patterns", lambda a: a[:, :255]),
        damage("chroma_patterns", lambda a: np.full_like(a, 3)),
        damage("luma_offset_sets", lambda a: np.full_like(a, 200)),
        damage("rungs", lambda a: a[::-1].copy()),
        damage("restoration", lambda a: np.full_like(a, 30000)),
    ],
)
def test_damaged_models_are_refused(model, spoil):
    with pytest.raises((CodebookError, CorruptFileError)):
        Model.from_arrays(spoil(model.to_arrays()))


def test_training_is_the_same_on_any_number_of_threads_and_resumes():
    pictures = [picture(32, 40, "420", seed) for seed in range(2)]
    parameters = CodingParameters(0, subsampling="420", effort=1)
    common = {"parameters": parameters, "steps": RUNGS}
    told, models = [], {}
    whole = training.train(
        [pictures],
        carrier=ThreadCarrier(1),
        **common,
        rounds=2,
        progress=lambda *what: told.append(what),
        finished=lambda number, model, _figures: models.update({number: model}),
    )
    assert told[-1] == ("round 2 of 2", 1.0)
    assert sorted(models) == [1, 2]
    for result in (
        training.train([[one] for one in pictures], carrier=ThreadCarrier(3), **common, rounds=2),
        training.train([pictures], carrier=ThreadCarrier(2), **common, rounds=2, resumed=(1, models[1])),
    ):
        assert all(np.array_equal(result.to_arrays()[name], array) for name, array in whole.to_arrays().items())


def test_training_pays(model):
    planes = picture(64, 64, "420", seed=9)
    parameters = CodingParameters(40, subsampling="420", effort=2)
    trained = encode_planes(planes, model, parameters)
    untrained = encode_planes(planes, initial_model(RUNGS), parameters)
    assert len(trained.payloads[0]) < 0.9 * len(untrained.payloads[0])


def test_rare_contexts_keep_the_code_lengths_of_a_parent():
    """All but those that are like the frequent one: they follow it."""
    parent = initial_model(np.array(RUNGS))
    counts = np.random.default_rng(3).permutation(PATTERN_SYMBOLS) * 100
    statistics = [[new_statistics() for _ in RUNGS] for _ in parent.planes]
    often = COUNT_STARTS[FIRST_PATTERN]
    for of_rung in statistics[0]:
        of_rung.counts[often : often + PATTERN_SYMBOLS] = counts
    fitted = fit_model(statistics, parent, parent.rungs, parent.transforms, None, of_parent=True)
    lengths, before = (
        model.planes[0].pools["patterns"].lengths[model.planes[0].rows[0, FIRST_PATTERN:]].astype(int)
        for model in (fitted, parent)
    )
    alike = np.arange(len(lengths)) % (PATTERN_CONTEXTS // FORMS) == 0
    np.testing.assert_array_equal(lengths[~alike], before[~alike])
    most, least = np.argmax(counts), np.argmin(counts)
    assert np.all(lengths[alike, most] < lengths[alike, least])


def test_merging_keeps_unlike_contexts_apart():
    counts = np.array([[90.0, 5, 5], [900, 60, 40], [5, 5, 90], [1, 1, 20], [30, 40, 30]])
    groups, centres = merge_contexts(counts, 3)
    assert groups[0] == groups[1] != groups[2] == groups[3]
    assert groups[4] not in (groups[0], groups[2])
    np.testing.assert_allclose(centres.sum(axis=0), counts.sum(axis=0))


def test_steps_follow_texture_only():
    flat = np.full((64, 96), 100 << 4, dtype=np.int16)
    assert np.all(superblock_steps(flat, 30, "ssim") == 30)
    half = flat.copy()
    half[:, 48:] += np.random.default_rng(0).integers(0, 900, (64, 48)).astype(np.int16)
    steps = superblock_steps(half, 30, "ssim")
    assert np.all(steps[:, 0] < 30)
    assert np.all(steps[:, 2] > 30)
    assert steps.min() >= 23
    assert steps.max() <= 37
    more = superblock_steps(half, 30, "visual")
    assert np.all(more[:, 0] < steps[:, 0])
    assert np.all(more[:, 2] >= steps[:, 2])
