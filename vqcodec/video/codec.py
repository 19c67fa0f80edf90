"""Video to `.vqc` files and back: quality, rate or size, and arrays in and out."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from typing import Any, BinaryIO, Unpack, cast

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import chosen_codebook
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import UsageError
from vqcodec.media import decoding
from vqcodec.media.encoding import ASPECT, FRAME_RATE, FULL_RANGE, EncodeOptions
from vqcodec.media.keywords import VideoKeywords
from vqcodec.media.kinds import MOST_PARTS
from vqcodec.media.reaching import reach_psnr, reach_rate, reach_size
from vqcodec.media.registry import default_codebook
from vqcodec.media.target import THREADS, Target
from vqcodec.video.encoding import Plan, Written, write_video
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.io.sources import ArraySource, FrameSource
from vqcodec.video.io.video_format import VideoFormat

MEDIUM = "video"
RATE_TOLERANCE = 0.01  # of the bitrate asked for; half of what the documents promise

_SPOOL_MEMORY = 1 << 24

Progress = Callable[[float, int], None]
"""Called with the part of the work that is done (0 to 1) and the frames coded so far, of all passes."""


def encode_video(
    frames: Iterable[Sequence[np.ndarray]],
    rate: float | Fraction,
    *,
    aspect: float | Fraction | None = None,
    full_range: bool = False,
    **asked: Unpack[VideoKeywords],
) -> bytes:
    """Encode frames as a `.vqc` file.

    Args:
        frames: each the planes Y, U and V: uint8 (height, width) and twice (ceil(height / 2), ceil(width / 2)). Any
            iterable; one that is not a sequence is kept in a temporary file if a target takes several passes.
        rate: frames a second, 1/3600 to 100000.
        aspect: width of a sample to its height; None if it is not known.
        full_range: whether luma goes from 0 to 255, and not from 16 to 235.

    Options, all by name:
        codebook: a codebook, or the name or path of one; without it `video`.
        quality: 0 to 100; higher means better and larger. 50 if no target is given.
        bitrate: kbit/s of the file on average, 0.1 to 1000000.
        target_size: most bytes of the file.
        target_psnr: dB to reach, mean over the frames of (6 Y + U + V) / 8, above 0 and up to 100. Give at most one of
            quality, bitrate, target_size and target_psnr; the last three take several passes.
        effort: 0 (quickest) to 9 (smallest files); 5 if it is not given.
        gop: most frames of a group, which decodes on its own; None for the engine's own choice.
        scene_cuts: whether a group also ends where the scene changes; None for yes.
        embed_codebook: store the codebook in the file, so that the file decodes anywhere.
        threads: how many to use; one a CPU if it is not given. The bytes are the same for any number.
        distance: (engine `video/mc`) frames from a key frame to the next: 1, 2, 4, 8 or 16.
        depth: (engine `video/st3d`) frames that share a transform along time: 1, 2, 4 or `auto`.
        motion: (engine `video/st3d`) whether blocks follow motion.
        replenish: (engine `video/st3d`) whether blocks may stay as they were before.

    Raises:
        UsageError: there are no frames, they are no frames, or an option is unknown, out of range or in conflict with
            another.
        CodebookError: the codebook is not found, or is not for video.
        LimitError: the frames are too large, or the rate is beyond the limits.
    """
    options = EncodeOptions.of_function("encode_video", MEDIUM, VideoKeywords.__optional_keys__, asked)
    frame_rate = FRAME_RATE.check(rate).limit_denominator(MOST_PARTS)
    given = {"aspect": aspect, "full_range": full_range}
    checked = _CheckedFrames(frames)
    height, width = checked.first.luma.shape
    format = VideoFormat(width, height, frame_rate, ASPECT.value_in(given), FULL_RANGE.value_in(given))
    format.check()
    plan = Plan(
        ArraySource(list(checked) if isinstance(frames, Sequence) else checked, format),
        chosen_codebook(options.codebook, default_codebook(MEDIUM)),
        work=options.work,
        options=options.engine,
        gop=options.gop,
        scene_cuts=options.scene_cuts is not False,
        embed_codebook=options.embed_codebook,
    )
    plan.check()
    file = io.BytesIO()
    encode_to(plan, options.target, file)
    return file.getvalue()


def decode_video(
    data: bytes, *, codebook: Codebook | str | os.PathLike[str] | None = None, threads: int | None = None
) -> tuple[list[Frame], Fraction]:
    """Return the frames of a `.vqc` video, and how many there are a second.

    Args:
        data: the bytes of the file.
        codebook: a codebook, or the name or path of one; without it the file's own is looked for.
        threads: how many to use; None for one a CPU.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: its codebook is not found, or `codebook` is not the one it needs.
        UsageError: an argument is of the wrong type or out of range.
    """
    from vqcodec.video.decoding import Decoding
    from vqcodec.video.files import read_video

    given = {"codebook": codebook, "threads": threads}
    book = chosen_codebook(decoding.CODEBOOK.value_in(given))
    video = read_video(io.BytesIO(decoding.DATA.check(data)))
    decoded = Decoding(video, codebook_of(video.media, book), threads=THREADS.value_in(given))
    return list(decoded.frames()), video.header.format.rate


def encode_to(plan: Plan, target: Target, file: BinaryIO, progress: Progress | None = None) -> tuple[float, Written]:
    """Encode for a target into a file that is open for writing; return the quality reached and what was written.

    Raises:
        UsageError: a size or rate cannot be reached, or the source cannot be read several times.
    """
    target.check_medium(MEDIUM)
    if target.psnr is None and target.size is None and target.bitrate is None:
        quality = target.quality_for(MEDIUM)
        expected = plan.source.expected
        report = None if progress is None else _one_pass(progress, expected)
        return quality, write_video(plan, quality, file, report)
    with ExitStack() as stack:
        plan = replace(plan, keep_partial=False)
        if not plan.source.again:
            plan = replace(plan, source=stack.enter_context(SpooledSource(plan.source)))
        passes = _Passes(plan, stack, progress)
        quality, (spool, written) = _search(plan, target, passes)
        spool.seek(0)
        shutil.copyfileobj(spool, file)
        return quality, written


class SpooledSource(FrameSource):
    """A source that can be read once, made readable again: a temporary file keeps its frames."""

    def __init__(self, once: FrameSource) -> None:
        super().__init__()
        self.notes, self.name, self.format, self.times = once.notes, once.name, once.format, once.times
        self._sizes = [
            (self.format.height, self.format.width),
            *[(chroma_size(self.format.height), chroma_size(self.format.width))] * 2,
        ]
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by __exit__)
        count = 0
        for frame in once.frames():
            for plane in frame:
                self._file.write(np.ascontiguousarray(plane).tobytes())
            count += 1
        self.expected = self.exact = count

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()

    def frames(self) -> Any:
        """Give the frames, as `FrameSource.frames`."""
        self._file.seek(0)
        for _ in range(self.exact or 0):
            planes = (np.frombuffer(self._file.read(h * w), np.uint8).reshape(h, w) for h, w in self._sizes)
            yield Frame(*planes)


def _search(plan: Plan, target: Target, passes: _Passes) -> tuple[float, tuple[BinaryIO, Written]]:
    if target.psnr is not None:
        return reach_psnr(passes, lambda done: done[1].quality.psnr_611_db, target.psnr)
    if target.size is not None:
        quality, result = reach_size(passes, lambda done: done[1].size, target.size)
        if result[1].size > target.size:
            raise UsageError(
                f"target size {target.size} cannot be reached: even at quality 0 the video takes {result[1].size} bytes"
            )
        return quality, result
    bitrate = target.bitrate or 0.0
    seconds = _duration(plan, passes)
    wanted = max(1, round(bitrate * 125 * seconds))
    quality, result = reach_rate(passes, lambda done: done[1].size, wanted, RATE_TOLERANCE)
    reached = result[1].size / 125 / seconds
    if abs(reached / bitrate - 1) > 2 * RATE_TOLERANCE and quality in (0.0, 100.0):
        raise UsageError(
            f"bitrate {bitrate:g} kbit/s cannot be reached: quality {quality:g} takes {reached:.1f} kbit/s"
        )
    return quality, result


def _duration(plan: Plan, passes: _Passes) -> float:
    """Return the seconds of the source; if the number of frames is not certain, encode it once to count them."""
    frames = plan.source.exact
    if frames is None:
        frames = passes(60.0)[1].frames
    return float(plan.source.moment(frames))


def _one_pass(progress: Progress, expected: int | None) -> Callable[[int], None]:
    return lambda frames: progress(min(1.0, frames / expected) if expected else 0.0, frames)


class _Passes:
    """Encodes a source at one quality after another, each into a temporary file; no quality is encoded twice."""

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
    """Frames from outside; each is checked before it is used."""

    def __init__(self, frames: Iterable[Sequence[np.ndarray]]) -> None:
        if not isinstance(frames, Iterable):
            raise UsageError(f"frames must be an iterable of frames, not {type(frames).__name__}")
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
        try:
            arrays = [np.require(plane, requirements=["C", "W"]) for plane in planes]
        except (TypeError, ValueError):  # not iterable, or rows of different lengths
            arrays = []
        if len(arrays) != 3 or any(plane.dtype != np.uint8 or plane.ndim != 2 for plane in arrays):
            raise UsageError("a frame is three planes Y, U, V of uint8 (height, width), U and V at half size")
        height, width = arrays[0].shape
        half = (chroma_size(height), chroma_size(width))
        if arrays[1].shape != half or arrays[2].shape != half:
            raise UsageError(f"planes U and V of a frame of {width}x{height} pixels are {half[1]}x{half[0]}")
        if size is not None and arrays[0].shape != size:
            raise UsageError(f"a frame of {width}x{height} pixels after one of {size[1]}x{size[0]}")
        return Frame(*arrays)
