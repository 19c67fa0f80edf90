"""Video through the container: arrays, files, rates, parts, damage; with an engine that stores the planes."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import stored_video
from stored_video import CODEBOOK, moving_frames

import vqcodec
from vqcodec import api
from vqcodec.container import ChunkReader
from vqcodec.container.chunks import PACKET
from vqcodec.errors import CodebookError, CorruptFileError, OutputError, UnsupportedError, UsageError
from vqcodec.ffmpeg import program
from vqcodec.ffmpeg.survey import survey
from vqcodec.files.sniffing import HEAD_BYTES, is_video, with_head
from vqcodec.reports.video import VideoComparison, VideoDecodeReport, VideoEncodeReport, VideoInfo
from vqcodec.video.arrays import decode_video, encode_video
from vqcodec.video.grouping import STAYS
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.io.y4m import frame_bytes, head


@pytest.fixture(autouse=True)
def _stored_engine() -> Iterator[None]:
    with stored_video.registered():
        yield


FORMAT = VideoFormat(48, 32, Fraction(25), Fraction(1))


def y4m(count: int = 20, width: int = 48, height: int = 32) -> bytes:
    format = VideoFormat(width, height, Fraction(25), Fraction(1))
    return head(format) + b"".join(map(frame_bytes, moving_frames(count, width, height)))


def coded(count: int = 20, **options: object) -> bytes:
    return encode_video(moving_frames(count), 25, codebook=CODEBOOK, quality=100, **options)  # type: ignore[arg-type]


def equal(first: list, second: list) -> bool:
    return len(first) == len(second) and all(
        np.array_equal(*planes) for pair in zip(first, second, strict=True) for planes in zip(*pair, strict=True)
    )


def decode(data: bytes, **options: object) -> tuple[VideoDecodeReport, list]:
    from vqcodec.video.io.y4m import Y4mReader

    report = api.decode(data, codebook=CODEBOOK, **options)  # type: ignore[arg-type]
    assert isinstance(report, VideoDecodeReport)
    return report, list(Y4mReader(io.BytesIO(report.data or b""), "decoded"))


@pytest.mark.parametrize(("width", "height"), [(48, 32), (47, 31), (2, 2), (1, 1)])
@pytest.mark.parametrize("count", [1, 2, 9])
def test_frames_come_back(width: int, height: int, count: int) -> None:
    frames = moving_frames(count, width, height)
    data = encode_video(frames, Fraction(30000, 1001), codebook=CODEBOOK, quality=100)
    decoded, rate = decode_video(data, codebook=CODEBOOK)
    assert rate == Fraction(30000, 1001)
    assert equal(decoded, frames)


def test_an_iterator_of_frames_gives_the_same_but_for_the_count() -> None:
    frames = moving_frames(20)
    once = encode_video(iter(frames), 25, codebook=CODEBOOK, quality=60)
    assert equal(decode_video(once, codebook=CODEBOOK)[0], decode_video(coded_at(60), codebook=CODEBOOK)[0])
    assert len(coded_at(60)) - len(once) == 1


def coded_at(quality: float) -> bytes:
    return encode_video(moving_frames(20), 25, codebook=CODEBOOK, quality=quality)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_threads_have_no_part_in_the_bytes(threads: int) -> None:
    assert encode_video(moving_frames(30), 25, codebook=CODEBOOK, threads=threads, gop=4) == encode_video(
        moving_frames(30), 25, codebook=CODEBOOK, threads=3, gop=4
    )


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "no frames"),
        ([[np.zeros((4, 4), np.uint8)] * 3], "planes U and V of a frame of 4x4 pixels are 2x2"),
        ([[np.zeros((4, 4))] * 3], "three planes"),
        ([*moving_frames(1), *moving_frames(1, 50, 32)], "50x32 pixels after one of 48x32"),
    ],
)
def test_bad_frames(frames: list, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        encode_video(frames, 25, codebook=CODEBOOK)


def test_bits_add_up() -> None:
    report = api.encode(y4m(), codebook=CODEBOOK)
    assert isinstance(report, VideoEncodeReport)
    assert sum(report.bits.values()) == 8 * report.output_bytes
    info = api.info(report.data or b"", bits=True, codebook=CODEBOOK)
    assert isinstance(info, VideoInfo)
    assert info.bits == {name: bits for name, bits in report.bits.items() if bits}
    assert info.frame_bits is not None
    assert [frame.frame for frame in info.frame_bits] == list(range(20))
    assert sum(sum(frame.bits.values()) for frame in info.frame_bits) == report.bits["head"] + report.bits["samples"]


@pytest.mark.parametrize("kbps", [250.0, 400.0])
def test_a_bitrate_is_reached_within_two_percent(kbps: float) -> None:
    report = api.encode(y4m(), codebook=CODEBOOK, bitrate=kbps)
    assert isinstance(report, VideoEncodeReport)
    assert report.output_bytes * 8 / (20 / 25) / 1000 == pytest.approx(kbps, rel=0.02)


def test_a_bitrate_of_a_stream_that_is_read_once() -> None:
    report = api.encode(io.BytesIO(y4m()), codebook=CODEBOOK, bitrate=400)
    assert isinstance(report, VideoEncodeReport)
    assert report.kbps == pytest.approx(400, rel=0.02)
    assert decode(report.data or b"")[0].frames == 20


def test_a_size_is_kept_and_nearly_used_up() -> None:
    size = len(api.encode(y4m(), codebook=CODEBOOK, target_size=30_000).data or b"")
    assert 0.97 * 30_000 < size <= 30_000
    with pytest.raises(UsageError, match="cannot be reached"):
        api.encode(y4m(), codebook=CODEBOOK, target_size=300)


def test_a_psnr_is_reached() -> None:
    report = api.encode(y4m(), codebook=CODEBOOK, target_psnr=38.0)
    assert isinstance(report, VideoEncodeReport)
    assert report.psnr_611_db == pytest.approx(38.0, abs=0.1)


@pytest.mark.parametrize(
    ("wish", "frames", "first"),
    [
        ({"frames": "3:7"}, 4, 3),
        ({"frames": "17:"}, 3, 17),
        ({"frames": ":1"}, 1, 0),
        ({"frames": "18:99"}, 2, 18),
        ({"start": 0.4}, 10, 10),
        ({"start": 0.4, "duration": 0.2}, 5, 10),
        ({"duration": 0.001}, 1, 0),
    ],
)
def test_parts_are_what_they_are_in_the_whole(wish: dict, frames: int, first: int) -> None:
    report, part = decode(coded(gop=4), **wish)
    assert (report.frames, report.first_frame) == (frames, first)
    assert equal(part, moving_frames(20)[first : first + frames])


def test_a_part_reads_no_more_groups_than_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "clip.vqc"
    data = bytearray(coded(gop=4))
    last = data.rindex(PACKET)
    data[last + 40] ^= 1  # damage in the last group, which frames 4 to 7 have no need of
    path.write_bytes(data)
    api.decode(path, tmp_path / "part.y4m", frames="4:8", codebook=CODEBOOK)
    with pytest.raises(CorruptFileError, match=r"clip\.vqc"):
        api.decode(path, tmp_path / "whole.y4m", codebook=CODEBOOK)
    assert not (tmp_path / "whole.y4m").exists()


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"frames": "20:"}, "not within the video, which has 20"),
        ({"frames": "3"}, "not a range of frames"),
        ({"start": 0.8}, "which lasts 0.800 s"),
        ({"start": -1.0}, "start -1 is out of range; choose at least 0 s"),
        ({"frames": "3:4", "start": 0.1}, "exclude one another"),
        ({"crop": (0, 0, 2, 2)}, "this is video"),
        ({"rate": 8000}, "this is video"),
        ({"format": "tiff"}, "'tiff' is unknown for video"),
        ({"format": "png"}, "give a pattern"),
    ],
)
def test_parts_and_formats_that_are_none(wish: dict, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        decode(coded(), **wish)


def test_salvage_holds_the_frame_before_what_is_lost() -> None:
    data = bytearray(coded(gop=4))
    second = data.index(PACKET, data.index(PACKET) + 4)
    data[second + 40] ^= 1
    with pytest.raises(CorruptFileError):
        decode(bytes(data))
    report, frames = decode(bytes(data), salvage=True)
    original = moving_frames(20)
    assert [(lost.first, lost.end) for lost in report.lost] == [(4, 8)]
    assert any("4 lost frames, 4:8" in note for note in report.notes)
    assert equal(frames, [*original[:4], *[original[3]] * 4, *original[8:]])


def test_salvage_of_a_file_that_is_cut_off() -> None:
    data = coded(gop=4)
    data = data[: data.rindex(PACKET) + 30]
    with pytest.raises(CorruptFileError):
        decode(data)
    report, frames = decode(data, salvage=True)
    assert [(lost.first, lost.end) for lost in report.lost] == [(16, 20)]
    assert len(frames) == 20


def test_salvage_without_the_first_group() -> None:
    data = bytearray(coded(gop=4))
    data[data.index(PACKET) + 40] ^= 1
    report, frames = decode(bytes(data), salvage=True)
    assert [(lost.first, lost.end) for lost in report.lost] == [(0, 4)]
    assert equal(frames, [moving_frames(20)[4]] * 4 + moving_frames(20)[4:])


def test_any_cut_or_flip_is_a_named_error() -> None:
    data = coded(6, gop=3)
    for cut in range(8, len(data), 97):
        with pytest.raises(CorruptFileError):
            decode(data[:cut])
    for position in range(11, len(data), 89):
        damaged = data[:position] + bytes([data[position] ^ 8]) + data[position + 1 :]
        with pytest.raises((CorruptFileError, UnsupportedError)):
            api.verify(damaged, codebook=CODEBOOK)


def test_the_codebook_has_to_be_the_one() -> None:
    with pytest.raises(CodebookError, match=r"needs the codebook 'stored' .*, not 'photo'"):
        api.decode(coded(), codebook="photo")
    with pytest.raises(CodebookError, match="stored"):
        api.decode(coded())
    decoded = decode_video(coded(embed_codebook=True))[0]
    assert equal(decoded, moving_frames(20))


def test_options_of_the_engine_by_name() -> None:
    api.encode(y4m(2), codebook=CODEBOOK, distance=4)
    with pytest.raises(UsageError, match="no option colour"):
        api.encode(y4m(2), codebook=CODEBOOK, colour=4)


def test_compare_pairs_frames(tmp_path: Path) -> None:
    shorter = encode_video(moving_frames(20)[:18], 25, codebook=CODEBOOK, quality=100)
    report = api.compare(y4m(), shorter, codebook=CODEBOOK)
    assert isinstance(report, VideoComparison)
    assert (report.frames, report.identical) == (18, False)
    assert report.mean.psnr_611_db == float("inf")
    assert report.notes == ("<bytes> has 2 frames more, which were left out",)
    with pytest.raises(UsageError, match="compare videos of one size"):
        api.compare(y4m(), y4m(3, 40, 32))


def test_a_comparison_measures_each_frame() -> None:
    report = api.compare(y4m(), encode_video(moving_frames(20), 25, codebook=CODEBOOK, quality=40), codebook=CODEBOOK)
    assert isinstance(report, VideoComparison)
    ratios = [frame.psnr_y_db for frame in report.by_frame]
    assert report.mean.psnr_y_db == pytest.approx(sum(ratios) / 20)
    first = report.by_frame[0]
    assert first.psnr_611_db == pytest.approx((6 * first.psnr_y_db + first.psnr_u_db + first.psnr_v_db) / 8)
    assert 0 < report.mean.ssim_y < 1


@pytest.mark.parametrize("name", ["clip.y4m", "clip.mkv", "clip.mp4", "clip.mov"])
@pytest.mark.parametrize(("width", "height"), [(48, 32), (46, 30)])
def test_files_without_loss(tmp_path: Path, name: str, width: int, height: int) -> None:
    data = encode_video(moving_frames(5, width, height), Fraction(30000, 1001), codebook=CODEBOOK, quality=100)
    api.decode(data, tmp_path / name, codebook=CODEBOOK, lossless=True)
    report = api.compare(data, tmp_path / name, codebook=CODEBOOK)
    assert isinstance(report, VideoComparison)
    assert report.identical


def test_odd_sizes_in_video_files(tmp_path: Path) -> None:
    frames = moving_frames(3, 47, 31)
    data = encode_video(frames, 25, codebook=CODEBOOK, quality=100)
    report = api.decode(data, tmp_path / "clip.mp4", codebook=CODEBOOK)
    assert report.notes == (
        "mp4 needs an even size: doubled the last column and the last row; --lossless in mkv keeps the size",
    )
    with vqcodec.open_video(tmp_path / "clip.mp4") as video:
        back = next(video.planes())
    assert (back.luma.shape, back.blue.shape) == ((32, 48), (16, 24))
    assert np.abs(back.luma[:31, :47].astype(int) - frames[0].luma).mean() < 4
    api.decode(data, tmp_path / "clip.mkv", codebook=CODEBOOK, lossless=True)
    assert api.compare(data, tmp_path / "clip.mkv", codebook=CODEBOOK).identical
    with pytest.raises(UsageError, match="write mkv"):
        api.decode(data, tmp_path / "odd.mp4", codebook=CODEBOOK, lossless=True)


def test_pictures_are_numbered_by_frame(tmp_path: Path) -> None:
    pattern = tmp_path / "frames" / "f%03d.png"
    api.decode(coded(), pattern, frames="5:8", codebook=CODEBOOK)
    assert sorted(os.listdir(tmp_path / "frames")) == ["f005.png", "f006.png", "f007.png"]
    with pytest.raises(OutputError, match=r"f005.png: exists already"):
        api.decode(coded(), pattern, frames="5:8", codebook=CODEBOOK)
    api.decode(coded(), pattern, frames="5:8", codebook=CODEBOOK, overwrite=True)


def test_times_are_kept(tmp_path: Path) -> None:
    arguments = ["-vf", "select='not(mod(n,3))+eq(n,4)'", "-fps_mode", "passthrough", "-c:v", "ffv1"]
    source = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=2"]
    path = str(tmp_path / "clip.mkv")
    subprocess.run([program.executable(), "-loglevel", "error", *source, *arguments, path], check=True)
    report = api.encode(path, codebook=CODEBOOK, quality=100, gop=3)
    info = api.info(report.data or b"", bits=True, codebook=CODEBOOK)
    assert isinstance(info, VideoInfo)
    assert info.variable_rate
    assert sum((info.bits or {}).values()) == 8 * info.input_bytes
    api.decode(report.data or b"", tmp_path / "back.mkv", codebook=CODEBOOK, lossless=True)
    told = [survey(str(name), sound=None) for name in (path, tmp_path / "back.mkv")]
    assert [each and (each.frames.starts, each.frames.end) for each in told] == [
        ([0, 300, 400, 600, 900, 1200, 1500, 1800], 1900)
    ] * 2
    assert api.compare(path, tmp_path / "back.mkv").identical
    part = api.decode(report.data or b"", start=0.35, duration=0.1, codebook=CODEBOOK)
    assert isinstance(part, VideoDecodeReport)
    assert (part.first_frame, part.frames) == (1, 2)  # shown from 0.3 s and 0.4 s on


def test_a_kept_part_is_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_video, "DELAY_S", 0.02)
    interrupting = threading.Timer(0.7, lambda: os.kill(os.getpid(), signal.SIGINT))
    interrupting.start()
    report = api.encode(y4m(200), tmp_path / "part.vqc", codebook=CODEBOOK, gop=4, keep_partial=True, threads=2)
    assert isinstance(report, VideoEncodeReport)
    assert report.interrupted
    assert 0 < report.frames < 200
    assert report.frames % 4 == 0
    api.verify(tmp_path / "part.vqc", codebook=CODEBOOK)


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """Undo what a shell does to the commands it runs in the background: they ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_interrupts")
def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_video, "DELAY_S", 0.02)
    threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        api.encode(y4m(200), tmp_path / "part.vqc", codebook=CODEBOOK, gop=4)
    assert os.listdir(tmp_path) == []


