"""The LSF quantizer: search against brute force, quantizer against dequantizer, training against itself."""

from __future__ import annotations

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np
import pytest
from synthetic_speech import synthetic_speech
from training_tasks import kept

from vqcodec.carriers.kept import Kept
from vqcodec.codebook.codebook import Codebook
from vqcodec.entropy.tables import TableSet
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.speech.bands import NARROWBAND
from vqcodec.speech.lsf_quantizer.codebook import UNIT, LsfCodebook
from vqcodec.speech.lsf_quantizer.decoding import LsfIndices, reconstruct_lsf
from vqcodec.speech.lsf_quantizer.refit import Encoded, Refit, _solve, model_of, to_codebook
from vqcodec.speech.lsf_quantizer.search import LsfEffort, QuantizedLsf, search_lsf
from vqcodec.speech.lsf_quantizer.training import LsfDesign, train_lsf
from vqcodec.speech.signal.analysis import Analysis, analyse
from vqcodec.speech.signal.levels import frame_weights, reference_level
from vqcodec.speech.signal.lsf import SD_PER_WEIGHTED_ERROR

DESIGN = LsfDesign(sizes=(12, 8, 8), correlations=(0.8, 0.2), rounds=4, rising_rounds=2, starting_iterations=4)
LAMBDA = 0.3


@pytest.fixture(scope="module")
def recordings() -> list[Analysis]:
    return [analyse(synthetic_speech(4, 8000, seed), NARROWBAND) for seed in range(4)]


@pytest.fixture(scope="module")
def codebook(recordings: list[Analysis]) -> LsfCodebook:
    return train_lsf(analysed(recordings[:3], 1), NARROWBAND, LAMBDA, design=DESIGN, threads=1)


def analysed(analyses: list[Analysis], threads: int = 1) -> Kept:
    """What the training takes."""
    return kept([Recording(one) for one in analyses], lambda one: len(one.analysis) - 1, threads)


class Recording(NamedTuple):
    """A recording that has been analysed."""

    analysis: Analysis


def quantize(analysis: Analysis, codebook: LsfCodebook, lambda_: float = LAMBDA, **options) -> QuantizedLsf:
    return search_lsf(analysis, codebook, lambda_, reference_db=reference_level(analysis.energy_db), **options)


def cost(analysis: Analysis, found: QuantizedLsf, lambda_: float = LAMBDA) -> float:
    weights = frame_weights(analysis.energy_db, reference_level(analysis.energy_db))[:, None] * analysis.sensitivity
    distortion = SD_PER_WEIGHTED_ERROR * (weights * (analysis.lsf - found.lsf_q) ** 2).sum()
    return float(distortion + lambda_ * found.bits.sum())


def part(analysis: Analysis, first: int, end: int) -> Analysis:
    return Analysis(*(getattr(analysis, field.name)[first:end] for field in dataclasses.fields(analysis)))


def all_symbols(codebook: LsfCodebook) -> list[tuple[int, tuple[int, ...]]]:
    """Every header with every choice of stage indices."""
    return [
        (header, entries + (0,) * (codebook.stages - depth))
        for header, depth in enumerate(codebook.depths())
        for entries in itertools.product(*(range(size) for size in codebook.sizes[:depth]))
    ]


