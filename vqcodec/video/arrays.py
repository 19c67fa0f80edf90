"""Videos as arrays: frames as planes or RGB and sound in, frames out."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Unpack

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import chosen_codebook
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import UsageError
from vqcodec.media import decoding
from vqcodec.media.encoding import ASPECT, FRAME_RATE, FULL_RANGE, SAMPLE_RATE, EncodeOptions
from vqcodec.media.keywords import VideoKeywords
from vqcodec.media.kinds import MOST_PARTS
from vqcodec.media.registry import default_codebook
from vqcodec.media.target import THREADS
from vqcodec.speech.sound.arrays import ArraySource
from vqcodec.video.codec import MEDIUM, encode_to
from vqcodec.video.encoding import Plan
from vqcodec.video.io.frame_source import FrameSource
from vqcodec.video.io.frames import Frame, chroma_size
from vqcodec.video.io.pictures import format_of_rgb, frame_of
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.sound import code_sound

Planes = Sequence[np.ndarray]


def encode_video(
    frames: Iterable[Planes | np.ndarray],
    rate: str | float | Fraction,
    *,
    sound: tuple[np.ndarray, int] | None = None,
    aspect: float | Fraction | None = None,
    full_range: bool = False,
    **asked: Unpack[VideoKeywords],
) -> bytes:
    """Encode frames as a `.vqc` file.

    Args:
        frames: all RGB (as sRGB), uint8 (height, width, 3), or all planes Y, U and V: uint8 (height, width) and
            twice (ceil(height / 2), ceil(width / 2)). Any iterable, which is read frame by frame. One that is not a
            sequence is kept in a temporary file if a target takes several passes.
        rate: frames a second, 1/3600 to 100000, as a number or as text such as `30000/1001`. A float near one of NTSC's
            rates, such as 29.97, means that rate.
        sound: samples, as `encode_speech` takes them, and their sampling rate in Hz; it begins with the first frame.
            Every channel is kept. None for no sound.
        aspect: width of a sample to its height; None if it is not known.
        full_range: (planes) whether luma goes from 0 to 255, and not from 16 to 235.

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
        UsageError: there are no frames, they are no frames, the sound is no sound; an option is unknown, out of range
            or in conflict with another; the target cannot be reached.
        CodebookError: the codebook is not found, or is not for video.
        LimitError: the frames are too large, or the rate is beyond the limits.

    Warns:
        UserWarning: the target leaves room beyond the best or the lowest quality, or many frames of something that is
            no sequence were kept in a temporary file.
    """
    options = EncodeOptions.of_function("encode_video", MEDIUM, VideoKeywords.__optional_keys__, asked)
    frame_rate = FRAME_RATE.check(rate).limit_denominator(MOST_PARTS)
    given = {"aspect": aspect, "full_range": full_range}
    source = _GivenFrames(frames, frame_rate, ASPECT.value_in(given), FULL_RANGE.value_in(given))
    plan = Plan(
        source,
        chosen_codebook(options.codebook, default_codebook(MEDIUM)),
        work=options.work,
        options=options.engine,
        gop=options.gop,
        scene_cuts=options.scene_cuts is not False,
        embed_codebook=options.embed_codebook,
    )
    plan.check()
    if sound is not None:
        plan = replace(plan, sound=code_sound(_sound_source(sound), threads=options.work.threads))
    file = io.BytesIO()
    _, written = encode_to(plan, options.target, file)
    for note in (*source.notes, *written.notes):
        warnings.warn(note, stacklevel=2)
    return file.getvalue()


def decode_video(
    data: bytes, *, codebook: Codebook | str | os.PathLike[str] | None = None, threads: int | None = None
) -> tuple[list[Frame], Fraction]:
    """Return all frames of a `.vqc` video, and how many there are a second. `open_video` gives them one by one.

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


