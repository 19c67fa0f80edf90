"""A video to a `.vqc` file, for a quality, a rate, a size or a PSNR."""

from __future__ import annotations

import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import BinaryIO, cast

import numpy as np

from vqcodec.errors import UsageError
from vqcodec.files.temporary import keeping
from vqcodec.media.reaching import PSNR_DB, reach_fidelity, reach_rate, reach_size
from vqcodec.media.target import Target
from vqcodec.video.encoding import Plan, Written, write_video
from vqcodec.video.io.frame_source import FrameSource
from vqcodec.video.io.frames import Frame, chroma_size

MEDIUM = "video"
RATE_TOLERANCE = 0.01  # of the bitrate asked for; half of what the documents promise

_SPOOL_MEMORY = 1 << 24

Progress = Callable[[float, int], None]
"""Called with the part of the work that is done (0 to 1) and the frames coded so far, of all passes."""


def encode_to(plan: Plan, target: Target, file: BinaryIO, progress: Progress | None = None) -> tuple[float, Written]:
    """Encode for a target into a file that is open for writing; return the quality reached and what was written.

    Raises:
        UsageError: the target cannot be reached (see `Target.judge`).
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
    """A source that can be read once, made readable again: its frames are kept, packed without loss.

    They are kept in memory up to _SPOOL_MEMORY bytes, and above that in a temporary file, which a note says.
    """

    def __init__(self, once: FrameSource) -> None:
        super().__init__()
        self.notes, self.name, self.format, self.times = once.notes, once.name, once.format, once.times
        self._shapes = [
            (self.format.height, self.format.width),
            *[(chroma_size(self.format.height), chroma_size(self.format.width))] * 2,
        ]
        self._file = tempfile.SpooledTemporaryFile(_SPOOL_MEMORY)  # noqa: SIM115  (closed by `close`)
        self._sizes: list[int] = []
        try:
            for frame in once.frames():
                self._keep(frame)
        except BaseException:
            self._file.close()
            raise
        self.expected = self.exact = len(self._sizes)
        if sum(self._sizes) > _SPOOL_MEMORY:
            self.note(
                f"several passes need its frames: {sum(self._sizes) / 1e6:.1f} MB were kept in {tempfile.gettempdir()} "
                "meanwhile; a file is read again instead"
            )

    def _keep(self, frame: Frame) -> None:
        packed = zlib.compress(b"".join(np.ascontiguousarray(plane).tobytes() for plane in frame), 1)
        self._sizes.append(len(packed))
        with keeping(self.name):
            self._file.write(packed)

    def close(self) -> None:
        """Remove the temporary file."""
        self._file.close()

    def frames(self) -> Iterator[Frame]:
        self._file.seek(0)
        for size in self._sizes:
            samples = np.frombuffer(zlib.decompress(self._file.read(size)), np.uint8)
            planes = np.split(samples, np.cumsum([height * width for height, width in self._shapes])[:-1])
            yield Frame(*(plane.reshape(shape) for plane, shape in zip(planes, self._shapes)))


def _search(plan: Plan, target: Target, passes: _Passes) -> tuple[float, tuple[BinaryIO, Written]]:
    """Return the quality that meets a target, and its encoding. A note says so if the target leaves room.

    Raises:
        UsageError: the target cannot be reached.
    """
    reached: float
    if target.psnr is not None:
        quality, result = reach_fidelity(passes, lambda done: done[1].quality.psnr_611_db, target.psnr)
        reached, tolerance = result[1].quality.psnr_611_db, PSNR_DB.shortfall
    elif target.size is not None:
        _check_sound(plan, target.size, f"target size {target.size}", "{} bytes")
        quality, result = reach_size(passes, lambda done: done[1].size, target.size)
        reached, tolerance = result[1].size, 0.0
    else:
        bitrate, seconds = target.bitrate or 0.0, _duration(plan, passes)
        wanted = max(1, round(bitrate * 125 * seconds))
        sound_kbps = _sound_bytes(plan) / 125 / seconds
        _check_sound(plan, wanted, f"bitrate {bitrate:g} kbit/s", f"{sound_kbps:.1f} kbit/s")
        quality, result = reach_rate(passes, lambda done: done[1].size, wanted, RATE_TOLERANCE)
        reached, tolerance = result[1].size / 125 / seconds, 2 * RATE_TOLERANCE * bitrate
    result[1].notes.extend(target.judge(reached, "the video", quality=quality, tolerance=tolerance))
    return quality, result


def _check_sound(plan: Plan, wanted: int, target: str, takes: str) -> None:
    """Raise UsageError if the sound alone takes all of the wanted bytes.

    Args:
        target: what is asked for. takes: how to say what the sound takes, of its bytes.
    """
    sound = _sound_bytes(plan)
    if sound >= wanted:
        raise UsageError(
            f"{target} cannot be reached: the sound alone takes {takes.format(sound)}; leave it out with audio=False"
        )


def _sound_bytes(plan: Plan) -> int:
    """Return the bytes of the packets of the sound."""
    return 0 if plan.sound is None else sum(len(packet) for one in plan.sound.streams for packet in one.packets)


def _duration(plan: Plan, passes: _Passes) -> float:
    """Return the seconds of the source; if the number of frames is not certain, encode it once to count them."""
    frames = plan.source.exact
    if frames is None:
        frames = passes(60.0)[1].frames
    return float(plan.source.moment(frames))


def _one_pass(progress: Progress, expected: int | None) -> Callable[[int], None]:
    return lambda frames: progress(min(1.0, frames / expected) if expected else 0.0, frames)


class _Kept:
    """A temporary file of the work on `name`; a failure to write to it says so."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name

    def write(self, data: bytes) -> int:
        with keeping(self._name):
            return self._file.write(data)


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
            written = write_video(
                self._plan, quality, cast(BinaryIO, _Kept(spool, self._plan.source.name)), self._report
            )
            self._frames += written.frames
            self._done[quality] = spool, written
        return self._done[quality]

    def _report(self, frames: int) -> None:
        if self._progress is None:
            return
        expected, passed = self._plan.source.expected or 0, len(self._done)
        part = min(1.0, frames / expected) if expected else 0.0
        self._progress(min(1.0, (passed + part) / max(self._USUAL, passed + 1)), self._frames + frames)
