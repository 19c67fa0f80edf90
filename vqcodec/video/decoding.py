"""Decoding of a video file, as a whole or in part, group by group."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vqcodec import user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.video.engines import engine_for
from vqcodec.video.files import VideoFile
from vqcodec.video.io.frames import Frame
from vqcodec.video.timeline import Part, groups_of, times_of

Progress = Callable[[int], None]


class Decoding:
    """Decodes a video file, or part of it.

    Args:
        video: from `files.read_video`; only the groups that are needed are read and decoded.
        codebook: the codebook that the file needs.
        part: the frames to decode; None for all.
        threads: None for all CPUs; the frames do not depend on it.

    Attributes:
        part: the frames that `frames` yields. length: the number of them.
        lost: lost frames of a salvaged file; complete when all frames have been yielded. A lost frame is replaced by
            the frame before it; at the beginning, by the first intact frame.

    Raises:
        UsageError: the part is not within the video.
        LimitError: the part is beyond a limit that is set.
    """

    def __init__(
        self, video: VideoFile, codebook: Codebook, *, part: Part | None = None, threads: int | None = None
    ) -> None:
        self._video = video
        self._codebook = codebook
        self._threads = threads
        part = part or Part(0, video.length)
        if not 0 <= part.first < min(part.end, video.length):
            raise UsageError(
                f"frames {part.first}:{part.end} are not within the video, which has {video.length} (from 0 on)"
            )
        self.part = Part(part.first, min(part.end, video.length))
        self.length = self.part.end - part.first
        self.lost: list[Part] = []
        form, most = video.header.format, user_limits.current()
        most.check("pixels", form.width * form.height, "video")
        most.check("frames", self.length, "video")
        most.check("seconds", float(self.length / form.rate), "video")
        most.check("output_bytes", form.samples * self.length, "video")

    def frames(self, progress: Progress | None = None) -> Iterator[Frame]:
        """Yield the frames, `length` in all.

        Args:
            progress: called with the number of frames yielded so far.

        Raises:
            CorruptFileError: a group is damaged and the file was not salvaged, or no frame is intact.
        """
        due, end = self.part.first, self.part.first + self.length
        held: Frame | None = None
        for number, frame in self._intact():
            if number > due:
                self._lose(due, number)
                yield from [frame if held is None else held] * (number - due)
            held, due = frame, number + 1
            yield frame
            if progress is not None:
                progress(due - self.part.first)
        if due < end:
            self._lose(due, end)
            if held is None:
                raise CorruptFileError("none of these frames is intact")
            yield from [held] * (end - due)

    def times(self) -> list[int] | None:
        """Return the times of the frames in units of `time_base`, and last the time at which the part ends.

        They begin with 0. None for a constant rate.
        """
        times = times_of(self._video, self.part)
        return None if times is None else [time - times[0] for time in times]

    def _intact(self) -> Iterator[tuple[int, Frame]]:
        """Yield the frames of the part that can be decoded, with their numbers."""
        for number in groups_of(self._video, self.part):
            try:
                yield from self._group(number)
            except CorruptFileError:
                if not self._video.salvaged:
                    raise

    def _group(self, number: int) -> Iterator[tuple[int, Frame]]:
        """Yield the frames of a group that belong to the part, with their numbers."""
        video = self._video
        start, count = video.starts[number], video.counts[number]
        format = video.header.format
        packet = video.group(number).packet
        told = engine_for(video.media.engine).frame_count(packet)
        if told != count:
            raise CorruptFileError(f"the group from frame {start} on has {told} frames, not {count}")
        decoded = engine_for(video.media.engine).decode_group(
            packet, format.width, format.height, self._codebook, self._threads
        )
        end = self.part.first + self.length
        following = start
        for following, frame in enumerate(decoded, start + 1):
            if self.part.first < following:
                yield following - 1, frame
            if following == end < start + count:  # after its last frame a group checks that nothing is left
                return
        if following < start + count:
            raise CorruptFileError(f"the group from frame {start} on ends after {following - start} frames of {count}")

    def _lose(self, first: int, end: int) -> None:
        self.lost.append(Part(first, end))
