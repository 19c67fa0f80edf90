"""Sound files to `.vqc` files and back through the public functions: lengths, parts, targets, channels."""

from __future__ import annotations

import io
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from coded_speech import NEEDS_CODEBOOKS, QUICK, decode, encode, four_seconds, wav
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import api
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import CodebookError, LimitError, UnreadableInputError, UsageError
from vqcodec.media.registry import default_codebook
from vqcodec.reports.speech import SpeechComparison, SpeechInfo
from vqcodec.speech.codec import payload_bytes

pytestmark = NEEDS_CODEBOOKS


@pytest.fixture(scope="module")
def talk() -> np.ndarray:
    """Four seconds at 16 kHz, int16."""
    return four_seconds()


@pytest.fixture(scope="module")
def narrow(talk: np.ndarray) -> bytes:
    """The same as a file of narrowband speech."""
    return vqcodec.encode_speech(talk, 16000, band="nb", **QUICK)


@pytest.mark.parametrize("rate", [8000, 16000, 11025, 44100])
@pytest.mark.parametrize("length", [1, 2, 159, 161, 8001])
def test_any_length_at_any_rate_comes_back_whole(rate: int, length: int) -> None:
    samples = synthetic_speech(length / rate + 0.001, rate)[:length].astype(np.int16)
    data = vqcodec.encode_speech(samples, rate, band="nb", **QUICK)
    decoded, decoded_rate = vqcodec.decode_speech(data)
    assert (decoded.shape, decoded_rate, decoded.dtype) == ((length,), rate, np.int16)
    assert vqcodec.decode_speech(data, rate="codec")[0].size == -(-length * 8000 // rate)


@pytest.mark.parametrize("band", ["nb", "wb"])
def test_the_report_tells_what_the_decoder_gives(talk: np.ndarray, band: str) -> None:
    report = encode(wav(talk, 16000), band=band, quality=80)
    assert (report.engine, report.codebook.name) == (f"speech/celp-{band}", default_codebook(f"speech/celp-{band}"))
    assert (report.sample_rate, report.samples, report.channels, report.streams) == (16000, 64000, 1, 1)
    assert report.duration_s == 4.0
    assert report.kbps == pytest.approx(report.output_bytes * 8 / 4000)
    assert report.payload_kbps == pytest.approx(payload_bytes(report.data) * 8 / 4000)
    reference = wav(talk, 16000)
    comparison = api.compare(reference, report.data)
    assert isinstance(comparison, SpeechComparison)
    assert comparison.delay_samples == 0
    assert (comparison.kbps, comparison.payload_kbps) == (report.kbps, report.payload_kbps)
    coarse = api.compare(reference, encode(reference, band=band, quality=0).data)
    assert isinstance(coarse, SpeechComparison)
    assert 0.2 < comparison.lsf_distortion_db < coarse.lsf_distortion_db < 4
    assert 0 <= comparison.lsf_above_4_db <= comparison.lsf_above_2_db < coarse.lsf_above_2_db
    if band == "wb":  # at 8 kHz the reference is resampled in floating point there, and rounded here
        assert comparison.sqnr_db == pytest.approx(report.sqnr_db, abs=0.01)
    assert 0 < report.segmental_snr_db < report.sqnr_db + 10


def test_the_same_bytes_on_any_number_of_threads(talk: np.ndarray, narrow: bytes) -> None:
    assert vqcodec.encode_speech(talk, 16000, band="nb", threads=1, **QUICK) == narrow
    assert vqcodec.encode_speech(talk, 16000, band="nb", threads=2, **QUICK) == narrow


def test_bitrates_and_sizes_are_kept(talk: np.ndarray) -> None:
    sound = wav(talk[:32000], 16000)
    report = encode(sound, bitrate=5, band="nb")
    assert report.payload_kbps == pytest.approx(5, rel=0.03)
    assert report.parameters["bitrate_kbps"] == 5
    assert 800 < encode(sound, target_size=1000, band="nb").output_bytes <= 1000
    with pytest.raises(
        UsageError, match=r"x\.wav: target size 20 cannot be reached: even at its coarsest the sound takes"
    ):
        encode(sound, target_size=20)


def test_quality_rises_with_its_number(talk: np.ndarray) -> None:
    reports = [encode(wav(talk[:32000], 16000), quality=quality, band="nb") for quality in (0, 50, 100)]
    sizes = [report.output_bytes for report in reports]
    assert sizes == sorted(sizes)
    assert reports[0].weighted_segmental_snr_db < reports[2].weighted_segmental_snr_db


@pytest.mark.parametrize(
    ("asked", "band"),
    [
        ({}, "wb"),
        ({"quality": 0}, "wb"),
        ({"bitrate": 3.9}, "nb"),
        ({"bitrate": 4.1}, "wb"),
        ({"target_size": 244 + 18}, "nb"),  # 3.9 kbit/s and the container
        ({"target_size": 256 + 18}, "wb"),
        ({"bitrate": 3.9, "band": "wb"}, "wb"),
        ({"target_size": 200, "band": "wb"}, "wb"),
        ({"target_size": 800, "codebook": "speech-nb"}, "nb"),
        ({"bitrate": 7.8, "channels": "keep", "copies": 2}, "nb"),
        ({"bitrate": 8.2, "channels": "keep", "copies": 2}, "wb"),
        ({"bitrate": 12, "rate": 8000}, "nb"),
        ({"target_size": 1500, "rate": 8000}, "nb"),
    ],
)
def test_the_band_goes_by_the_sounds_rate_and_the_bits_of_a_channel(
    talk: np.ndarray, asked: dict[str, Any], band: str
) -> None:
    copies, rate = asked.get("copies", 1), asked.get("rate", 16000)
    sound = wav(np.stack([talk[: rate // 2]] * copies, axis=1), rate)
    how = {key: value for key, value in asked.items() if key not in ("copies", "rate")}
    assert encode(sound, **how).engine == f"speech/celp-{band}"


def test_a_rate_for_which_there_is_no_use_is_said(talk: np.ndarray) -> None:
    sound = wav(talk[:32000], 16000)
    assert encode(sound, bitrate=64).output_bytes >= encode(sound, quality=100).output_bytes
    silence = encode(wav(np.zeros(16000, np.int16), 16000), bitrate=6)
    assert silence.notes[0].startswith("bitrate 6 kbit/s is more than needed: at the best quality the sound takes ")
    too_little = "0.8 kbit/s is too little for this sound: it is coded coarser than at quality 0, "
    for low in (encode(sound, bitrate=0.8), encode(sound, target_size=215)):
        assert low.notes[0].startswith(too_little)
    for fine in ({"bitrate": 2.4}, {"bitrate": 12}, {"target_size": 3000}, {"quality": 0}, {"quality": 100}):
        assert encode(sound, **fine).notes == ()


def test_channels_are_mixed_with_a_word_or_kept(talk: np.ndarray) -> None:
    stereo = np.stack([talk, talk[::-1] // 2], axis=1)[:20000]
    mixed = encode(wav(stereo, 16000), band="nb")
    assert mixed.streams == 1
    assert mixed.notes == ('2 channels mixed into one; keep them with channels="keep"',)
    kept = encode(wav(stereo, 16000), band="nb", channels="keep")
    assert kept.streams == 2
    assert kept.notes == ()
    _, samples = decode(kept.data)
    for channel in range(2):
        alone = vqcodec.decode_speech(vqcodec.encode_speech(stereo[:, channel], 16000, band="nb", **QUICK))[0]
        assert np.abs(samples[:, channel].astype(int) - alone).max() <= 1
    info = api.info(kept.data)
    assert isinstance(info, SpeechInfo)
    assert (info.channels, info.samples) == (2, 20000)
    assert encode(wav(stereo, 16000), bitrate=8, band="nb", channels="keep").payload_kbps == pytest.approx(8, rel=0.05)


def test_a_part_is_the_part_of_the_whole(talk: np.ndarray) -> None:
    data = vqcodec.encode_speech(np.resize(talk[::2], 96000), 8000, **QUICK)
    for rate in ("codec", 16000, 11025):
        whole_report, whole = decode(data, rate=rate)
        for start, duration in ((0, 0.5), (9.9, 0.5), (11.25, None), (3.333, 2.0)):
            report, part = decode(data, rate=rate, start=start, duration=duration)
            first = int(start * whole_report.sample_rate)
            assert report.start_s == start
            assert np.abs(part.astype(int) - whole[first : first + len(part)]).max() <= 1
            if duration is None:
                assert first + len(part) == len(whole)
            else:
                assert len(part) == round(duration * whole_report.sample_rate)


def test_python_decodes_a_part_and_piece_by_piece(talk: np.ndarray, tmp_path: Path) -> None:
    data = vqcodec.encode_speech(talk, 16000, band="nb", **QUICK)
    (tmp_path / "talk.vqc").write_bytes(data)
    whole, rate = vqcodec.decode_speech(data)
    part, _ = vqcodec.decode_speech(data, start="0:01.5", duration=1)
    assert np.abs(part.astype(int) - whole[24000:40000]).max() <= 1
    with vqcodec.open_speech(tmp_path / "talk.vqc", start=1.5, duration="1") as reader:
        assert (reader.rate, reader.channels, reader.length) == (rate, 1, 16000)
        for _ in range(2):
            assert np.array_equal(np.concatenate(list(reader))[:, 0], part)
    with pytest.raises(UsageError, match=r"talk\.vqc: start 9 s is not within the recording"):
        vqcodec.open_speech(tmp_path / "talk.vqc", start="0:09")
    with pytest.raises(UnreadableInputError, match="no such file"):
        vqcodec.open_speech(tmp_path / "none.vqc")


def test_parts_and_rates_that_cannot_be_are_refused(narrow: bytes) -> None:
    with pytest.raises(UsageError, match=r"start 4 s is not within the recording, which lasts 4\.000 s"):
        decode(narrow, start=4)
    for wrong in ({"duration": 0}, {"duration": math.nan}, {"start": math.nan}, {"rate": "much"}, {"rate": 10}):
        with pytest.raises(UsageError):
            decode(narrow, **wrong)
    with pytest.raises(UsageError, match="crop is for pictures, and this is speech"):
        decode(narrow, crop=(0, 0, 1, 1))
    with pytest.raises(UsageError, match="names no sound format"):
        api.decode(narrow, "x.png")


def test_texts_are_kept_and_written_back(talk: np.ndarray, tmp_path: Path) -> None:
    tagged = wav(talk[:8000], 16000, title="Prompt", artist="Announcer")
    report = encode(tagged, band="nb")
    info = api.info(report.data)
    assert info["metadata"] == {"title": "Prompt", "artist": "Announcer"}
    api.decode(report.data, tmp_path / "x.flac")
    with soundfile.SoundFile(tmp_path / "x.flac") as file:
        assert (file.title, file.artist) == ("Prompt", "Announcer")
    assert api.info(encode(tagged, band="nb", strip_metadata=True).data)["metadata"] == {}


def test_a_prompt_of_a_second_spends_little_on_the_container(talk: np.ndarray) -> None:
    report = encode(wav(talk[:16000], 16000), band="nb")
    assert report.output_bytes - payload_bytes(report.data) <= 16
    assert report.bits["container"] <= 8 * 16
    whole = encode(wav(talk, 16000), band="nb")
    assert whole.output_bytes - payload_bytes(whole.data) <= 14 + 2 * (4 - 1) + 1


def test_an_embedded_codebook_needs_no_library(talk: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    report = encode(wav(talk[:8000], 16000), band="nb", embed_codebook=True)
    monkeypatch.setattr("vqcodec.codebook.library.search_path", list)
    assert decode(report.data)[0].samples == 8000
    assert api.info(report.data)["codebook"].embedded


def test_silence_constants_and_clipped_noise_are_coded() -> None:
    for samples in (
        np.zeros(8000, np.int16),
        np.full(8000, 12345, np.int16),
        np.where(np.random.default_rng(0).random(8000) < 0.5, -32768, 32767).astype(np.int16),
    ):
        data = vqcodec.encode_speech(samples, 8000, **QUICK)
        decoded = vqcodec.decode_speech(data)[0]
        assert decoded.size == 8000
        assert len(data) < 4000
    report = encode(wav(np.zeros(8000), 8000))
    assert report.sqnr_db is report.weighted_segmental_snr_db is None
    assert report.as_dict()["sqnr_db"] is None


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"quality": 50, "bitrate": 4}, UsageError, "exclude one another"),
        ({"bitrate": 0}, UsageError, "bitrate 0 "),
        ({"bitrate": math.nan}, UsageError, "bitrate nan"),
        ({"quality": 101}, UsageError, "quality 101"),
        ({"target_size": 0}, UsageError, "target size 0"),
        ({"target_psnr": 30}, UsageError, "target PSNR is for pictures"),
        ({"effort": 10}, UsageError, "effort 10"),
        ({"band": "swb"}, UsageError, "band swb is not known; choose auto, nb or wb"),
        ({"channels": "left"}, UsageError, "channels left is not known; choose mix or keep"),
        ({"tune": "ssim"}, UsageError, "speech has no option tune; it has band, channels"),
        ({"medium": "smell"}, UsageError, "medium smell is not known; choose image, speech or video"),
        ({"medium": "image"}, UnreadableInputError, "medium image was asked for, and this is speech"),
        ({"codebook": "graphic"}, UnreadableInputError, "codebook graphic is for pictures, and this is speech"),
        ({"codebook": "screen"}, UnreadableInputError, "codebook screen is for video, and this is speech"),
        ({"medium": "speech", "codebook": "photo"}, UsageError, "codebook is for image"),
        ({"band": "wb", "codebook": "speech-nb"}, UsageError, "band wb was asked for, but codebook speech-nb"),
        ({"codebook": "nonsense"}, CodebookError, "no codebook 'nonsense'"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(
    talk: np.ndarray, how: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        api.encode(wav(talk[:800], 16000), name="x.wav", **how)


def test_pictures_have_no_bitrate_and_no_seconds() -> None:
    from PIL import Image

    target = io.BytesIO()
    Image.new("L", (8, 8)).save(target, "PNG")
    with pytest.raises(UsageError, match="bitrate is for speech and video, and this is a picture"):
        api.encode(target.getvalue(), bitrate=5)
    with pytest.raises(UsageError, match="this is a picture"):
        api.decode(api.encode(target.getvalue(), codebook="classic-2x2-256").data, start=1)
    with pytest.raises(UsageError, match=r"of medium image.*of speech"):
        api.compare(target.getvalue(), wav(np.zeros(100), 8000), names=("p", "s"))


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0),
        np.zeros((2, 2, 2)),
        np.zeros((0, 2)),
        np.zeros(5, np.int64),
        np.zeros(5, np.uint32),
        np.zeros(5, bool),
        np.zeros(5, complex),
        np.array(["a"]),
        np.array([0.5, None]),
    ],
)
def test_arrays_that_are_no_sound_are_refused(samples: np.ndarray) -> None:
    with pytest.raises(UsageError, match=r"samples must be floating point, int8, .*, not "):
        vqcodec.encode_speech(samples, 8000)


@pytest.mark.parametrize("rate", [22050.5, "16000", None, True, float("nan")])
def test_rates_that_are_no_whole_numbers_are_refused(rate: Any) -> None:
    with pytest.raises(UsageError, match=r"sample rate .* choose"):
        vqcodec.encode_speech(np.zeros(100), rate)


def test_what_was_repaired_or_mixed_in_another_way_is_said_in_python(talk: np.ndarray) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vqcodec.encode_speech(np.stack([talk, talk], axis=1), 16000, effort=0)
    broken = talk.astype(np.float64) / 32768
    broken[100], broken[200] = np.nan, 2
    with pytest.warns(UserWarning, match="taken as silence|clipped") as said:
        vqcodec.encode_speech(broken, 16000, effort=0)
    assert sorted(str(one.message) for one in said) == [
        "1 NaN or infinite sample, taken as silence",
        "1 sample beyond full scale, clipped",
    ]
    with pytest.warns(UserWarning, match='since they would cancel; keep them with channels="keep"'):
        assert len(vqcodec.encode_speech(np.stack([talk, -talk], axis=1), 16000, effort=0)) > 100


def test_arrays_beyond_the_limits_are_refused() -> None:
    with pytest.raises(LimitError, match="samples a second"):
        vqcodec.encode_speech(np.zeros(10), 10)
    with pytest.raises(LimitError, match="65 channels"):
        vqcodec.encode_speech(np.zeros((10, 65)), 8000)


def test_the_wrong_codebook_is_refused(narrow: bytes) -> None:
    with pytest.raises(CodebookError):
        api.decode(narrow, codebook=load_codebook(default_codebook("speech/celp-wb")))


def test_recordings_are_compared_after_aligning(talk: np.ndarray) -> None:
    late = np.concatenate([np.zeros(321, np.int16), talk])
    comparison = api.compare(wav(talk, 16000), wav(late, 16000), names=("a", "b"))
    assert isinstance(comparison, SpeechComparison)
    assert comparison.delay_samples == 321
    assert comparison.sqnr_db == math.inf
    assert not comparison.identical
    assert "the 4.00 s were compared that both have" in comparison.notes[-1]
    same = api.compare(wav(talk, 16000), wav(talk, 16000))
    assert same.identical
    assert same.as_dict()["sqnr_db"] is None


def test_models_of_hearing_are_left_out_by_name_where_they_are_missing(
    talk: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vqcodec.metrics.perceptual.available", list)
    comparison = api.compare(wav(talk, 16000), wav((0.9 * talk).astype(np.int16), 16000))
    assert isinstance(comparison, SpeechComparison)
    assert comparison.notes == ("PESQ, STOI, ViSQOL left out: pip install 'vqcodec[metrics]'",)
    assert comparison.pesq_nb is comparison.stoi is comparison.visqol is None
    assert comparison.sqnr_db == pytest.approx(20.0, abs=0.1)