class _GivenFrames(FrameSource):
    """Frames from outside, RGB or planes; each is checked before it is used.

    Args:
        frames: read once, unless they are a sequence or an array.
        rate, aspect, full_range: as of `encode_video`, checked.

    Raises:
        UsageError: there are none, or the first is no frame.
        LimitError: the size or the rate is beyond the limits.
    """

    def __init__(
        self, frames: Iterable[Planes | np.ndarray], rate: Fraction, aspect: Fraction | None, full_range: bool
    ) -> None:
        super().__init__()
        self.name = "<frames>"
        if not isinstance(frames, Iterable):
            raise UsageError(f"frames must be an iterable of frames, not {type(frames).__name__}")
        self._frames = frames
        self.again = isinstance(frames, (Sequence, np.ndarray))
        if isinstance(frames, (Sequence, np.ndarray)):
            self.expected = self.exact = len(frames)
        self._rest = iter(frames)
        first = next(self._rest, None)
        if first is None:
            raise UsageError("there are no frames to encode")
        self._rgb = _is_rgb(first)
        self._first = self._checked(first, None)
        height, width = self._first.luma.shape
        if self._rgb:
            self.format = format_of_rgb(width, height, rate, aspect)
        else:
            self.format = VideoFormat(width, height, rate, aspect, full_range)
        self.format.check()

    def frames(self) -> Iterator[Frame]:
        size = self._first.luma.shape
        if self.again:
            for given in self._frames:
                yield self._checked(given, size)
            return
        yield self._first
        for given in self._rest:
            yield self._checked(given, size)

    def _checked(self, given: Planes | np.ndarray, size: tuple[int, ...] | None) -> Frame:
        """Return a frame; `size` is (height, width) of the first one.

        Raises:
            UsageError: it is no frame, or another kind or size than the first one.
        """
        if _is_rgb(given) != self._rgb:
            raise UsageError("some frames are RGB and others are planes; give all in one way")
        frame = _frame_of_rgb(given) if self._rgb else _frame_of_planes(given)
        height, width = frame.luma.shape
        if size is not None and frame.luma.shape != size:
            raise UsageError(f"a frame of {width}x{height} pixels after one of {size[1]}x{size[0]}")
        return frame


def _is_rgb(given: Any) -> bool:
    """Whether a frame is one array of three dimensions, and not planes."""
    return isinstance(given, np.ndarray) and given.ndim == 3


def _frame_of_rgb(given: Any) -> Frame:
    if given.dtype != np.uint8 or given.shape[2] != 3 or not given.size:
        raise UsageError(f"a frame as one array is uint8 (height, width, 3), not {given.dtype} {given.shape}")
    return frame_of(given)


def _frame_of_planes(given: Any) -> Frame:
    try:
        arrays = [np.require(plane, requirements=["C", "W"]) for plane in given]
    except (TypeError, ValueError):  # not iterable, or rows of different lengths
        arrays = []
    if len(arrays) != 3 or any(plane.dtype != np.uint8 or plane.ndim != 2 for plane in arrays):
        raise UsageError(
            "a frame is RGB, uint8 (height, width, 3), or three planes Y, U, V of uint8 (height, width), "
            "U and V at half size"
        )
    height, width = arrays[0].shape
    half = (chroma_size(height), chroma_size(width))
    if arrays[1].shape != half or arrays[2].shape != half:
        raise UsageError(f"planes U and V of a frame of {width}x{height} pixels are {half[1]}x{half[0]}")
    return Frame(*arrays)


def _sound_source(sound: tuple[np.ndarray, int]) -> ArraySource:
    """Return sound from outside, checked.

    Raises:
        UsageError: it is not samples and a sampling rate.
        LimitError: the rate or the number of channels is beyond the limits.
    """
    try:
        samples, rate = sound
    except (TypeError, ValueError):
        raise UsageError("sound must be two things, the samples and their sampling rate") from None
    return ArraySource.of(samples, SAMPLE_RATE.check(rate))
