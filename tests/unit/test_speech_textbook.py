"""The textbook speech coders, with codebooks that took no training."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import soundfile
from synthetic_speech import synthetic_speech
from textbook_codebooks import untrained_celp, untrained_ld

from vqcodec.api.training import train_codebook
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.registry import engine_numbered
from vqcodec.errors import CodebookError, CorruptFileError, LimitError, UsageError
from vqcodec.speech.celp.recording import Recording
from vqcodec.speech.codec import encode_speech
from vqcodec.speech.engines import Settings, engine_for
from vqcodec.speech.reader import decode_speech
from vqcodec.speech.textbook.celp import codebook as celp_codebook
from vqcodec.speech.textbook.celp import engine as celp
from vqcodec.speech.textbook.celp import search as celp_search
from vqcodec.speech.textbook.celp.frame import BAND, LSF_BITS
from vqcodec.speech.textbook.concealment import conceal
from vqcodec.speech.textbook.fields import Field, Layout
from vqcodec.speech.textbook.ld_celp import codebook as ld_codebook
from vqcodec.speech.textbook.ld_celp import engine as ld_celp
from vqcodec.speech.textbook.ld_celp import search as ld_search
from vqcodec.speech.textbook.ld_celp.synthesis import SPEECH, SPEECH_REACH, VECTOR, clean_state, synthesize_cycles

RATE = 8000
SPEECH_5S = np.rint(synthetic_speech(5, RATE, seed=1)).astype(np.int16)
CODERS = {"celp": (celp, untrained_celp()), "ld": (ld_celp, untrained_ld())}
SIZES = {"celp": (240, 18, 60), "ld": (20, 5, 800)}  # samples and bytes of a unit, units of a packet

each_coder = pytest.mark.parametrize("kind", CODERS)


def shuffled(codebook: Codebook, **arrays: np.ndarray) -> Codebook:
    """`codebook` with other arrays."""
    return Codebook(codebook.engine, "other", {**codebook.arrays, **arrays})


def test_the_compact_form_can_name_every_engine() -> None:
    assert [engine_numbered(number) for number in range(10)] == [
        None,
        "image/block",
        "image/transform",
        "speech/celp-nb",
        "speech/celp-wb",
        "video/mc",
        "video/st3d",
        "speech/celp-fixed",
        "speech/ld-celp",
        None,
    ]


@pytest.mark.parametrize("module", [celp, ld_celp])
def test_rates_are_those_that_the_engines_claim(module) -> None:
    coder = module._CODER
    assert coder.layout.bits % 8 == 0
    seconds = coder.band.frame / coder.band.sample_rate
    assert coder.layout.bits / seconds / 1000 == pytest.approx(engine_for(coder.engine).kbps)


def test_a_celp_frame_has_144_bits() -> None:
    parts = celp._CODER.layout.bits_by_part(1)
    assert parts == {"levels": 6, "lsf": 34, "lags": 28, "adaptive gains": 20, "codewords": 36, "fixed gains": 20}


def test_fields_are_bits_one_after_another() -> None:
    layout = Layout([Field("a", 3), Field("b", 1), Field("a", 12)])
    values = np.array([[5, 1, 0xABC], [0, 0, 1]])
    data = layout.to_bytes(values)
    assert data == int("101" + "1" + f"{0xABC:012b}" + "000" + "0" + f"{1:012b}", 2).to_bytes(4, "big")
    assert (layout.from_bytes(data, 2, "it") == values).all()
    assert layout.bits_by_part(2) == {"a": 30, "b": 2}


def test_lags_are_those_of_the_format() -> None:
    lags = celp_codebook.tables_of(untrained_celp()).lags / 12
    assert len(lags) == 256
    assert (lags % 1 == 0).sum() == 128
    assert [lags[0], lags[56], lags[185], lags[255]] == [20, 34, 77, 147]


@each_coder
def test_sizes_are_exact_and_decoding_gives_the_reconstruction(kind: str) -> None:
    coder, book = CODERS[kind]
    unit, unit_bytes, packet = SIZES[kind]
    coded = coder.encode(SPEECH_5S, book)
    units = -(-len(SPEECH_5S) // unit)
    assert [len(data) for data in coded.packets] == [
        unit_bytes * min(packet, units - first) for first in range(0, units, packet)
    ]
    assert coded.starts == list(range(0, len(SPEECH_5S), unit * packet))
    assert sum(coded.bits.values()) == 8 * coded.size
    assert coder.count_bits(coded.header, coded.packets, book) == coded.bits
    decoded = coder.decode(coded.header, coded.packets, book)
    assert decoded.dtype == np.int16
    assert np.array_equal(decoded, coded.reconstruction)
    assert len(decoded) == len(SPEECH_5S)


@each_coder
def test_speech_is_approximated(kind: str) -> None:
    coder, book = CODERS[kind]
    coded = coder.encode(SPEECH_5S, book)
    noise = SPEECH_5S.astype(float) - coded.reconstruction
    least = {"celp": 2.0, "ld": 8.0}[kind]
    assert 10 * np.log10((SPEECH_5S.astype(float) ** 2).sum() / (noise**2).sum()) > least


@each_coder
def test_threads_do_not_show_and_progress_is_told(kind: str) -> None:
    coder, book = CODERS[kind]
    seen: list[float] = []
    one = coder.encode(SPEECH_5S, book, Settings(threads=1), seen.append)
    assert coder.encode(SPEECH_5S, book, Settings(threads=3)).packets == one.packets
    assert seen == [(n + 1) / len(one.packets) for n in range(len(one.packets))]


@each_coder
@pytest.mark.parametrize(("first", "count"), [(0, 1), (14399, 2), (14400, 16000), (39999, 1), (20000, 0)])
def test_a_part_is_the_part_of_the_whole(kind: str, first: int, count: int) -> None:
    coder, book = CODERS[kind]
    coded = coder.encode(SPEECH_5S, book)
    part = coder.decode(coded.header, coded.packets, book, first=first, count=count)
    assert np.array_equal(part, coded.reconstruction[first : first + count])


@each_coder
def test_packets_decode_alone_and_lost_ones_are_concealed(kind: str) -> None:
    coder, book = CODERS[kind]
    coded = coder.encode(SPEECH_5S, book)
    size = SIZES[kind][0] * SIZES[kind][2]
    decoded = coder.decode(coded.header, [coded.packets[0], None, *coded.packets[2:]], book)
    assert np.array_equal(
        np.delete(decoded, np.s_[size : 2 * size]), np.delete(coded.reconstruction, np.s_[size : 2 * size])
    )
    assert np.abs(decoded[size : size + 200]).max() > 0
    assert not decoded[size + 480 : 2 * size].any()
    alone = coder.decode(coded.header, [None, coded.packets[1], None], book)
    assert np.array_equal(alone[size : 2 * size], coded.reconstruction[size : 2 * size])
    assert not alone[:size].any()
    part = coder.decode(coded.header, [coded.packets[0], None, None], book, first=size + 10, count=50)
    assert np.array_equal(part, decoded[size + 10 : size + 60])


def test_a_tone_is_concealed_by_itself() -> None:
    tone = 1000 * np.sin(2 * np.pi * np.arange(1000) / 50)
    following = 1000 * np.sin(2 * np.pi * np.arange(1000, 1100) / 50)
    assert np.abs(conceal(tone, 100) - following * np.linspace(1, 0, 480)[:100]).max() < 1
    assert not conceal(tone[:300], 100).any()
    assert not conceal(None, 100).any()


@each_coder
@pytest.mark.parametrize("length", [0, 1, 19, 20, 241])
def test_short_signals(kind: str, length: int) -> None:
    coder, book = CODERS[kind]
    coded = coder.encode(SPEECH_5S[:length], book)
    assert len(coder.decode(coded.header, coded.packets, book)) == length
    assert len(coded.packets) == (length > 0)


@each_coder
@pytest.mark.parametrize("level", [0, 1, 20000, -32768])
def test_silence_and_constants(kind: str, level: int) -> None:
    """A constant is none to the ear: the input filter takes it out."""
    coder, book = CODERS[kind]
    coded = coder.encode(np.full(20000, level, np.int16), book)
    settled = np.abs(coded.reconstruction[8000:].astype(int)).max()
    assert settled <= (0 if level == 0 and kind == "celp" else 8)  # low-delay CELP has no shape of zeros


@each_coder
def test_damaged_packets_are_refused(kind: str) -> None:
    coder, book = CODERS[kind]
    coded = coder.encode(SPEECH_5S, book)
    for wrong in (b"", coded.packets[1][:-1], coded.packets[1] + b"\0"):
        for function in (coder.decode, coder.count_bits):
            with pytest.raises(CorruptFileError, match=r"packet 1 of the speech has \d+ bytes instead of \d+"):
                function(coded.header, [coded.packets[0], wrong, *coded.packets[2:]], book)
    with pytest.raises(CorruptFileError, match="2 packets of speech; 3 are expected"):
        coder.decode(coded.header, coded.packets[:2], book)
    with pytest.raises(CorruptFileError, match="4 packets of speech; 3 are expected"):
        coder.count_bits(coded.header, [*coded.packets, b""], book)
    with pytest.raises(UsageError, match="not in 0"):
        coder.decode(coded.header, coded.packets, book, first=40000, count=1)


@each_coder
@pytest.mark.parametrize(
    ("header", "error"),
    [
        (b"", CorruptFileError),
        (b"\5", CorruptFileError),
        (b"\5\0", CorruptFileError),
        (b"\5\1\0", CorruptFileError),
        (b"\5\xff\xff\x7f", CorruptFileError),
        (b"\xff\xff\xff\xff\x7f\1", LimitError),
    ],
)
def test_damaged_headers_are_refused(kind: str, header: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        CODERS[kind][0].describe(header)


@each_coder
def test_any_bytes_of_the_right_length_are_speech(kind: str) -> None:
    coder, book = CODERS[kind]
    unit, unit_bytes, _ = SIZES[kind]
    header = coder.encode(SPEECH_5S[: 60 * unit], book).header
    for seed in range(8):
        noise = np.random.default_rng(seed).integers(0, 256, 60 * unit_bytes, np.uint8).tobytes()
        assert len(coder.decode(header, [noise], book)) == 60 * unit
    for byte in (b"\0", b"\xff"):
        assert len(coder.decode(header, [60 * unit_bytes * byte], book)) == 60 * unit


@each_coder
def test_wrong_codebooks_are_refused(kind: str) -> None:
    coder, book = CODERS[kind]
    other = CODERS["ld" if kind == "celp" else "celp"][1]
    with pytest.raises(CodebookError, match=r"is for speech/.*, not for speech/"):
        coder.encode(SPEECH_5S, other)
    for name, array in book.arrays.items():
        with pytest.raises(CodebookError, match="damaged"):
            coder.encode(
                SPEECH_5S, shuffled(book, **{name: array[..., :-1] if array.size > 1 else np.zeros(2, array.dtype)})
            )
        if name not in ("adaptive_gains", "shapes", "post_filter"):
            with pytest.raises(CodebookError, match="damaged"):
                coder.encode(SPEECH_5S, shuffled(book, **{name: np.full_like(array, -5)}))


def test_lsf_indices_keep_the_order_at_least_cost() -> None:
    tables = celp_codebook.tables_of(untrained_celp())
    rng = np.random.default_rng(3)
    lsf = np.sort(rng.uniform(0.1, 3.0, (50, 10)), axis=1)
    weights = rng.uniform(0.1, 3, (50, 10))
    indices = celp_search.search_lsf(lsf, weights, tables)
    chosen = np.take_along_axis(tables.lsf[None], indices[:, :, None], axis=2)[:, :, 0]
    assert (np.diff(chosen, axis=1) >= tables.gap).all()

    def cost(levels: np.ndarray, frame: int) -> float:
        return float((weights[frame] * (lsf[frame] * 32768 / np.pi - levels) ** 2).sum())

    for frame in range(50):  # no single index, and no two neighbours, can be changed for the better
        for i, step in itertools.product(range(9), itertools.product(range(1 << LSF_BITS[0]), repeat=2)):
            changed = chosen[frame].copy()
            changed[i : i + 2] = tables.lsf[i, step[0]], tables.lsf[i + 1, step[1]]
            if (np.diff(changed) >= tables.gap).all():
                assert cost(changed, frame) >= cost(chosen[frame], frame) - 1e-6


def test_the_first_vector_of_low_delay_celp_is_the_best_of_all() -> None:
    """By trying all 1,024, with filters written out."""
    tables = ld_codebook.tables_of(untrained_ld())
    signal, weighting = Recording(SPEECH_5S[4000:4400], ld_celp.BAND, 800).weighted(0)
    indices, seen = ld_search.search_packet(signal, weighting, tables)
    gain = seen.gains[0]
    assert gain == pytest.approx(10)  # 20 dB, where every packet starts
    errors = np.empty((128, 2, 4))
    for shape, sign, magnitude in np.ndindex(errors.shape):
        excitation = (-1) ** sign * gain * tables.magnitudes[magnitude] * tables.shapes[shape]
        weighted = np.convolve(signal[:VECTOR] - excitation, weighting.filters[0])[:VECTOR]
        errors[shape, sign, magnitude] = weighted @ weighted
    assert np.unravel_index(errors.argmin(), errors.shape) == tuple(indices[0, :3])
    assert seen.errors[0] == pytest.approx(errors.min())


def test_what_celp_saw_is_the_error_of_what_it_chose() -> None:
    """The quadratic form of gains and inner products against filters written out, in the first subframe."""
    tables = celp_codebook.tables_of(untrained_celp(0))
    group = Recording(SPEECH_5S[4000:6400], BAND, 60).group(0)
    fields, seen = celp_search.search_packet(group, tables)
    speech = celp.FixedRateCelp().synthesize(fields, untrained_celp(0))
    weighted = np.convolve(group.signal[:60] - speech[:60], group.weighting.filters[0])[:60]
    assert seen.errors[0] == pytest.approx(weighted @ weighted)
    assert seen.errors[0] < seen.xx[0]
    assert seen.errors.sum() < 0.7 * seen.xx.sum()


def test_errors_of_rounding_die_away_in_low_delay_celp() -> None:
    tables = ld_codebook.tables_of(untrained_ld())
    signal, weighting = Recording(SPEECH_5S, ld_celp.BAND, 800).weighted(0)
    indices, _ = ld_search.search_packet(signal, weighting, tables)
    clean, disturbed = clean_state(800), clean_state(800)
    disturbed.memory[:] = 1e-3
    disturbed.speech[SPEECH_REACH - SPEECH.order : SPEECH_REACH] = 1e-3
    disturbed.levels[:10] += 1e-3
    for state in (clean, disturbed):
        synthesize_cycles(indices, tables, state)
    differences = np.abs(clean.speech - disturbed.speech)[SPEECH_REACH:]
    assert differences[:100].max() > 1e-5
    assert differences[-1600:].max() < 1e-2 * differences.max()


@each_coder
def test_wishes_that_cannot_be_fulfilled_are_refused(kind: str) -> None:
    book = CODERS[kind][1]
    kbps = engine_for(book.engine).kbps
    assert kbps is not None
    plain = encode_speech(SPEECH_5S[:4000], RATE, codebook=book)
    assert encode_speech(SPEECH_5S[:4000], RATE, codebook=book, bitrate=kbps) == plain
    for wish, word in (
        ({"quality": 50}, "quality"),
        ({"bitrate": kbps + 1}, "bitrate"),
        ({"target_size": 5000}, "target size"),
        ({"effort": 5}, "effort"),
    ):
        with pytest.raises(UsageError, match=rf"one way of coding, at {kbps:g} kbit/s; leave out {word}"):
            encode_speech(SPEECH_5S[:4000], RATE, codebook=book, **wish)
    stereo = np.stack([SPEECH_5S[:4000]] * 2, axis=1)
    kept = encode_speech(stereo, RATE, codebook=book, channels="keep", bitrate=2 * kbps)
    assert decode_speech(kept, codebook=book)[0].shape == (4000, 2)
    with pytest.raises(UsageError, match=r"kbit/s a channel, of which there are 2; leave out bitrate"):
        encode_speech(stereo, RATE, codebook=book, channels="keep", bitrate=kbps)
    with pytest.raises(UsageError, match=r"band wb was asked for, but codebook untrained-.* is for nb"):
        encode_speech(SPEECH_5S, RATE, codebook=book, band="wb")


@pytest.mark.parametrize("engine", ["celp-fixed", "ld-celp"])
def test_training_is_reproducible_and_pays(engine: str, tmp_path) -> None:
    for seed in range(4):
        talk = synthetic_speech(3.0, RATE, seed=seed)
        soundfile.write(tmp_path / f"{seed}.wav", talk.astype(np.int16), RATE)
    told: list[tuple[str, float]] = []

    def train(rounds: int, threads: int) -> Codebook:
        return train_codebook(
            [tmp_path],
            medium="speech",
            engine=engine,
            rounds=rounds,
            threads=threads,
            progress=lambda what, share: told.append((what, share)),
        )

    trained = train(4, 1)
    assert trained.engine == f"speech/{engine}"
    assert trained.to_bytes() == train(4, 2).to_bytes()
    assert trained.provenance["figures"]["weighted_snr_db"] > train(0, 1).provenance["figures"]["weighted_snr_db"]
    assert trained.provenance["seconds"] == 12
    assert told[0][1] == 0
    assert all(0 <= share < 1 for _, share in told)


@pytest.mark.parametrize("engine", ["celp-fixed", "ld-celp"])
def test_training_on_nothing_is_refused(engine: str, tmp_path) -> None:
    soundfile.write(tmp_path / "click.wav", np.ones(30, np.int16), RATE)
    with pytest.raises(UsageError, match="too little speech"):
        train_codebook([tmp_path], medium="speech", engine=engine)
