"""Sections of speech and video, and atlases of codebooks: what they hold is what decoding and comparing give."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from moving_pictures import write_clip
from PIL import Image
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec.codebook.library import list_codebooks, load_codebook
from vqcodec.ffmpeg import program
from vqcodec.report_page import ffmpeg_peers
from vqcodec.report_page.atlas import _envelopes, atlas_of
from vqcodec.report_page.ffmpeg_peers import SPEECH, VIDEO, decoded_speech, payload_bytes, peers_among
from vqcodec.report_page.sounds import levels, outline

pytest.importorskip("bokeh", reason="a report needs Bokeh: pip install 'vqcodec[report]'")


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    soundfile.write(path, synthetic_speech(2, 8000).astype(np.int16), 8000)
    return path


def data_of(page: bytes) -> dict:
    """Return what the script of the only section of a page reads."""
    (text,) = re.findall(r'<script type="application/json" class="data">(.*?)</script>', page.decode(), re.DOTALL)
    found: dict = json.loads(text)
    return found


def bytes_of(uri: str) -> bytes:
    return base64.b64decode(uri.partition(";base64,")[2])


def test_recordings_are_what_decoding_gives(talk: Path) -> None:
    report = vqcodec.make_report([talk], qualities=[20, 70], effort=0, peers=False)
    (shown,) = report.inputs
    sounds = [bytes_of(uri) for uri in re.findall(r'<audio [^>]*src="([^"]+)"', report.data.decode())]
    assert len(sounds) == 3
    original, rate = soundfile.read(io.BytesIO(sounds[0]), dtype="int16")
    assert rate == 8000
    assert np.array_equal(original, soundfile.read(talk, dtype="int16")[0])
    for coding, quality, sound in zip(shown.codings, (20, 70), sounds[1:]):
        made = vqcodec.encode(talk, quality=quality, effort=0, strip_metadata=True)
        decoded = vqcodec.decode(made.data, format="flac")
        assert sound == decoded.data
        assert coding.output_bytes == len(made.data)
        measured = vqcodec.compare(talk, made.data)
        assert coding.rate == measured.kbps
        assert coding.scores["sqnr_db"] == measured.sqnr_db
    assert report.data.decode().count("<svg viewBox") >= 3


def test_a_coded_recording_alone(talk: Path, tmp_path: Path) -> None:
    coded = tmp_path / "talk.vqc"
    vqcodec.encode(talk, coded, effort=0)
    report = vqcodec.make_report([coded])
    assert [coding.scores for coding in report.inputs[0].codings] == [{}]
    assert len(re.findall("<audio ", report.data.decode())) == 1


def test_a_tone_is_where_it_belongs_in_a_spectrogram() -> None:
    rate, length = 8000, 8000
    tone = (8000 * np.sin(2 * np.pi * 1000 * np.arange(length) / rate)).astype(np.int16)
    tone[: length // 2] = 0
    found = levels(tone, rate, length, 4000)
    assert np.argmax(found[:, 3 * found.shape[1] // 4]) == round(1000 / 4000 * (found.shape[0] - 1))
    assert found[:, found.shape[1] // 4].max() < found.max() - 60
    path = outline(tone, length, 8000)
    heights = [float(point.split()[1]) for point in re.split("[ML]", path.rstrip("Z")) if point]
    assert min(heights) == pytest.approx(-1, abs=0.02)
    assert max(heights) == pytest.approx(1, abs=0.02)


def test_clips_and_blocks_of_a_video(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    write_clip(clip, 10, 64, 96)
    report = vqcodec.make_report([clip], qualities=[40], effort=0, peers=False)
    (coding,) = report.inputs[0].codings
    made = vqcodec.encode(clip, quality=40, effort=0, strip_metadata=True)
    assert coding.scores["psnr_611_db"] == vqcodec.compare(clip, made.data).mean.psnr_611_db
    data = data_of(report.data)
    assert data["frames"] == 10
    assert data["rate"] == pytest.approx(25)
    (shown,) = data["codings"]
    for uri in (data["original"], shown["uri"]):
        path = tmp_path / "shown.mp4"
        path.write_bytes(bytes_of(uri))
        with vqcodec.open_video(path) as video:
            assert sum(1 for _ in video.planes()) == 10
    counted = vqcodec.info(made.data, bits=True).frame_bits
    assert shown["bits"] == [sum(frame.bits.values()) for frame in counted]
    assert shown["kinds"] == [frame.kind for frame in counted]
    assert len(shown["blocks"]) == 10
    assert "motion" in shown["blocks"][1]


needs_ffmpeg = pytest.mark.skipif(not program.is_at_hand(), reason="there is no ffmpeg: pip install imageio-ffmpeg")


@needs_ffmpeg
def test_recordings_stand_beside_the_speech_codecs_of_ffmpeg(talk: Path, tmp_path: Path) -> None:
    there = [peer for peer in peers_among(SPEECH)[0] if 8000 in peer.rates]
    assert "Opus" in [peer.label for peer in there]
    report = vqcodec.make_report([talk], qualities=[50], effort=0)
    codings = report.inputs[0].codings
    assert list(dict.fromkeys(coding.codec for coding in codings)) == ["vqcodec", *(peer.label for peer in there)]
    opus = [coding for coding in codings if coding.codec == "Opus"]
    assert [coding.rate for coding in opus] == sorted(coding.rate for coding in opus)
    assert opus[-1].scores["sqnr_db"] > opus[0].scores["sqnr_db"]
    path = there[0].encode(str(talk), there[0].ladder[0], str(tmp_path))
    assert opus[0].output_bytes == Path(path).stat().st_size
    samples = np.frombuffer(decoded_speech(path, 8000), "<i2")
    soundfile.write(tmp_path / "decoded.wav", samples, 8000)
    assert opus[0].scores["sqnr_db"] == vqcodec.compare(talk, tmp_path / "decoded.wav").sqnr_db
    assert 0 < payload_bytes(path) < opus[0].output_bytes
    page = report.data.decode()
    assert len(re.findall("<audio ", page)) == 2 + len(there)
    assert all(f">{coding.codec}, {coding.setting}<" in page for coding in codings)


@needs_ffmpeg
def test_videos_stand_beside_the_codecs_of_ffmpeg(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    write_clip(clip, 8, 64, 96)
    there = peers_among(VIDEO)[0]
    assert "x264" in [peer.label for peer in there]
    report = vqcodec.make_report([clip], qualities=[40], effort=0)
    codings = report.inputs[0].codings
    assert list(dict.fromkeys(coding.codec for coding in codings)) == ["vqcodec", *(peer.label for peer in there)]
    for peer in there:
        quality = [coding.scores["psnr_611_db"] for coding in codings if coding.codec == peer.label]
        assert len(quality) == len(peer.ladder)
        assert quality[-1] > quality[0] + 3
    assert report.data.decode().count("x264") > 1


def test_what_ffmpeg_has_not_is_said(talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg_peers, "_encoders", lambda _: frozenset({"libopus"}))
    assert peers_among(VIDEO) == ([], ["not shown beside, because this ffmpeg has it not: x264, x265, SVT-AV1"])
    monkeypatch.setattr(program, "is_at_hand", lambda: False)
    report = vqcodec.make_report([talk], qualities=[50], effort=0)
    assert [coding.codec for coding in report.inputs[0].codings] == ["vqcodec"]
    assert "no other codec is shown beside, because there is no ffmpeg" in report.inputs[0].notes


def test_a_codec_that_fails_is_left_out(talk: Path, tmp_path: Path) -> None:
    broken = replace(SPEECH[0], options="-nonsense {}")
    curves, notes = ffmpeg_peers.curves_of(
        [broken], lambda peer, setting: peer.encode(str(talk), setting, str(tmp_path)), lambda _: None
    )
    assert curves == []
    assert notes[0].startswith("not shown beside: Opus at 6 kbit/s fails: ")


def test_every_shipped_codebook_has_an_atlas() -> None:
    for entry in list_codebooks():
        book = entry.load()
        atlas = atlas_of(book, "here")
        assert [array.name for array in atlas.arrays] == list(book.arrays)
        assert bool(atlas.figures) == (book.engine not in ("speech/celp-fixed", "video/st3d")), book.engine


def test_codewords_are_shown_as_they_are() -> None:
    book = load_codebook("classic-4x4-256")
    luma = atlas_of(book, "here").figures[0]
    with Image.open(io.BytesIO(bytes_of(luma.picture))) as image:
        samples = np.asarray(image.convert("L"))
    words = book.arrays["luma.codewords"].reshape(256, 4, 4)
    assert all(np.array_equal(samples[1 + 5 * (n // 16) :, 1 + 5 * (n % 16) :][:4, :4], words[n]) for n in range(256))


def test_envelopes_are_those_of_the_predictors() -> None:
    predictor = np.poly([0.9 * np.exp(0.6j), 0.9 * np.exp(-0.6j), 0.8 * np.exp(2j), 0.8 * np.exp(-2j)]).real
    mirrored = predictor[::-1]
    symmetric = np.append(predictor, 0) + np.append(0, mirrored)
    antisymmetric = np.append(predictor, 0) - np.append(0, mirrored)
    angles = np.sort(np.angle(np.concatenate([np.roots(symmetric), np.roots(antisymmetric)])))
    lsfs = angles[(angles > 1e-6) & (angles < np.pi - 1e-6)]
    assert lsfs.size == 4
    found = _envelopes(lsfs[None])[0]
    points = np.exp(-1j * np.outer(np.linspace(0, np.pi, found.size), np.arange(5)))
    assert np.allclose(found, -20 * np.log10(np.abs(points @ predictor)), atol=1e-6)