def test_memory_does_not_grow_with_the_length() -> None:
    held = most = 0

    def counted() -> Iterator:
        nonlocal held, most
        for frame in moving_frames(8) * 25:
            held += 1
            most = max(most, held - done)
            yield frame

    done = 0
    inner = stored_video.encode_group

    def counting(frames, *rest):  # type: ignore[no-untyped-def]
        nonlocal done
        done += len(frames)
        return inner(frames, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stored_video, "encode_group", counting)
        encode_video(counted(), 25, codebook=CODEBOOK, gop=4, threads=2)
    assert held == 200
    assert most <= 4 * 5 + STAYS  # frames read and not yet in work; the last ones show whether a scene stays


@pytest.mark.parametrize(
    ("head_bytes", "video"),
    [
        (b"YUV4MPEG2 W4 H4", True),
        (b"\x1aE\xdf\xa3" + bytes(12), True),
        (b"\x00\x00\x00\x20ftypisom", True),
        (b"\x00\x00\x00\x20ftypavif", False),
        (b"RIFF\0\0\0\0AVI LIST", True),
        (b"RIFF\0\0\0\0WAVEfmt ", False),
        (b"RIFF\0\0\0\0WEBPVP8 ", False),
        (b"\x89PNG\r\n\x1a\n" + bytes(8), False),
        (b"", False),
    ],
)
def test_video_is_told_by_its_first_bytes(head_bytes: bytes, video: bool) -> None:
    assert is_video(head_bytes) is video


def test_a_stream_of_y4m_stays_a_stream() -> None:
    data = y4m(2)
    stream, first = with_head(io.BytesIO(data), "clip")
    assert first == data[:HEAD_BYTES]
    assert stream.readline() == data[: data.index(b"\n") + 1]  # type: ignore[union-attr]
    assert stream.read() == data[data.index(b"\n") + 1 :]  # type: ignore[union-attr]


def test_groups_are_packets_by_frame() -> None:
    reader = ChunkReader(io.BytesIO(coded(gop=6)))
    assert [(packet.stream, packet.start) for packet in reader] == [(0, 0), (0, 6), (0, 12), (0, 18)]
