"""Files of video in and out: what `vqcodec.api` calls when a source is video, or a `.vqc` file of video."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO, cast

from vqcodec.codebook_use import codebook_use
from vqcodec.container.atomic import writing
from vqcodec.endpoints import Destination, Source, name_of, naming, seekable
from vqcodec.errors import CodebookError
from vqcodec.reports import CodebookUse
from vqcodec.speech.audio_output import FORMATS as SOUND_FORMATS
from vqcodec.speech.audio_output import write_audio
from vqcodec.speech.codec import codebook_of as speech_codebook_of
from vqcodec.speech.decoding import Decoding as SoundDecoding
from vqcodec.speech.decoding import SoundShape
from vqcodec.speech.files import SpeechFile
from vqcodec.video.codec import Progress, VideoWish, default_threads, encode_to
from vqcodec.video.decoding import Decoding, Part, duration_of, part_of
from vqcodec.video.encoding import Plan, Written
from vqcodec.video.engines import engine_for
from vqcodec.video.files import VideoFile, check_structure, codebook_of, read_video
from vqcodec.video.output import VideoWriting, find_format
from vqcodec.video.sound import CodedSound, encode_sound_of
from vqcodec.video.sources import FrameSource, PartSource, frame_range, frame_rate, open_video
from vqcodec.video.video_format import VideoFormat
from vqcodec.video_reports import (
    FrameBits,
    LostFrames,
    VideoDecodeReport,
    VideoEncodeReport,
    VideoInfo,
    VideoVerifyReport,
)
from vqcodec.vq.codebook import Codebook
from vqcodec.vq.library import DEFAULT_CODEBOOKS, load_codebook

_MAX_NAMED = 5  # lost parts that a note names
_LONGER_S = 0.5  # by which sound may outlast the picture without a word


@dataclass(frozen=True)
class VideoChoices:
    """What is asked of an encoding beside quality.

    Attributes:
        fps: frames a second, in the place of what the source says. frames: range "a:b" to encode.
        gop: most frames of a group. scene_cuts: whether a cut ends a group.
        audio: whether sound is kept. channels, band: of the sound, as of speech.
        keep_partial: keep what is coded when interrupted.
        options: of the engine.
    """

    fps: str | None = None
    frames: str | None = None
    gop: int | None = None
    scene_cuts: bool = True
    audio: bool = True
    channels: str = "keep"
    band: str = "auto"
    keep_partial: bool = False
    options: Mapping[str, Any] | None = None


def encode(
    source: Source,
    destination: Destination | None,
    name: str,
    *,
    codebook: Codebook | None,
    wish: VideoWish,
    choices: VideoChoices,
    embed_codebook: bool = False,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> VideoEncodeReport:
    """Encode a video; arguments and errors as `vqcodec.api.encode`."""
    started = time.perf_counter()
    book = codebook or load_codebook(DEFAULT_CODEBOOKS["video"])
    with _opened(source, name, choices) as (frames, input_bytes):
        plan = Plan(
            frames,
            book,
            effort=wish.effort,
            options=choices.options or {},
            group=choices.gop,
            scene_cuts=choices.scene_cuts,
            embed_codebook=embed_codebook,
            threads=threads or default_threads(),
            keep_partial=choices.keep_partial,
        )
        _ = plan.group_length  # options of the engine are refused before the work
        sound = _sound_of(frames, name, choices, plan.threads)
        plan = Plan(**{**vars(plan), "sound": sound})
        memory = io.BytesIO()
        report = _reporting(progress)
        if destination is None:
            quality, written = encode_to(plan, wish, memory, report)
        else:
            quality, written = _encode_to_destination(plan, wish, destination, overwrite, report)
        return _encode_report(
            plan,
            quality,
            written,
            wish,
            name=name,
            output=None if destination is None else name_of(destination),
            input_bytes=input_bytes,
            started=started,
            data=memory.getvalue() if destination is None else None,
        )


def decode(
    source: Source,
    destination: Destination | None,
    name: str,
    *,
    format: str | None = None,
    codebook: Codebook | None = None,
    frames: str | None = None,
    start: float | None = None,
    duration: float | None = None,
    lossless: bool = False,
    audio: bool = True,
    salvage: bool = False,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> VideoDecodeReport:
    """Decode a `.vqc` file of video; arguments and errors as `vqcodec.api.decode`."""
    started = time.perf_counter()
    chosen = find_format(format, destination)
    notes: list[str] = []
    with seekable(source, name) as file, tempfile.TemporaryDirectory(prefix="vqcodec-") as folder:
        video = read_video(file, salvage=salvage)
        book = codebook_of(video, codebook)
        part = part_of(video, None if frames is None else frame_range(frames), start, duration)
        decoding = Decoding(video, book, part=part, threads=threads)
        form = video.header.format
        sound = None
        if audio and chosen.sound and video.sound is not None:
            sound = _decode_sound(video, video.sound, part, os.path.join(folder, "sound.wav"), threads, notes)
        elif audio and video.sound is not None:
            notes.append(f"{chosen.name} has no place for its sound, which is left out")
        if form.time_base is not None and not chosen.muxer:
            notes.append(f"{chosen.name} has no place for the frames' times; write mkv or mp4 to keep them")
        memory = io.BytesIO()
        job = VideoWriting(decoding, form, chosen, sound, lossless, overwrite)
        length = decoding.length
        report = None if progress is None else lambda done: progress(done / length)
        written = job.write(memory if destination is None else destination, decoding.frames(report))
    return VideoDecodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=video.size,
        output_bytes=written,
        width=form.width,
        height=form.height,
        frame_rate=str(form.rate),
        frames=length,
        duration_s=float(length / form.rate),
        format=chosen.name,
        seconds=time.perf_counter() - started,
        first_frame=decoding.first,
        sound=sound is not None,
        lost=tuple(LostFrames(lost.first, lost.end) for lost in decoding.lost),
        notes=(*notes, *_loss_notes(video, decoding.lost)),
        data=memory.getvalue() if destination is None else None,
    )


def info(source: Source, name: str, *, bits: bool = False, codebook: Codebook | None = None) -> VideoInfo:
    """What a `.vqc` file of video says of itself; arguments and errors as `vqcodec.api.info`."""
    with seekable(source, name) as file:
        video = read_video(file)
        book = codebook_of(video, codebook) if bits else None
        by_frame = None if book is None else tuple(_bits_by_frame(video, book))
        payload = video.video_bytes
        sound = None if video.sound is None else _describe_sound(video.sound)
        sound_bytes = 0 if video.sound is None else _sound_bytes(video.sound)
    form, seconds = video.header.format, duration_of(video)
    embedded = 0 if video.codebook.embedded is None else len(video.codebook.embedded)
    return VideoInfo(
        input=name,
        input_bytes=video.size,
        medium="video",
        engine=video.engine,
        width=form.width,
        height=form.height,
        frame_rate=str(form.rate),
        variable_rate=form.time_base is not None,
        sample_aspect=None if form.aspect is None else str(form.aspect),
        full_range=form.full_range,
        matrix=form.matrix,
        frames=video.length,
        duration_s=seconds,
        groups=len(video.starts),
        kbps=video.size * 8 / seconds / 1000,
        video_kbps=payload * 8 / seconds / 1000,
        codebook=codebook_use(video.codebook),
        sound=sound,
        metadata={key: len(value) for key, value in video.metadata.items()},
        bits=None if by_frame is None else _summed(by_frame, payload, sound_bytes, embedded, video.size),
        frame_bits=by_frame,
    )


def verify(
    source: Source, name: str, *, codebook: Codebook | None = None, threads: int | None = None
) -> VideoVerifyReport:
    """Check a `.vqc` file of video in full; arguments and errors as `vqcodec.api.verify`."""
    started = time.perf_counter()
    with seekable(source, name) as file:
        check_structure(file)
        video = read_video(file)
        book = codebook_of(video, codebook)
        for _ in Decoding(video, book, threads=threads).frames():
            pass  # decoding is the check
        if video.sound is not None:
            sound_book = speech_codebook_of(video.sound, None)
            for _ in SoundDecoding(video.sound, sound_book, rate="codec", threads=threads).blocks():
                pass
    return VideoVerifyReport(
        input=name,
        input_bytes=video.size,
        engine=video.engine,
        width=video.header.format.width,
        height=video.header.format.height,
        frames=video.length,
        duration_s=duration_of(video),
        codebook=CodebookUse(book.name, book.identity, video.codebook.embedded is not None, True),
        checks=("structure", "checksums", "codebook", "decoding"),
        seconds=time.perf_counter() - started,
    )


@contextmanager
def frames_of(
    source: Source, name: str, coded: bool, codebook: Codebook | None, threads: int | None
) -> Iterator[tuple[VideoFormat, Iterator[Any]]]:
    """The format and the frames of a video, or of a `.vqc` file of one."""
    if not coded:
        with _opened(source, name, VideoChoices()) as (frames, _):
            yield frames.format, frames.frames()
        return
    with naming(name), seekable(source, name) as file:
        video = read_video(file)
        decoding = Decoding(video, codebook_of(video, codebook), threads=threads)
        yield video.header.format, decoding.frames()


@contextmanager
def _opened(source: Source, name: str, choices: VideoChoices) -> Iterator[tuple[FrameSource, int | None]]:
    """The frames to encode, and the bytes of the file that they are in, if it is one."""
    rate = None if choices.fps is None else frame_rate(choices.fps)
    with _as_path_or_stream(source) as (origin, size):
        frames = open_video(origin, name, rate=rate)
        if choices.frames is not None:
            part = PartSource(frames, *frame_range(choices.frames))
            if choices.audio and frames.sound is not None:
                part.note("sound left out, because a part of the frames is encoded")
            frames = part
        yield frames, size


@contextmanager
def _as_path_or_stream(source: Source) -> Iterator[tuple[str | BinaryIO, int | None]]:
    """A path, for ffmpeg to open, or a stream of y4m; other bytes are kept in a temporary file."""
    from vqcodec.video.y4m import MAGIC

    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        yield path, os.path.getsize(path) if os.path.isfile(path) else None
        return
    if not isinstance(source, (bytes, bytearray, memoryview)):
        yield source, None
        return
    data = bytes(source)
    if data.startswith(MAGIC):
        yield io.BytesIO(data), len(data)
        return
    with tempfile.TemporaryDirectory(prefix="vqcodec-") as folder:
        path = os.path.join(folder, "source")
        with open(path, "wb") as file:
            file.write(data)
        yield path, len(data)


def _sound_of(frames: FrameSource, name: str, choices: VideoChoices, threads: int) -> CodedSound | None:
    """The sound of a source, coded; None where it has none, or none that can be coded here is wanted."""
    if not choices.audio or frames.sound is None:
        return None
    try:
        sound = encode_sound_of(frames.sound, name, channels=choices.channels, band=choices.band, threads=threads)
    except CodebookError as error:
        raise CodebookError(f"{name}: its sound cannot be coded: {error}; leave it out with --no-audio") from None
    return sound


def _encode_to_destination(
    plan: Plan, wish: VideoWish, destination: Destination, overwrite: bool, progress: Progress | None
) -> tuple[float, Written]:
    if isinstance(destination, (str, os.PathLike)):
        with writing(destination, overwrite=overwrite) as file:
            return encode_to(plan, wish, file, progress)
    return encode_to(plan, wish, destination, progress)


def _reporting(progress: Callable[[float], None] | None) -> Progress | None:
    """Progress with the rate at which frames are coded, for those who take it."""
    if progress is None:
        return None
    started = time.perf_counter()
    speak = cast(Callable[..., None], progress)
    takes_words = getattr(progress, "takes_words", False)

    def report(done: float, frames: int) -> None:
        if takes_words:
            speak(done, f"{frames / max(1e-3, time.perf_counter() - started):.1f} fps")
        else:
            speak(done)

    return report


def _encode_report(
    plan: Plan,
    quality: float,
    written: Written,
    wish: VideoWish,
    *,
    name: str,
    output: str | None,
    input_bytes: int | None,
    started: float,
    data: bytes | None,
) -> VideoEncodeReport:
    form = plan.source.format
    seconds = float(written.frames / form.rate)
    quality_reached = written.quality
    asked = {
        "bitrate_kbps": wish.bitrate,
        "target_size": wish.target_size,
        "target_psnr_db": wish.target_psnr,
        "gop": plan.group_length,
        "scene_cuts": plan.scene_cuts,
        **plan.options,
    }
    bits = {**written.bits, "sound": 8 * written.sound_bytes}
    bits["container"] = 8 * written.size - sum(bits.values())
    samples = form.width * form.height + 2 * (-(-form.width // 2)) * (-(-form.height // 2))
    notes = list(plan.source.notes)
    if written.interrupted:
        notes.append(f"interrupted; the first {written.frames} frames are in the file")
    if plan.sound is not None and plan.sound.duration_s > seconds + _LONGER_S and not written.interrupted:
        notes.append(f"its sound lasts {plan.sound.duration_s:.1f} s, the picture {seconds:.1f} s; both are kept")
    return VideoEncodeReport(
        input=name,
        output=output,
        input_bytes=input_bytes,
        output_bytes=written.size,
        width=form.width,
        height=form.height,
        frame_rate=str(form.rate),
        frames=written.frames,
        duration_s=seconds,
        groups=written.groups,
        kinds=dict(sorted(written.kinds.items())),
        kbps=written.size * 8 / seconds / 1000,
        video_kbps=written.video_bytes * 8 / seconds / 1000,
        sound_kbps=written.sound_bytes * 8 / seconds / 1000,
        ratio=samples * written.frames / written.video_bytes,
        psnr_y_db=quality_reached.y_db,
        psnr_u_db=quality_reached.u_db,
        psnr_v_db=quality_reached.v_db,
        psnr_611_db=quality_reached.psnr_611_db,
        seconds=time.perf_counter() - started,
        engine=plan.codebook.engine,
        codebook=CodebookUse(plan.codebook.name, plan.codebook.identity, plan.embed_codebook, True),
        parameters={
            "quality": round(quality, 3),
            "effort": plan.effort,
            **{key: value for key, value in asked.items() if value is not None},
        },
        bits=bits,
        sound=None
        if plan.sound is None
        else {
            "channels": len(plan.sound.streams),
            "codec_rate": plan.sound.codec_rate,
            "duration_s": plan.sound.duration_s,
        },
        notes=tuple(notes),
        interrupted=written.interrupted,
        data=data,
    )


def _decode_sound(
    video: VideoFile, sound: SpeechFile, part: Part, path: str, threads: int | None, notes: list[str]
) -> str | None:
    """The sound that belongs to a part of the video, as a WAV file; None where there is none so late."""
    rate = video.header.format.rate
    whole = part.first == 0 and part.end >= video.length
    start = float(part.first / rate)
    length = None if whole else float((part.end - part.first) / rate)
    shape = SoundShape.of(sound)
    if start >= shape.source_length / shape.source_rate:
        notes.append("its sound ends before this part")
        return None
    book = speech_codebook_of(sound, None)
    decoding = SoundDecoding(sound, book, start_s=start, duration_s=length, threads=threads)
    write_audio(
        decoding.blocks(),
        path,
        format=SOUND_FORMATS[".wav"],
        rate=decoding.rate,
        channels=decoding.channels,
        length=decoding.length,
    )
    if decoding.lost:
        notes.append(f"{len(decoding.lost)} lost packets of sound concealed")
    return path


def _loss_notes(video: VideoFile, lost: Sequence[Part]) -> tuple[str, ...]:
    """What salvage had to pass over and replace."""
    notes = [f"damaged: {reason}" for reason in video.damage[:_MAX_NAMED]]
    if lost:
        count = sum(part.end - part.first for part in lost)
        named = ", ".join(f"{part.first}:{part.end}" for part in lost[:_MAX_NAMED])
        more = " and more" if len(lost) > _MAX_NAMED else ""
        notes.append(f"{count} lost frames, {named}{more}; in their place stands the last one before them")
    return tuple(notes)


def _bits_by_frame(video: VideoFile, book: Codebook) -> Iterator[FrameBits]:
    form = video.header.format
    engine = engine_for(video.engine)
    for number, start in enumerate(video.starts):
        coded = engine.count_bits(video.group(number).packet, form.width, form.height, book)
        for offset, frame in enumerate(coded):
            yield FrameBits(start + offset, frame.kind, dict(frame.bits))


def _summed(frames: Sequence[FrameBits], payload: int, sound: int, embedded: int, size: int) -> dict[str, int]:
    """Bits by part of the whole file; they sum to 8 times its size."""
    parts: Counter[str] = Counter()
    for frame in frames:
        parts.update(frame.bits)
    counted = dict(parts)
    times = 8 * payload - sum(counted.values())
    if times:
        counted["times"] = times
    if sound:
        counted["sound"] = 8 * sound
    if embedded:
        counted["codebook"] = 8 * embedded
    counted["container"] = 8 * size - sum(counted.values())
    return counted


def _sound_bytes(sound: SpeechFile) -> int:
    return sum(len(packet or b"") for stream in sound.streams for packet in stream.packets)


def _describe_sound(sound: SpeechFile) -> dict[str, Any]:
    shape = SoundShape.of(sound)
    duration = Fraction(shape.source_length, shape.source_rate)
    return {
        "engine": sound.media.engine,
        "channels": len(sound.streams),
        "codec_rate": shape.codec_rate,
        "sample_rate": shape.source_rate,
        "duration_s": float(duration),
        "kbps": _sound_bytes(sound) * 8 / float(duration) / 1000,
        "codebook": codebook_use(sound.media.codebook).as_dict(),
    }
