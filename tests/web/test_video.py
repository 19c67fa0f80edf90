"""Video in the browser: the same planes as in Python, from any frame on, with its sound, and the same errors."""

from __future__ import annotations

import base64
import hashlib
import io
from fractions import Fraction
from pathlib import Path

import make_files
import make_mc
import make_mc_copies
import make_mc_exposures
import make_mc_memory
import make_mc_mixed
import make_mc_palettes
import make_st3d
import media_samples
import numpy as np
import pytest
import stored_video
import video_samples
from browser_decoder import outcomes
from moving_pictures import moving_frames
from sample import LATER, UNSUPPORTED

import vqcodec
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import VQCodecError
from vqcodec.video.files import read_video
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.rgb import rgb_of
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.timeline import Part, times_of

TESTS = Path(__file__).parents[1]
FILES = TESTS / "files"
SAMPLES = [one for one in make_files.samples() if one.found_by == "video"]
SHIPPED = ("video", "screen", "video-st3d")
OF_EACH_ENGINE = ("video", "video-st3d")
RATE = Fraction(25)
PLAIN = (77, 58)


def clip_of(codebook: Codebook, packets: list[bytes], starts: list[int], header: bytes) -> bytes:
    """A file of groups whose codebook is shared."""
    front = media_samples.head(medium=video_samples.VIDEO)
    front += media_samples.reference(name=codebook.name.encode(), digest=codebook.digest)
    front += media_samples.stream(0, video_samples.VIDEO, 0, codebook.engine.encode(), header)
    rows = [
        (0, start, media_samples.packet(number, start, data))
        for number, (start, data) in enumerate(zip(starts, packets, strict=True))
    ]
    return media_samples.indexed(front, rows)


def planes_of(frames: list[Frame]) -> list[str]:
    return [hashlib.sha256(b"".join(plane.tobytes() for plane in frame)).hexdigest() for frame in frames]


@pytest.mark.parametrize(
    "golden",
    [make_mc, make_mc_exposures, make_mc_copies, make_mc_palettes, make_mc_mixed, make_st3d],
    ids=["mc", "exposures", "copies", "palettes", "mixed", "st3d"],
)
def test_golden_groups_are_the_frozen_ones(golden, decoder, tmp_path):
    codebook = Codebook.from_bytes(golden.CODEBOOK.read_bytes())
    header = video_samples.header(0, golden.WIDTH, golden.HEIGHT, 25, 1)
    file = tmp_path / "golden.vqc"
    file.write_bytes(clip_of(codebook, [golden.GROUP.read_bytes()] * 2, [0, golden.FRAMES], header))
    (found,) = outcomes(decoder, [file], [golden.CODEBOOK], way="video")
    hashes = [frame[2] for frame in found["result"]["frames"]]
    frames, _ = vqcodec.decode_video(file.read_bytes(), codebook=codebook)
    assert make_st3d.digest(frames[: golden.FRAMES]) == golden.HASH.read_text().strip()
    assert hashes == planes_of(frames)


