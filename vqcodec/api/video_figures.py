"""What reports say of a file of video: where its bits went, its sound, and what was noticed or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from vqcodec.api.codebooks import codebook_use
from vqcodec.codebook.codebook import Codebook
from vqcodec.container.wrapping import codebook_bits, metadata_bits, with_container
from vqcodec.media.registry import default_codebook
from vqcodec.media.target import Target
from vqcodec.reports.video import FrameBits
from vqcodec.speech.decoding import SoundShape
from vqcodec.speech.files import SpeechFile
from vqcodec.video.codec import MEDIUM
from vqcodec.video.encoding import Plan, Written
from vqcodec.video.engines import engine_for
from vqcodec.video.files import VideoFile
from vqcodec.video.sound import CodedSound
from vqcodec.video.timeline import Part

_MAX_NAMED = 5  # lost parts that a note names
SCREEN = "screen"  # the codebook for what screens show
_LIKE_A_SCREEN = 0.01  # part of the video's bits that say what is copied; what is filmed has none
_LONGER_S = 0.5  # by which sound may outlast the picture without a note


def encoding_parameters(plan: Plan, target: Target, quality: float) -> dict[str, Any]:
    """Return what was asked for, and the quality that was chosen."""
    asked = {
        "bitrate_kbps": target.bitrate,
        "target_size": target.size,
        "target_psnr_db": target.psnr,
        "gop": plan.group_length,
        "scene_cuts": plan.scene_cuts,
        **plan.options,
    }
    given = {key: value for key, value in asked.items() if value is not None}
    return {"quality": round(quality, 3), "effort": plan.work.effort_for(MEDIUM), **given}


def encoded_bits(written: Written, metadata: Mapping[str, bytes]) -> dict[str, int]:
    """Return the bits of an encoded file by part; they sum to 8 times its size."""
    parts = {**written.bits, "sound": 8 * written.sound_bytes, "metadata": metadata_bits(metadata)}
    return with_container(parts, {}, written.size)


def encoding_notes(plan: Plan, written: Written, seconds: float) -> tuple[str, ...]:
    """Return notes on reading and writing; `seconds` is how long the picture lasts."""
    notes = [*plan.source.notes, *written.notes]
    if written.interrupted:
        notes.append(f"interrupted; the first {written.frames} frames are in the file")
    if plan.sound is not None and plan.sound.duration_s > seconds + _LONGER_S and not written.interrupted:
        notes.append(f"its sound lasts {plan.sound.duration_s:.1f} s, the picture {seconds:.1f} s; both are kept")
    if plan.codebook.name == default_codebook(MEDIUM) and written.copied_share > _LIKE_A_SCREEN:
        notes.append(f"much in it repeats, as on screens; recorded screens take fewer bytes with -c {SCREEN}")
    return tuple(notes)


def coded_sound_facts(sound: CodedSound | None) -> dict[str, Any] | None:
    """Return what a report says of encoded sound."""
    if sound is None:
        return None
    return {"channels": len(sound.streams), "codec_rate": sound.codec_rate, "duration_s": sound.duration_s}


def loss_notes(video: VideoFile, lost: Sequence[Part]) -> tuple[str, ...]:
    """Return notes on what salvage skipped and replaced."""
    notes = [f"damaged: {reason}" for reason in video.damage[:_MAX_NAMED]]
    if lost:
        count = sum(part.end - part.first for part in lost)
        named = ", ".join(f"{part.first}:{part.end}" for part in lost[:_MAX_NAMED])
        more = " and more" if len(lost) > _MAX_NAMED else ""
        notes.append(f"{count} lost frames, {named}{more}; each is replaced by the last frame before it")
    return tuple(notes)


def bits_by_frame(video: VideoFile, book: Codebook) -> Iterator[FrameBits]:
    """Give where the bits of each frame went, in display order."""
    form = video.header.format
    engine = engine_for(video.media.engine)
    for number, start in enumerate(video.starts):
        coded = engine.count_bits(video.group(number).packet, form.width, form.height, book)
        for offset, frame in enumerate(coded):
            yield FrameBits(start + offset, frame.kind, dict(frame.bits))


def bits_by_part(video: VideoFile, frames: Sequence[FrameBits]) -> dict[str, int]:
    """Return the bits of a whole file by part; they sum to 8 times its size. `frames` has those of the frames."""
    parts: Counter[str] = Counter()
    for frame in frames:
        parts.update(frame.bits)
    others = {
        "times": 8 * video.video_bytes - sum(parts.values()),
        "sound": 8 * (0 if video.sound is None else _sound_bytes(video.sound)),
        "codebook": codebook_bits(video.media.codebook),
        "metadata": metadata_bits(video.media.metadata),
    }
    return with_container(parts, others, video.size)


def sound_facts(sound: SpeechFile) -> dict[str, Any]:
    """Return what a report says of the sound in a file of video."""
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


def _sound_bytes(sound: SpeechFile) -> int:
    """Return the bytes of the packets of sound."""
    return sum(len(packet or b"") for stream in sound.streams for packet in stream.packets)
