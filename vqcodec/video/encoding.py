"""From frames to a chunked file: groups coded, some at a time, and written in order with the sound between them."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

from vqcodec import limits, user_limits
from vqcodec.codebook.codebook import Codebook
from vqcodec.container import ChunkWriter
from vqcodec.container.wrapping import reference_to
from vqcodec.errors import LimitError, UnreadableInputError
from vqcodec.interruption import StopRequest, asked_to_stop
from vqcodec.media.digests import SampleDigest
from vqcodec.media.registry import require_medium
from vqcodec.media.target import Work
from vqcodec.threads import default_threads
from vqcodec.video.engines import CodedGroup, Settings, engine_for
from vqcodec.video.grouping import SceneDetector, groups
from vqcodec.video.io.frame_source import FrameSource
from vqcodec.video.io.frames import Frame
from vqcodec.video.quality import FrameQuality, mean_quality, measure_frame
from vqcodec.video.sound import CodedSound
from vqcodec.video.stream import VideoHeader, pack_times

MOST_HELD = 1 << 28  # luma samples of all groups that are coded at the same time, unless one alone has more

Progress = Callable[[int], None]
"""Called with the number of frames done. If it raises, the work ends."""


@dataclass(frozen=True)
class Plan:
    """What does not change from one pass to the next.

    Attributes:
        source: of the frames. codebook: to code them with. sound: beside them, or None.
        work: how hard to work. options: of the engine, by name.
        gop: most frames of a group; None for the engine's own.
        scene_cuts: whether a group ends where the scene changes.
        embed_codebook: store the codebooks in the file.
        keep_partial: finish the file when interrupted.
        metadata: as the container keeps it.
    """

    source: FrameSource
    codebook: Codebook
    sound: CodedSound | None = None
    work: Work = field(default_factory=Work)
    options: Mapping[str, object] = field(default_factory=dict)
    gop: int | None = None
    scene_cuts: bool = True
    embed_codebook: bool = False
    keep_partial: bool = False
    metadata: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def group_length(self) -> int:
        """The most frames of a group."""
        return self._longest_group()

    @property
    def threads(self) -> int:
        """How many threads to use."""
        return self.work.threads or default_threads()

    def check(self) -> None:
        """Refuse what the engine cannot do or is beyond the limits, so that it is not found out after other work.

        Raises:
            UsageError: an option of the engine is unknown or out of range, or groups cannot be as long.
            CodebookError: the codebook is not for video.
            LimitError: the frames are larger than `user_limits` allows, or certainly too many.
        """
        require_medium(self.codebook, "video")
        self._longest_group()
        form, exact = self.source.format, self.source.exact
        user_limits.current().check("pixels", form.width * form.height, self.source.name)
        if exact is not None:
            self.check_length(exact)

    def check_length(self, frames: int) -> None:
        """Refuse more frames, or more seconds, than `user_limits` allows, by LimitError."""
        most = user_limits.current()
        most.check("frames", frames, self.source.name)
        most.check("seconds", float(frames / self.source.format.rate), self.source.name)

    def _longest_group(self) -> int:
        engine, format = engine_for(self.codebook.engine), self.source.format
        return engine.group_length(format.width, format.height, self.gop, self.options)


@dataclass
class Written:
    """What a pass has written.

    Attributes:
        size: bytes of the file. video_bytes, sound_bytes: bytes of the packets.
        frames, groups: how many. kinds: frames by kind.
        bits: of the packets by part. qualities: of each frame. digest: of the frames that the decoder will give.
        interrupted: whether it was ended early; what was written is whole.
        notes: what the user should know of the target.
    """

    size: int = 0
    video_bytes: int = 0
    sound_bytes: int = 0
    frames: int = 0
    groups: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bits: Counter[str] = field(default_factory=Counter)
    qualities: list[FrameQuality] = field(default_factory=list)
    digest: SampleDigest = field(default_factory=SampleDigest)
    interrupted: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def quality(self) -> FrameQuality:
        """The means over the frames."""
        return mean_quality(self.qualities)

    @property
    def copied_share(self) -> float:
        """The part of the video's bits that say what is copied within a frame, and what has palettes."""
        from vqcodec.blocks.syntax.parts import values_part  # whose neighbours decoding and `info` do without

        return self.bits[values_part(True, True)] / max(8 * self.video_bytes, 1)


def write_video(plan: Plan, quality: float, file: BinaryIO, progress: Progress | None = None) -> Written:
    """Encode a source at one quality into a file that is open for writing and need not be seekable.

    Raises:
        UnreadableInputError: the source is damaged, or has no frames.
        UsageError, CodebookError: from the engine.
        KeyboardInterrupt: interrupted, and nothing is kept.
    """
    counting = _Counting(file)
    written = Written()
    writer = ChunkWriter(counting, "video")  # type: ignore[arg-type]
    _declare(writer, plan)
    sound = _SoundPackets(plan.sound)
    with asked_to_stop(plan.keep_partial) as stop:
        try:
            for group, coded in _code_groups(plan, quality, progress, stop):
                _write_group(writer, plan, sound, written, group, coded)
        except KeyboardInterrupt:
            if not (plan.keep_partial and written.frames):
                raise
            written.interrupted = True
    if not written.frames:
        raise UnreadableInputError(f"{plan.source.name}: holds no frames")
    end = None if not written.interrupted else plan.source.moment(written.frames)
    written.sound_bytes += sound.write_until(writer, end)
    writer.close()
    written.size = counting.size
    return written


