"""Video to `.vqc` files and back: quality, rate or size, and arrays in and out."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, BinaryIO, cast

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.errors import UsageError
from vqcodec.media.reaching import reach_psnr, reach_rate, reach_size
from vqcodec.media.registry import default_codebook
from vqcodec.threads import default_threads
from vqcodec.video.encoding import Plan, Written, write_video
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.io.sources import ArraySource, FrameSource
from vqcodec.video.io.video_format import VideoFormat

DEFAULT_QUALITY = 50.0
DEFAULT_EFFORT = 5
RATE_TOLERANCE = 0.01  # of the bitrate asked for: half of what is promised

_SPOOL_MEMORY = 1 << 24

Progress = Callable[[float, int], None]
"""Called with the part of the work that is done (0 to 1) and the frames coded so far, of all passes."""


@dataclass(frozen=True)
class VideoWish:
    """How good or how small: at most one of the four; without any, DEFAULT_QUALITY.

    Attributes:
        quality: 0 to 100. bitrate: kbit/s of the whole file, sound included. target_size: bytes not to exceed.
        target_psnr: dB, mean over the frames of (6 Y + U + V) / 8.
        effort: 0 (quick) to 9 (thorough).
    """

    quality: float | None = None
    bitrate: float | None = None
    target_size: int | None = None
    target_psnr: float | None = None
    effort: int = DEFAULT_EFFORT

    def __post_init__(self) -> None:
        if self.bitrate is not None and not 0.1 <= self.bitrate <= 1e6:
            raise UsageError(f"bitrate {self.bitrate:g} kbit/s is out of range; choose 0.1 to 1000000")

    @property
    def passes(self) -> bool:
        """Whether it takes several passes."""
        return any(value is not None for value in (self.bitrate, self.target_size, self.target_psnr))


def encode_video(
    frames: Iterable[Sequence[np.ndarray]],
    rate: float | Fraction,
    *,
    codebook: Codebook | str | None = None,
    quality: float | None = None,
    bitrate: float | None = None,
    target_size: int | None = None,
    target_psnr: float | None = None,
    effort: int = DEFAULT_EFFORT,
    gop: int | None = None,
    scene_cuts: bool = True,
    aspect: Fraction | None = None,
    full_range: bool = False,
    embed_codebook: bool = False,
    threads: int | None = None,
    **options: Any,
) -> bytes:
    """Encode frames as a `.vqc` file.

    Args:
        frames: each the planes Y, U and V: uint8 (height, width) and twice (ceil(height / 2), ceil(width / 2)). Any
            iterable, of which a target takes several passes only if it is a sequence.
        rate: frames a second.
        codebook: a codebook, the name or path of one, or None for the default.
        quality: 0 to 100; bitrate: kbit/s; target_size: bytes; target_psnr: dB. At most one of them.
        effort: 0 (quick) to 9 (thorough).
        gop: most frames of a group; None for the engine's own. scene_cuts: whether a cut ends a group.
        aspect: width of a sample to its height. full_range: whether luma goes from 0 to 255.
        embed_codebook: make the file decodable without the codebook at hand.
        threads: how many to use; all processors unless given. The bytes do not depend on it.
        options: of the codebook's engine.

    Raises:
        UsageError: frames that are none, options out of range or exclusive of one another.
        CodebookError: the codebook is not found, or is not for video.
        LimitError: the frames are too large, or the rate is beyond the limits.
    """
    wish = VideoWish(quality, bitrate, target_size, target_psnr, effort)
    checked = _CheckedFrames(frames)
    height, width = checked.first.luma.shape
    format = VideoFormat(width, height, Fraction(rate).limit_denominator(100_000), aspect, full_range)
    format.check()
    source = ArraySource(list(checked) if isinstance(frames, Sequence) else checked, format)
    book = codebook if isinstance(codebook, Codebook) else load_codebook(codebook or default_codebook("video"))
    plan = Plan(
        source,
        book,
        effort=effort,
        options=options,
        group=gop,
        scene_cuts=scene_cuts,
        embed_codebook=embed_codebook,
        threads=threads or default_threads(),
    )
    target = io.BytesIO()
    encode_to(plan, wish, target)
    return target.getvalue()


def decode_video(
    data: bytes, *, codebook: Codebook | None = None, threads: int | None = None
) -> tuple[list[Frame], Fraction]:
    """The frames of a `.vqc` video, and how many there are a second.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
    """
    from vqcodec.video.decoding import Decoding
    from vqcodec.video.files import codebook_of, read_video

    video = read_video(io.BytesIO(data))
    decoding = Decoding(video, codebook_of(video, codebook), threads=threads)
    return list(decoding.frames()), video.header.format.rate


def encode_to(plan: Plan, wish: VideoWish, file: BinaryIO, progress: Progress | None = None) -> tuple[float, Written]:
    """Encode as wished into a file open for writing; the quality it came to, and what was written.

    Raises:
        UsageError: a size or rate cannot be reached, or the source cannot be read several times.
    """
    if not wish.passes:
        quality = DEFAULT_QUALITY if wish.quality is None else wish.quality
        expected = plan.source.expected
        report = None if progress is None else _one_pass(progress, expected)
        return quality, write_video(plan, quality, file, report)
    with ExitStack() as stack:
        plan = replace(plan, keep_partial=False)
        if not plan.source.again:
            plan = replace(plan, source=stack.enter_context(SpooledSource(plan.source)))
        passes = _Passes(plan, stack, progress)
        quality, (spool, written) = _search(plan, wish, passes)
        spool.seek(0)
        shutil.copyfileobj(spool, file)
        return quality, written


class SpooledSource(FrameSource):
    """A source that can be read once, made readable again: its frames are kept in a temporary file."""

    def __init__(self, once: FrameSource) -> None:
        super().__init__()
        self.notes, self.name, self.format, self.times = once.notes, once.name, once.format, once.times
        self._sizes = [
            (self.format.height, self.format.width),
            *[(chroma_size(self.format.height), chroma_size(self.format.width))] * 2,
        ]
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed at the end of the block that this one is)
        count = 0
        for frame in once.frames():
            for plane in frame:
                self._file.write(np.ascontiguousarray(plane).tobytes())
            count += 1
        self.expected = self.exact = count

    def __enter__(self) -> SpooledSource:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def frames(self) -> Any:
        """As `FrameSource.frames`."""
        self._file.seek(0)
        for _ in range(self.exact or 0):
            planes = (np.frombuffer(self._file.read(h * w), np.uint8).reshape(h, w) for h, w in self._sizes)
            yield Frame(*planes)


def _search(plan: Plan, wish: VideoWish, passes: _Passes) -> tuple[float, tuple[BinaryIO, Written]]:
    if wish.target_psnr is not None:
        return reach_psnr(passes, lambda done: done[1].quality.psnr_611_db, wish.target_psnr)
    if wish.target_size is not None:
        quality, result = reach_size(passes, lambda done: done[1].size, wish.target_size)
        if result[1].size > wish.target_size:
            raise UsageError(
                f"the video takes {result[1].size} bytes even at quality 0; {wish.target_size} cannot be reached"
            )
        return quality, result
    seconds = _duration(plan, passes)
    wanted = max(1, round((wish.bitrate or 0) * 125 * seconds))
    quality, result = reach_rate(passes, lambda done: done[1].size, wanted, RATE_TOLERANCE)
    reached = result[1].size / 125 / seconds
    if abs(reached / (wish.bitrate or 1) - 1) > 2 * RATE_TOLERANCE and quality in (0.0, 100.0):
        raise UsageError(
            f"a bitrate of {wish.bitrate:g} kbit/s cannot be reached: quality {quality:g} takes {reached:.1f} kbit/s"
        )
    return quality, result


def _duration(plan: Plan, passes: _Passes) -> float:
    """Seconds of the source; it is encoded once where the number of frames is not certain."""
    frames = plan.source.exact
    if frames is None:
        frames = passes(60.0)[1].frames
    return float(frames / plan.source.format.rate)


def _one_pass(progress: Progress, expected: int | None) -> Callable[[int], None]:
    return lambda frames: progress(min(1.0, frames / expected) if expected else 0.0, frames)


class _Passes:
    """Encodes a source at one quality after another, each into a temporary file; what was done is not done again."""

    _USUAL = 6  # passes that are expected, for showing progress

    def __init__(self, plan: Plan, stack: ExitStack, progress: Progress | None) -> None:
        self._plan = plan
        self._stack = stack
        self._progress = progress
        self._done: dict[float, tuple[BinaryIO, Written]] = {}
        self._frames = 0

    def __call__(self, quality: float) -> tuple[BinaryIO, Written]:
        if quality not in self._done:
            opened = tempfile.SpooledTemporaryFile(_SPOOL_MEMORY)  # noqa: SIM115  (the stack closes it)
            spool = cast(BinaryIO, self._stack.enter_context(opened))
            written = write_video(self._plan, quality, spool, self._report)
            self._frames += written.frames
            self._done[quality] = spool, written
        return self._done[quality]

    def _report(self, frames: int) -> None:
        if self._progress is None:
            return
        expected, passed = self._plan.source.expected or 0, len(self._done)
        part = min(1.0, frames / expected) if expected else 0.0
        self._progress(min(1.0, (passed + part) / max(self._USUAL, passed + 1)), self._frames + frames)


class _CheckedFrames:
    """Frames from outside, each looked at before it is used."""

    def __init__(self, frames: Iterable[Sequence[np.ndarray]]) -> None:
        self._rest = iter(frames)
        first = next(self._rest, None)
        if first is None:
            raise UsageError("there are no frames to encode")
        self.first = self._checked(first, None)
        self._begun = False

    def __iter__(self) -> Any:
        if self._begun:
            raise UsageError("these frames can be read only once; give a list of them")
        self._begun = True
        yield self.first
        for planes in self._rest:
            yield self._checked(planes, self.first.luma.shape)

    @staticmethod
    def _checked(planes: Sequence[np.ndarray], size: tuple[int, ...] | None) -> Frame:
        arrays = [np.require(plane, requirements=["C", "W"]) for plane in planes]
        if len(arrays) != 3 or any(plane.dtype != np.uint8 or plane.ndim != 2 for plane in arrays):
            raise UsageError("a frame is three planes Y, U, V of uint8 (height, width), U and V at half size")
        height, width = arrays[0].shape
        half = (chroma_size(height), chroma_size(width))
        if arrays[1].shape != half or arrays[2].shape != half:
            raise UsageError(f"planes U and V of a frame of {width}x{height} pixels are {half[1]}x{half[0]}")
        if size is not None and arrays[0].shape != size:
            raise UsageError(f"a frame of {width}x{height} pixels after one of {size[1]}x{size[0]}")
        return Frame(*arrays)
