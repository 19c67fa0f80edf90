"""Damaged files in the browser: what is intact is as before, and what is lost is said."""

from __future__ import annotations

import base64
import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from browser_decoder import outcomes, run_node
from moving_pictures import moving_frames
from test_video import planes_of

import vqcodec
from vqcodec.codebook.library import load_codebook
from vqcodec.container.compact import MAGIC as COMPACT
from vqcodec.errors import VQCodecError
from vqcodec.image.pixels import read_picture
from vqcodec.video.decoding import Decoding
from vqcodec.video.files import read_video

TESTS = Path(__file__).parents[1]
RATE = Fraction(25)
GREY = 128


def chunks_of(data, kind):
    """Where the chunks of a kind begin."""
    found, at = [], data.find(kind)
    while at >= 0:
        found.append(at)
        at = data.find(kind, at + 1)
    return found


def damaged(data, at):
    """The file with another byte behind the head of the chunk at `at`."""
    return data[: at + 20] + bytes([data[at + 20] ^ 1]) + data[at + 21 :]


def damages(data):
    """A clip of four groups with damage, by what it is."""
    groups = chunks_of(data, b"DATA")
    return {
        "second group": damaged(data, groups[1]),
        "first group": damaged(data, groups[0]),
        "last group": damaged(data, groups[3]),
        "two groups": damaged(damaged(data, groups[1]), groups[2]),
        "cut off": data[: groups[2] + 30],
        "head": data[:9] + b"\7" + data[10:],
        "a piece is missing": data[: groups[1] + 7] + data[groups[2] + 3 :],
        "bytes too many": data[: groups[1]] + b"DATA" + bytes(100) + data[groups[1] :],
    }


@pytest.fixture(scope="module", params=["video", "video-st3d"])
def clip(request):
    return vqcodec.encode_video(moving_frames(20, 36, 52), RATE, codebook=request.param, effort=0, gop=5)


def test_frames_of_intact_groups_are_shown(clip, decoder, tmp_path):
    """The same frames stand in for lost ones as in Python."""
    files, wanted = [], []
    for name, data in damages(clip).items():
        files.append(tmp_path / f"{name}.vqc")
        files[-1].write_bytes(data)
        video = read_video(io.BytesIO(data), salvage=True)
        decoding = Decoding(video, load_codebook(video.media.codebook.name))
        frames = list(decoding.frames())
        lost = {number for part in decoding.lost for number in range(part.first, part.end)}
        wanted.append((planes_of(frames), lost))
    assert {found["error"] for found in outcomes(decoder, files, way="video")} == {"CorruptFileError"}
    lossless = 0
    for file, (planes, lost), found in zip(
        files, wanted, outcomes(decoder, files, way="video", salvage=True), strict=True
    ):
        result = found["result"]
        assert [frame[2] for frame in result["frames"]] == planes, file.name
        assert {frame[0] for frame in result["frames"] if frame[3]} == lost, file.name
        assert result["damage"], file.name
        if lost:
            last = f"{max(lost)} are lost"
            assert any(clause.endswith(last) for clause in result["damage"]), (file.name, result["damage"])
        lossless += not lost
    assert lossless == 2  # a damaged head, and bytes between chunks


def test_random_damage_ends_as_in_python(clip, decoder, tmp_path):
    chance = np.random.default_rng(3)
    files, wanted = [], []
    for number in range(40):
        data = bytearray(clip)
        for _ in range(chance.integers(1, 6)):
            start, length = chance.integers(15, len(data)), chance.integers(0, 40)
            data[start : start + chance.integers(0, 40)] = chance.integers(0, 256, length, np.uint8).tobytes()
        files.append(tmp_path / f"{number}.vqc")
        files[-1].write_bytes(data)
        try:
            video = read_video(io.BytesIO(data), salvage=True)
            decoding = Decoding(video, load_codebook(video.media.codebook.name))
            wanted.append(planes_of(list(decoding.frames())))
        except VQCodecError as error:
            wanted.append(type(error).__name__)
    for file, frames, found in zip(files, wanted, outcomes(decoder, files, way="video", salvage=True), strict=True):
        hashes = [frame[2] for frame in found["result"]["frames"]] if "result" in found else found["error"]
        assert hashes == frames, (file.name, found)
    assert 10 < sum(isinstance(frames, list) for frames in wanted) < 40


def test_a_file_of_nothing_intact_is_refused(clip, decoder, tmp_path):
    file = tmp_path / "nothing.vqc"
    file.write_bytes(clip[: chunks_of(clip, b"DATA")[0] + 30])
    (found,) = outcomes(decoder, [file], way="video", salvage=True)
    assert (found["error"], found["message"]) == ("CorruptFileError", "no group of frames is intact")


@pytest.fixture(scope="module")
def tiled():
    """A picture of two tiles, with alpha, and its file."""
    colour = read_picture(TESTS.parent / "samples" / "kodim23.png", "sample").samples
    colour = np.concatenate([colour, colour[:, ::-1]], axis=1)[:200]
    alpha = np.broadcast_to(np.arange(colour.shape[1]) % 256, colour.shape[:2]).astype(np.uint8)
    samples = np.concatenate([colour, alpha[..., None]], axis=2)
    data = vqcodec.encode_image(samples, codebook="photo", quality=40, effort=0)
    return vqcodec.decode_image(data), data