def _declare(writer: ChunkWriter, plan: Plan) -> None:
    """Codebooks, streams and metadata."""
    writer.codebook(reference_to(plan.codebook, embed=plan.embed_codebook))
    exact = None if plan.keep_partial else plan.source.exact
    header = VideoHeader(plan.source.format, exact, ends=plan.source.format.time_base is not None)
    writer.stream(0, "video", plan.codebook.engine, header.to_bytes())
    if plan.sound is not None:
        writer.codebook(reference_to(plan.sound.codebook, embed=plan.embed_codebook), 1)
        for number, stream in enumerate(plan.sound.streams):
            engine = plan.sound.codebook.engine
            writer.stream(1 + number, "speech", engine, stream.header.to_bytes(plan.sound.codec_rate), 1)
    for key in sorted(plan.metadata):
        writer.metadata(key, plan.metadata[key])


def _write_group(
    writer: ChunkWriter,
    plan: Plan,
    sound: _SoundPackets,
    written: Written,
    group: Sequence[Frame],
    coded: CodedGroup,
) -> None:
    """Write a group after the sound that begins before it, and add it to `written`."""
    start = written.frames
    if start + len(group) > limits.MAX_FRAMES:
        raise LimitError(f"more than {limits.MAX_FRAMES} frames")
    plan.check_length(start + len(group))
    packet = coded.packet
    if plan.source.format.time_base is not None:
        packet = pack_times(plan.source.times_of(start, len(group))) + packet
        written.bits["times"] += 8 * (len(packet) - len(coded.packet))
    written.sound_bytes += sound.write_until(writer, plan.source.moment(start))
    writer.packet(0, packet, start)
    written.video_bytes += len(packet)
    written.frames += len(group)
    written.groups += 1
    for frame in coded.frames:
        written.kinds[frame.kind] += 1
        written.bits.update(frame.bits)
    for planes in coded.reconstruction:
        written.digest.add_all(planes)
    written.qualities += [measure_frame(*pair) for pair in zip(group, coded.reconstruction)]


def _code_groups(
    plan: Plan, quality: float, progress: Progress | None, stop: StopRequest
) -> Iterator[tuple[list[Frame], CodedGroup]]:
    """Give each group of a source and its coded form, in order; threads code several at the same time."""
    engine = engine_for(plan.codebook.engine)
    length = plan.group_length
    format = plan.source.format
    fit = max(1, MOST_HELD // (format.width * format.height * length))
    workers = max(1, min(plan.threads, fit))
    effort = plan.work.effort_for("video")
    meter = _Meter(progress, stop)

    def code(group: list[Frame], threads: int, done: Progress) -> CodedGroup:
        coded = engine.encode_group(group, plan.codebook, Settings(quality, effort, threads, plan.options), done)
        done(len(group))
        return coded

    detector = SceneDetector() if plan.scene_cuts else None
    waiting: deque[tuple[list[Frame], Future[CodedGroup]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            ahead = _with_next(groups(stop.items(plan.source.frames()), length, detector))
            for number, (group, last) in enumerate(ahead):
                threads = plan.threads if last and number == 0 else plan.threads // workers
                waiting.append((group, pool.submit(code, group, threads, meter.part())))
                while len(waiting) >= workers:
                    done_group, future = waiting.popleft()
                    yield done_group, future.result()
            while waiting:
                done_group, future = waiting.popleft()
                yield done_group, future.result()
        finally:
            meter.stop()
            pool.shutdown(cancel_futures=True)


def _with_next(items: Iterator[list[Frame]]) -> Iterator[tuple[list[Frame], bool]]:
    """Give each group, and whether it is the last. So a video of one group is known to have only one."""
    held: list[Frame] | None = None
    for item in items:
        if held is not None:
            yield held, False
        held = item
    if held is not None:
        yield held, True


class _Meter:
    """Adds up the frames that several groups have done, and ends their work on request."""

    def __init__(self, progress: Progress | None, stop: StopRequest) -> None:
        self._progress = progress
        self._done: list[int] = []
        self._stopped = stop

    def part(self) -> Progress:
        """Return a function for one group to report to."""
        number = len(self._done)
        self._done.append(0)

        def report(frames: int) -> None:
            if self._stopped.is_set():
                raise KeyboardInterrupt
            self._done[number] = frames
            if self._progress is not None:
                self._progress(sum(self._done))

        return report

    def stop(self) -> None:
        """End groups that are still being coded at their next report; no effect if all are done."""
        self._stopped.set()


class _SoundPackets:
    """The packets of sound that are still to be written, by time."""

    def __init__(self, sound: CodedSound | None) -> None:
        self._rate = 1 if sound is None else sound.codec_rate
        streams = () if sound is None else sound.streams
        self._due = deque(
            sorted(
                (start, 1 + number, packet)
                for number, stream in enumerate(streams)
                for start, packet in zip(stream.starts, stream.packets, strict=True)
            )
        )

    def write_until(self, writer: ChunkWriter, end_s: Fraction | None) -> int:
        """Write the packets that begin up to `end_s` (None: all), and return how many bytes were written."""
        size = 0
        while self._due and (end_s is None or Fraction(self._due[0][0], self._rate) <= end_s):
            start, stream, packet = self._due.popleft()
            writer.packet(stream, packet, start)
            size += len(packet)
        return size


class _Counting:
    """A file that counts the bytes written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return self._file.write(data)