def test_groups_from_a_memory_are_refused_with_a_word(decoder, tmp_path):
    golden = make_mc_memory
    codebook = Codebook.from_bytes(golden.CODEBOOK.read_bytes())
    header = video_samples.header(0, make_mc.WIDTH, make_mc.HEIGHT, 25, 1)
    file = tmp_path / "golden.vqc"
    file.write_bytes(clip_of(codebook, [golden.GROUP.read_bytes()], [0], header))
    (found,) = outcomes(decoder, [file], [golden.CODEBOOK], way="video")
    assert found["error"] == "UnsupportedError"
    assert "memory" in found["message"]


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Clips of all shipped codebooks, as files, of odd and small sizes, of one frame and of several groups."""
    folder = tmp_path_factory.mktemp("clips")
    ways = {
        "plain": (moving_frames(20, 70, 90), {"gop": 12}),
        "odd": (moving_frames(9, 37, 51), {"quality": 80}),
        "coarse": (moving_frames(7, 130, 66), {"quality": 5}),
        "small": (moving_frames(3, 5, 3), {}),
        "one": (moving_frames(1, 20, 33), {}),
    }
    files = {}
    for codebook in SHIPPED:
        for name, (frames, options) in ways.items():
            file = folder / f"{codebook}-{name}.vqc"
            file.write_bytes(vqcodec.encode_video(frames, RATE, codebook=codebook, effort=2, **options))
            files[file] = vqcodec.decode_video(file.read_bytes())[0]
    return files


def test_fresh_clips_of_each_codebook(clips, decoder):
    for (file, frames), found in zip(clips.items(), outcomes(decoder, list(clips), way="video"), strict=True):
        assert "result" in found, (file.name, found)
        result = found["result"]
        assert [frame[2] for frame in result["frames"]] == planes_of(frames), file.name
        assert [frame[:2] for frame in result["frames"]] == [[n, float(n / RATE)] for n in range(len(frames))]
        assert (result["height"], result["width"]) == frames[0].luma.shape
        assert (result["length"], result["seconds"]) == (len(frames), float(len(frames) / RATE))
        assert result["sound"] is None


@pytest.mark.parametrize("first", [5, 11, 12, 19])
def test_decoding_begins_at_any_frame(first, clips, decoder):
    several = {file: frames for file, frames in clips.items() if file.stem.endswith("plain")}
    for frames, found in zip(several.values(), outcomes(decoder, list(several), way="video", first=first), strict=True):
        assert [frame[0] for frame in found["result"]["frames"]] == list(range(first, 20))
        assert [frame[2] for frame in found["result"]["frames"]] == planes_of(frames)[first:]


def test_frames_beyond_the_end_are_refused(clips, decoder):
    assert {found["error"] for found in outcomes(decoder, list(clips), way="video", first=20)} == {"LimitError"}


def test_sound_beside_frames(decoder, tmp_path):
    tone = (4000 * np.sin(np.arange(20000) / 11)).astype(np.int16)
    sound = np.stack([tone, tone[::-1]], axis=1)
    file = tmp_path / "sound.vqc"
    file.write_bytes(vqcodec.encode_video(moving_frames(12, 40, 60), RATE, sound=(sound, 16000), effort=0))
    (found,) = outcomes(decoder, [file], way="video", output=tmp_path)
    with vqcodec.open_video(file.read_bytes()) as video:
        samples, rate = video.sound()
    assert found["result"]["sound"] == {
        "rate": rate,
        "channels": 2,
        "sourceRate": 16000,
        "sourceLength": len(sound),
    }
    decoded = np.fromfile(tmp_path / "sound.vqc.s16", np.int16).reshape(2, -1).T
    assert np.abs(decoded.astype(int) - samples).max() <= 1


@pytest.mark.parametrize(
    ("siting", "full_range", "size"), [(n, n % 2 == 0, (37, 51)) for n in range(6)] + [(1, 0, (6, 1))]
)
def test_pixels_are_those_of_python(size, full_range, siting, decoder, clips, tmp_path):
    matrix = (1, 2, 5, 7, 9, 14)[siting]
    height, width = size
    codebook = vqcodec.load_codebook("video-st3d")
    whole = vqcodec.encode_video(moving_frames(2, height, width), RATE, codebook=codebook, effort=0, quality=70)
    group = read_video(io.BytesIO(whole)).group(0).packet
    flags = full_range + 4 * (matrix != 2) + 64 * (siting != 1)
    numbers = [flags, width, height, 25, 1] + [matrix] * (matrix != 2) + [siting] * (siting != 1)
    file = tmp_path / "pixels.vqc"
    file.write_bytes(clip_of(codebook, [group], [0], video_samples.header(*numbers)))
    (found,) = outcomes(decoder, [file], way="pixels", first=1)
    pixels = np.frombuffer(base64.b64decode(found["result"]["pixels"]), np.uint8).reshape(height, width, 4)
    frame = vqcodec.decode_video(file.read_bytes())[0][1]
    wanted = rgb_of(frame, VideoFormat(width, height, RATE, None, full_range, matrix, siting=siting))
    assert np.abs(pixels[..., :3].astype(int) - wanted).max() <= 1
    assert (pixels[..., 3] == 255).all()


def test_hand_made_files_have_their_groups_and_times(decoder):
    right = [FILES / one.folder / one.name for one in SAMPLES if not one.error]
    for file, found in zip(right, outcomes(decoder, right, [], way="groups"), strict=True):
        with stored_video.registered():
            video = read_video(io.BytesIO(file.read_bytes()))
        format = video.header.format
        result = found["result"]
        assert result["groups"] == [list(pair) for pair in zip(video.starts, video.counts, strict=True)]
        header = result["header"]
        assert header["rate"] == list(format.rate.as_integer_ratio())
        assert (header["matrix"], header["primaries"], header["transfer"], header["siting"]) == (
            format.matrix, format.primaries, format.transfer, format.siting,
        )  # fmt: skip
        times = times_of(video, Part(0, video.length))
        if times is None:
            wanted = [float(frame / format.rate) for frame in range(video.length + 1)]
        else:
            wanted = [float((time - times[0]) * format.time_base) for time in times]
        assert np.allclose(result["moments"], wanted, rtol=0, atol=1e-9), file.name


def test_wrong_files_end_in_their_errors(decoder):
    two = FILES / UNSUPPORTED / "video-two.vqc"
    (found,) = outcomes(decoder, [two], [], way="video")
    assert (found["error"], found["message"]) == (LATER, "this file has 2 videos; one is decoded here")
    wrong = [one for one in SAMPLES if one.error and one.name != two.name]
    assert len(wrong) > 20
    files = [FILES / one.folder / one.name for one in wrong]
    for one, found in zip(wrong, outcomes(decoder, files, [], way="groups"), strict=True):
        assert found.get("error") == one.error, (one.name, found)
        assert found["message"].isprintable()


@pytest.mark.parametrize("name", OF_EACH_ENGINE)
def test_damage_behind_right_checksums_ends_as_in_python(name, decoder, tmp_path):
    """In files whose groups are changed at random."""
    chance = np.random.default_rng(11)
    codebook = vqcodec.load_codebook(name)
    whole = vqcodec.encode_video(moving_frames(5, 40, 50), RATE, codebook=codebook, effort=1, quality=60)
    group = read_video(io.BytesIO(whole)).group(0).packet
    header = video_samples.header(0, 50, 40, 25, 1)
    files = []
    for number in range(60):
        packet = bytearray(group)
        for at in chance.integers(0, 8 if number % 3 == 0 else len(packet), chance.integers(1, 3)):
            packet[at] = chance.integers(256)
        if number % 6 == 0:
            del packet[chance.integers(0, len(packet)) :]
        files.append(tmp_path / f"{number}.vqc")
        files[-1].write_bytes(clip_of(codebook, [bytes(packet)], [0], header))
    failed = 0
    for file, found in zip(files, outcomes(decoder, files, way="video"), strict=True):
        try:
            wanted = planes_of(vqcodec.decode_video(file.read_bytes())[0])
        except VQCodecError as error:
            wanted = type(error).__name__
            failed += 1
        hashes = [frame[2] for frame in found["result"]["frames"]] if "result" in found else found["error"]
        assert hashes == wanted, (file.name, found)
    assert 10 < failed < len(files)


def test_frames_of_too_many_pixels_are_refused(clips, decoder):
    file, frames = next(iter(clips.items()))
    pixels = frames[0].luma.size
    assert "result" in outcomes(decoder, [file], way="video", most_pixels=pixels)[0]
    assert outcomes(decoder, [file], way="video", most_pixels=pixels - 1)[0]["error"] == "LimitError"


def test_what_is_no_video(clips, decoder):
    others = [TESTS / "golden" / "block-pixel-30.vqc", TESTS / "golden" / "speech" / "speech-nb.vqc"]
    for found in outcomes(decoder, others, way="video"):
        assert found["error"] == "UnsupportedError"
    for way in ("picture", "speech"):
        assert {found["error"] for found in outcomes(decoder, list(clips), way=way)} == {"UnsupportedError"}