@pytest.mark.parametrize("lost", [0, 1])
def test_tiles_that_are_intact_are_shown(lost, tiled, decoder, tmp_path):
    samples, data = tiled
    file = tmp_path / "tiles.vqc"
    file.write_bytes(damaged(data, chunks_of(data, b"DATA")[lost]))
    assert outcomes(decoder, [file])[0]["error"] == "CorruptFileError"
    (found,) = outcomes(decoder, [file], salvage=True)
    result = found["result"]
    (rectangle,) = result["lost"]
    assert rectangle == {"top": 0, "left": 768 * lost, "height": 200, "width": 768}
    assert result["damage"][-1] == f"768x200 pixels from {768 * lost}, 0 on are lost"
    pixels = np.frombuffer(base64.b64decode(result["pixels"]), np.uint8).reshape(samples.shape)
    inside = np.zeros(samples.shape[1], bool)
    inside[768 * lost : 768 * (lost + 1)] = True
    beside = 768 - lost  # chroma is interpolated across the border
    whole = ~inside
    whole[beside] = False
    assert (pixels[:, whole] == samples[:, whole]).all()
    assert (pixels[:, inside, 3] == 0).all()
    inside[767 + lost] = False
    assert (pixels[:, inside, :3] == GREY).all()


@pytest.fixture(scope="module")
def tone():
    return (4000 * np.sin(np.arange(16 * 8000) / 11)).astype(np.int16)


def decoded(decoder, file, folder, **options):
    (found,) = outcomes(decoder, [file], way="speech", output=folder, **options)
    channels = found["result"]["channels"] if "result" in found else 1
    samples = np.fromfile(folder / f"{file.name}.s16", np.int16).reshape(channels, -1) if "result" in found else None
    return found, samples


@pytest.mark.parametrize("codebook", ["speech-nb", "celp-4800", "ld-celp-16k"])
def test_sound_around_a_lost_packet_is_heard(codebook, tone, decoder, tmp_path):
    two = np.stack([tone, tone[::-1]], axis=1)
    data = vqcodec.encode_speech(two, 8000, codebook=codebook, channels="keep")
    assert not data.startswith(COMPACT)
    whole, cut, hurt = (tmp_path / f"{name}.vqc" for name in ("whole", "cut", "hurt"))
    packets = chunks_of(data, b"DATA")
    middle = packets[len(packets) // 2]
    whole.write_bytes(data)
    cut.write_bytes(data[: middle + 40])
    hurt.write_bytes(damaged(data, middle))
    _, samples = decoded(decoder, whole, tmp_path)
    found, salvaged = decoded(decoder, hurt, tmp_path, salvage=True)
    assert any("lost" in clause for clause in found["result"]["damage"])
    assert salvaged.shape == samples.shape
    differs = (salvaged != samples).any(axis=1)
    assert differs.sum() == 1  # one channel has a gap
    changed = np.flatnonzero(salvaged[differs][0] != samples[differs][0])
    assert changed[0] > 0.3 * len(tone)
    assert changed[-1] < 0.9 * len(tone)
    assert len(changed) < 0.4 * len(tone)
    found, salvaged = decoded(decoder, cut, tmp_path, salvage=True)
    assert any("at the end" in clause for clause in found["result"]["damage"])
    length = salvaged.shape[1]
    assert 0.4 * len(tone) < length < 0.7 * len(tone)
    assert (salvaged[0] == samples[0, :length]).mean() > 0.6


def test_checked_packets_of_a_compact_file(tone, decoder, tmp_path):
    data = vqcodec.encode_speech(tone, 8000, codebook="celp-4800")
    assert data.startswith(COMPACT)
    whole, hurt = tmp_path / "whole.vqc", tmp_path / "hurt.vqc"
    whole.write_bytes(data)
    middle = len(data) // 2
    hurt.write_bytes(data[:middle] + bytes([data[middle] ^ 8]) + data[middle + 1 :])
    _, samples = decoded(decoder, whole, tmp_path)
    assert decoded(decoder, hurt, tmp_path)[0]["error"] == "CorruptFileError"
    found, salvaged = decoded(decoder, hurt, tmp_path, salvage=True)
    assert any("lost" in clause for clause in found["result"]["damage"])
    assert salvaged.shape == samples.shape
    assert 0 < (salvaged != samples).mean() < 0.5


def test_the_page_shows_what_is_intact(clip, page_folder, tmp_path):
    file = tmp_path / "hurt.vqc"
    file.write_bytes(damaged(clip, chunks_of(clip, b"DATA")[1]))
    found = run_node("show.mjs", str(page_folder / "web"), str(file))
    assert found["said"].startswith("hurt.vqc: 52 x 36 pixels, 20 frames, 0.8 s, ")
    assert found["said"].endswith("; frames 5 to 9 are lost")
    assert found["picture"] is not None