def test_search_finds_the_best_of_all_symbols_of_a_vector(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    effort = LsfEffort(paths=1, survivors=800)
    symbols = [symbol for symbol in all_symbols(codebook) if symbol[0] < codebook.coded_headers]
    for first in (10, 60, 133):
        analysis = part(recordings[3], first, first + 1)
        costs = []
        for header, entries in symbols:
            indices = LsfIndices(np.array([header], np.uint8), np.array([entries], np.uint8))
            bits = int(codebook.header_lengths[codebook.first_context, header])
            row = header // (codebook.stages + 1) * codebook.stages
            for stage in range(codebook.depths()[header]):
                bits += int(codebook.index_lengths[row + stage, entries[stage]])
            costs.append(cost(analysis, QuantizedLsf(indices, reconstruct_lsf(indices, codebook), np.array([bits]))))
        assert cost(analysis, quantize(analysis, codebook, effort=effort)) == pytest.approx(min(costs), rel=1e-5)


def test_dequantizer_gives_what_the_quantizer_says(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    found = quantize(recordings[3], codebook)
    np.testing.assert_array_equal(reconstruct_lsf(found.indices, codebook), found.lsf_q)
    assert (found.indices.headers >= codebook.coded_headers).any(), "interpolated vectors occur"
    assert len(np.unique(codebook.depths()[found.indices.headers])) > 2, "several depths occur"


def test_packets_stand_alone_but_for_the_vector_before(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    starts = [0, 31, 32, 33, 90]
    found = quantize(recordings[3], codebook, 1.0, packet_starts=starts)
    memory = None
    for first, end in itertools.pairwise([*starts, len(found.lsf_q)]):
        indices = LsfIndices(found.indices.headers[first:end], found.indices.stages[first:end])
        lsf = reconstruct_lsf(indices, codebook, memory)
        np.testing.assert_array_equal(lsf, found.lsf_q[first:end])
        assert found.indices.headers[end - 1] < codebook.coded_headers
        memory = lsf[-1]


def test_coding_goes_on_from_a_memory(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    first = quantize(part(recordings[3], 0, 80), codebook)
    second = quantize(part(recordings[3], 80, 200), codebook, memory=first.lsf_q[-1])
    np.testing.assert_array_equal(reconstruct_lsf(second.indices, codebook, first.lsf_q[-1]), second.lsf_q)


def test_bits_are_those_of_the_codes(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    found = quantize(recordings[3], codebook, packet_starts=[0, 50])
    for n, header in enumerate(found.indices.headers):
        context = codebook.first_context if n in (0, 50) else found.indices.headers[n - 1]
        bits = int(codebook.header_lengths[context, header])
        for stage in range(codebook.depths()[header]):
            row = header // (codebook.stages + 1) * codebook.stages + stage
            bits += int(codebook.index_lengths[row, found.indices.stages[n, stage]])
        assert found.bits[n] == bits


def test_the_first_vector_starts_a_packet_unsaid(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    said, unsaid = (quantize(recordings[3], codebook, packet_starts=starts) for starts in ([0, 40], [40]))
    np.testing.assert_array_equal(said.indices.headers, unsaid.indices.headers)
    np.testing.assert_array_equal(said.bits, unsaid.bits)


def test_more_effort_costs_less(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    efforts = [LsfEffort(1, 1, 1), LsfEffort(1, 8, 1), LsfEffort(4, 8, 1), LsfEffort(4, 16, 3)]
    costs = [cost(recordings[3], quantize(recordings[3], codebook, effort=effort)) for effort in efforts]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > 1.02 * costs[-1]


def test_lambda_trades_bits_for_distortion(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    fine, coarse = (quantize(recordings[3], codebook, lambda_) for lambda_ in (0.05, 2.0))
    assert fine.bits.sum() > 1.5 * coarse.bits.sum()
    assert np.abs(fine.lsf_q - recordings[3].lsf).sum() < np.abs(coarse.lsf_q - recordings[3].lsf).sum()


def test_frequencies_are_in_order_and_apart(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    lsf = quantize(recordings[3], codebook, 3.0).lsf_q
    assert np.diff(lsf, axis=1, prepend=0, append=np.pi).min() >= (codebook.gap[0] - 1.01) * UNIT


def test_interpolation_without_a_successor_repeats(codebook: LsfCodebook) -> None:
    headers = np.array([1, codebook.headers - 1, codebook.headers - 1], np.uint8)
    lsf = reconstruct_lsf(LsfIndices(headers, np.zeros((3, codebook.stages), np.uint8)), codebook)
    np.testing.assert_array_equal(lsf[1:], lsf[[0, 0]])


def test_nothing_is_quantized_to_nothing(codebook: LsfCodebook) -> None:
    empty = LsfIndices(np.zeros(0, np.uint8), np.zeros((0, codebook.stages), np.uint8))
    assert reconstruct_lsf(empty, codebook).shape == (0, codebook.order)


def test_symbols_that_do_not_exist_are_refused(codebook: LsfCodebook) -> None:
    none = np.zeros((1, codebook.stages), np.uint8)
    beyond = none.copy()
    beyond[0, 2] = 8
    with pytest.raises(CorruptFileError, match="beyond its codebook"):
        reconstruct_lsf(LsfIndices(np.array([codebook.headers], np.uint8), none), codebook)
    with pytest.raises(CorruptFileError, match="beyond its codebook"):
        reconstruct_lsf(LsfIndices(np.zeros(1, np.uint8), beyond), codebook)
    with pytest.raises(CorruptFileError, match="shape"):
        reconstruct_lsf(LsfIndices(np.zeros(2, np.uint8), none), codebook)


def test_codebook_survives_its_file(codebook: LsfCodebook) -> None:
    stored = Codebook("speech/celp-nb", "test", codebook.to_arrays("low/lsf"))
    back = LsfCodebook.from_arrays(Codebook.from_bytes(stored.to_bytes()).arrays, "low/lsf")
    assert all(
        (value == getattr(back, name)).all() for name, value in vars(codebook).items() if name in back.__match_args__
    )


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("start", lambda start: start[::-1].copy()),
        ("gap", lambda gap: gap + 4000),
        ("offsets", lambda offsets: offsets.astype(np.int64)),
        ("predictors", lambda predictors: predictors[:, :-1]),
        ("sizes", lambda sizes: sizes - sizes),
        ("codewords", lambda codewords: codewords[:, :-1]),
        ("positions", lambda positions: -1 - positions),
        ("header_lengths", lambda lengths: lengths[:-1]),
        ("index_lengths", lambda lengths: np.full_like(lengths, 4)),
    ],
)
def test_damaged_codebooks_are_refused(codebook: LsfCodebook, name: str, change) -> None:
    with pytest.raises((CodebookError, CorruptFileError)):
        dataclasses.replace(codebook, **{name: change(getattr(codebook, name))})


def test_missing_arrays_are_named(codebook: LsfCodebook) -> None:
    arrays = codebook.to_arrays()
    del arrays["lsf/gap"]
    with pytest.raises(CodebookError, match="'gap'"):
        LsfCodebook.from_arrays(arrays)


def test_training_lowers_the_cost_and_threads_do_not_matter(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    brief = dataclasses.replace(DESIGN, rounds=1)
    untrained = train_lsf(analysed(recordings[:3], 1), NARROWBAND, LAMBDA, design=brief, threads=1)
    threaded = train_lsf(analysed(recordings[:3], 3), NARROWBAND, LAMBDA, design=DESIGN, threads=3)
    assert cost(recordings[3], quantize(recordings[3], codebook)) < cost(
        recordings[3], quantize(recordings[3], untrained)
    )
    for name, array in codebook.to_arrays().items():
        np.testing.assert_array_equal(array, threaded.to_arrays()[name])


@pytest.mark.parametrize("recording_count", [0, 1])
def test_too_little_speech_to_train_on_is_refused(recordings: list[Analysis], recording_count: int) -> None:
    few = [part(recordings[0], 0, 12)] * recording_count
    with pytest.raises(UsageError, match="more recordings"):
        train_lsf(analysed(few), NARROWBAND, LAMBDA, design=DESIGN)


def test_progress_reports_falling_cost(recordings: list[Analysis]) -> None:
    design = dataclasses.replace(DESIGN, rising_rounds=1, rounds=3)
    rounds: list = []
    train_lsf(analysed(recordings[:2], 1), NARROWBAND, LAMBDA, design=design, threads=1, progress=rounds.append)
    assert [entry.number for entry in rounds] == [0, 1, 2]
    assert rounds[2].distortion + LAMBDA * rounds[2].bits < rounds[1].distortion + LAMBDA * rounds[1].bits


def test_refit_lowers_the_distortion_of_what_was_encoded(recordings: list[Analysis], codebook: LsfCodebook) -> None:
    rng = np.random.default_rng(1)
    worse = model_of(codebook)
    worse = worse._replace(codewords=worse.codewords + rng.normal(0, 0.02, worse.codewords.shape))
    lengths = codebook.header_lengths, codebook.index_lengths
    book = to_codebook(worse, codebook.sizes, 0.001, *lengths)
    groups = [part(recordings[0], n, n + 1) for n in range(200)]  # each after the same vector: no feedback
    symbols = [quantize(group, book, effort=LsfEffort(1, 4, 1)).indices for group in groups]

    def distortion(candidate: LsfCodebook) -> float:
        errors = [group.lsf - reconstruct_lsf(indices, candidate) for group, indices in zip(groups, symbols)]
        return float(sum((group.sensitivity * error**2).sum() for group, error in zip(groups, errors)))

    encoded = [
        Encoded(group.lsf, group.sensitivity, reconstruct_lsf(indices, book), indices)
        for group, indices in zip(groups, symbols)
    ]
    fit = Refit(book, 1)
    fit.add(encoded)
    better = to_codebook(fit.model(), codebook.sizes, 0.001, *lengths)
    assert distortion(better) < 0.8 * distortion(book)


def test_solver_agrees_with_lapack() -> None:
    rng = np.random.default_rng(2)
    root = rng.normal(size=(30, 40))
    matrix, vector = root @ root.T, rng.normal(size=30)
    expected = np.linalg.solve(matrix, vector)
    _solve(np.triu(matrix), vector)
    np.testing.assert_allclose(vector, expected, rtol=1e-8)


def test_every_symbol_has_a_code(codebook: LsfCodebook) -> None:
    assert (codebook.header_lengths > 0).all()
    lengths = codebook.index_lengths.reshape(codebook.classes, codebook.stages, -1)
    for stage, size in enumerate(codebook.sizes):
        assert (lengths[:, stage, :size] > 0).all()
    assert isinstance(codebook.header_tables, TableSet)
