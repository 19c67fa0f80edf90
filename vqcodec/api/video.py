"""Files of video in and out: what `vqcodec.api` calls when a source is video, or a `.vqc` file of video."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from dataclasses import replace

from vqcodec.api.codebooks import codebook_use
from vqcodec.api.comparison.video import measure
from vqcodec.api.media import Side
from vqcodec.api.previews.shown import preview_of
from vqcodec.api.texts import metadata_of, texts_of
from vqcodec.api.video_figures import (
    bits_by_frame,
    bits_by_part,
    coded_sound_facts,
    encoded_bits,
    encoding_notes,
    encoding_parameters,
    loss_notes,
    sound_facts,
)
from vqcodec.api.video_input import frames_of, opened
from vqcodec.api.video_sound import decode_sound, is_sound_format, sound_to_write
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import CodebookError
from vqcodec.files.atomic import writing
from vqcodec.files.endpoints import Destination, Source, name_of, naming, seekable
from vqcodec.files.temporary import temporary_folder
from vqcodec.files.texts import all_in_one
from vqcodec.media.decoding import DecodeOptions
from vqcodec.media.digests import SampleDigest, digest_of_channels, in_hexadecimal
from vqcodec.media.encoding import EncodeOptions
from vqcodec.media.progress import Progress as PartDone
from vqcodec.media.progress import SpokenProgress
from vqcodec.media.registry import default_codebook
from vqcodec.reports.base import CodebookUse
from vqcodec.reports.speech import SpeechDecodeReport
from vqcodec.reports.video import (
    LostFrames,
    VideoComparison,
    VideoDecodeReport,
    VideoEncodeReport,
    VideoInfo,
    VideoVerifyReport,
)
from vqcodec.speech.decoding import Decoding as SoundDecoding
from vqcodec.video.codec import MEDIUM, Progress, encode_to
from vqcodec.video.decoding import Decoding
from vqcodec.video.encoding import Plan
from vqcodec.video.files import check_structure, read_video
from vqcodec.video.io.formats import find_format
from vqcodec.video.io.frame_source import FrameSource
from vqcodec.video.io.output import VideoWriting
from vqcodec.video.sound import encode_sound_of
from vqcodec.video.timeline import duration_of, moment_of, part_of


def encode(
    source: Source, destination: Destination | None, name: str, codebook: Codebook | None, asked: EncodeOptions
) -> VideoEncodeReport:
    """Encode a video; arguments and errors as `vqcodec.api.encode`."""
    started = time.perf_counter()
    target, memory = asked.target, io.BytesIO()
    with naming(name):
        book = codebook or load_codebook(default_codebook(MEDIUM))
        with opened(source, name, asked) as (frames, input_bytes):
            plan = _plan(frames, book, name, asked)
            report = _reporting(asked.progress)
            if isinstance(destination, (str, os.PathLike)):
                with writing(destination, overwrite=asked.overwrite) as file:
                    quality, written = encode_to(plan, target, file, report)
            else:
                quality, written = encode_to(plan, target, memory if destination is None else destination, report)
    form, reached = plan.source.format, written.quality
    seconds = float(plan.source.moment(written.frames))
    return VideoEncodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
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
        ratio=form.samples * written.frames / written.video_bytes,
        psnr_y_db=reached.y_db,
        psnr_u_db=reached.u_db,
        psnr_v_db=reached.v_db,
        psnr_611_db=reached.psnr_611_db,
        seconds=time.perf_counter() - started,
        engine=book.engine,
        codebook=CodebookUse(book.name, book.identity, asked.embed_codebook, True),
        parameters=encoding_parameters(plan, target, quality),
        bits=encoded_bits(written, plan.metadata),
        decoded_sha256=in_hexadecimal([written.digest.value(), *(() if plan.sound is None else plan.sound.digests)]),
        sound=coded_sound_facts(plan.sound),
        changed=tuple(plan.source.notes),
        notes=encoding_notes(plan, written, seconds),
        interrupted=written.interrupted,
        data=memory.getvalue() if destination is None else None,
        preview=preview_of(memory.getvalue() if destination is None else destination, MEDIUM, codebook),
    )


def decode(
    source: Source, destination: Destination | None, name: str, codebook: Codebook | None, asked: DecodeOptions
) -> VideoDecodeReport | SpeechDecodeReport:
    """Decode a `.vqc` file of video, or its sound alone; arguments and errors as `vqcodec.api.decode`."""
    if is_sound_format(asked.format, destination):
        return decode_sound(source, destination, name, asked)
    started = time.perf_counter()
    memory = io.BytesIO()
    with naming(name):
        chosen = find_format(asked.format, destination)
        with seekable(source, name) as file, temporary_folder(name) as folder:
            video = read_video(file, salvage=asked.salvage)
            form = video.header.format
            if asked.lossless:
                chosen.check_lossless(form.width, form.height)
            book = codebook_of(video.media, codebook)
            part = part_of(video, asked.frames, asked.start, asked.duration)
            decoding = Decoding(video, book, part=part, threads=asked.threads)
            sound: str | None = None
            notes: list[str] = []
            if asked.audio is not False and video.sound is not None:
                sound, notes = sound_to_write(video, video.sound, decoding.part, chosen, folder, asked.threads)
            if form.time_base is not None and not chosen.muxer:
                notes.append(f"{chosen.name} has no place for the frames' times; write mkv or mp4 to keep them")
            texts = texts_of(video.media.metadata)
            if texts and not chosen.muxer:
                notes.append(f"{chosen.name} has no place for its texts ({', '.join(texts)}), which are left out")
            job = VideoWriting(
                form,
                chosen,
                decoding.part.first,
                decoding.length,
                decoding.times(),
                sound,
                texts,
                asked.lossless,
                asked.overwrite,
            )
            notes += job.notes()
            frames = decoding.frames(_share_of(decoding.length, asked.progress))
            seconds = float(moment_of(video, decoding.part.end) - moment_of(video, decoding.part.first))
            written = job.write(memory if destination is None else destination, frames)
    return VideoDecodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=video.size,
        output_bytes=written,
        width=form.width,
        height=form.height,
        frame_rate=str(form.rate),
        frames=decoding.length,
        duration_s=seconds,
        format=chosen.name,
        seconds=time.perf_counter() - started,
        first_frame=decoding.part.first,
        sound=sound is not None,
        lost=tuple(LostFrames(lost.first, lost.end) for lost in decoding.lost),
        notes=(*notes, *loss_notes(video, decoding.lost)),
        data=memory.getvalue() if destination is None else None,
    )


def info(source: Source, name: str, codebook: Codebook | None = None, *, bits: bool = False) -> VideoInfo:
    """Return what a `.vqc` file of video says of itself; arguments and errors as `vqcodec.api.info`."""
    with naming(name), seekable(source, name) as file:
        video = read_video(file)
        by_frame = tuple(bits_by_frame(video, codebook_of(video.media, codebook))) if bits else None
        by_part = None if by_frame is None else bits_by_part(video, by_frame)
        video_bytes = video.video_bytes
        sound = None if video.sound is None else sound_facts(video.sound)
        seconds = duration_of(video)
    form = video.header.format
    return VideoInfo(
        input=name,
        input_bytes=video.size,
        medium=MEDIUM,
        engine=video.media.engine,
        width=form.width,
        height=form.height,
        frame_rate=str(form.rate),
        variable_rate=form.time_base is not None,
        sample_aspect=None if form.aspect is None else str(form.aspect),
        full_range=form.full_range,
        matrix=form.matrix,
        primaries=form.primaries,
        transfer=form.transfer,
        siting=form.siting,
        colour=form.colour_names(),
        frames=video.length,
        duration_s=seconds,
        groups=len(video.starts),
        kbps=video.size * 8 / seconds / 1000,
        video_kbps=video_bytes * 8 / seconds / 1000,
        codebook=codebook_use(video.media.codebook),
        sound=sound,
        metadata=all_in_one(texts_of(video.media.metadata)),
        bits=by_part,
        frame_bits=by_frame,
        preview=preview_of(source, MEDIUM, codebook),
    )


def verify(source: Source, name: str, codebook: Codebook | None, threads: int | None) -> VideoVerifyReport:
    """Check a `.vqc` file of video in full; arguments and errors as `vqcodec.api.verify`."""
    started = time.perf_counter()
    with naming(name), seekable(source, name) as file:
        check_structure(file)
        video = read_video(file)
        book, seconds = codebook_of(video.media, codebook), duration_of(video)
        frames = SampleDigest()
        for frame in Decoding(video, book, threads=threads).frames():  # decoding is the check
            frames.add_all(frame)
        decoded = [frames.value()]
        if video.sound is not None:
            sound = SoundDecoding(video.sound, codebook_of(video.sound.media), rate="codec", threads=threads)
            decoded += digest_of_channels(sound.blocks(), sound.channels)
    return VideoVerifyReport(
        input=name,
        input_bytes=video.size,
        engine=video.media.engine,
        width=video.header.format.width,
        height=video.header.format.height,
        frames=video.length,
        duration_s=seconds,
        codebook=CodebookUse(book.name, book.identity, video.media.codebook.embedded is not None, True),
        checks=("structure", "checksums", "codebook", "decoding"),
        seconds=time.perf_counter() - started,
        decoded_sha256=in_hexadecimal(decoded),
    )


def compare(reference: Side, test: Side, codebook: Codebook | None, threads: int | None) -> VideoComparison:
    """Compare two videos; arguments and errors as `vqcodec.api.compare`."""
    with frames_of(reference, codebook, threads) as first, frames_of(test, codebook, threads) as second:
        return measure(first, second, reference.name, test.name)


def _plan(frames: FrameSource, book: Codebook, name: str, asked: EncodeOptions) -> Plan:
    """Return what is asked for, with the sound coded; UsageError if the engine does not have an option."""
    plan = Plan(
        frames,
        book,
        work=asked.work,
        options=asked.engine,
        gop=asked.gop,
        scene_cuts=asked.scene_cuts is not False,
        embed_codebook=asked.embed_codebook,
        keep_partial=bool(asked.keep_partial),
        metadata={} if asked.strip_metadata else metadata_of(frames.texts),
    )
    plan.check()
    if asked.audio is False or frames.sound is None:
        return plan
    for said in frames.sound.notes():
        frames.note(said)
    try:
        sound = encode_sound_of(frames.sound, name, channels=asked.channels, band=asked.band, threads=plan.threads)
    except CodebookError as error:
        raise CodebookError(f"{name}: its sound cannot be coded: {error}; leave it out with audio=False") from None
    for said in () if sound is None else sound.notes:
        frames.note(f"its sound: {said}")
    return replace(plan, sound=sound)


def _reporting(progress: PartDone | None) -> Progress | None:
    """Return a function that is told of frames and calls `progress`; a spoken one is also told the frames a second."""
    if progress is None:
        return None
    started = time.perf_counter()
    spoken = progress if isinstance(progress, SpokenProgress) else None

    def report(done: float, frames: int) -> None:
        if spoken is not None:
            spoken.say(f"{frames / max(1e-3, time.perf_counter() - started):.1f} fps")
        progress(done)

    return report


def _share_of(length: int, progress: PartDone | None) -> Callable[[int], None] | None:
    """Return a function that is told how many of `length` frames are done, and calls `progress`."""
    return None if progress is None else lambda done: progress(done / length)
