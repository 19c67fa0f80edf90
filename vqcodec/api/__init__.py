"""Files in, files out: what the command line calls, and what Python users call.

A source is a path, bytes, or a binary file object; a destination is a path, a binary file object, or None:
then the report carries the bytes in `data`. Every failure is one of the errors of `vqcodec.errors`, and its
message begins with the name of the source or destination at fault. Nothing is written unless all went well.

Here the options are checked and the medium is found out; the work is that of the medium's own module.
"""

from __future__ import annotations

from typing import Any

from vqcodec.api.codebooks import CodebookChoice, chosen_codebook, codebook_sources
from vqcodec.api.media import medium_to_decode, medium_to_encode, module_for, side_to_compare
from vqcodec.api.options import DecodeOptions, EncodeOptions, Progress, Target, VideoChoices
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.files.endpoints import Destination, Source, check_destination, name_of
from vqcodec.reports import (
    AnyComparison,
    AnyDecodeReport,
    AnyEncodeReport,
    AnyInfo,
    AnyVerifyReport,
    CodebookUse,
    Comparison,
    DecodeReport,
    EncodeReport,
    FileInfo,
    SpeechComparison,
    SpeechDecodeReport,
    SpeechEncodeReport,
    SpeechInfo,
    SpeechVerifyReport,
    VerifyReport,
    VideoComparison,
    VideoDecodeReport,
    VideoEncodeReport,
    VideoInfo,
    VideoVerifyReport,
)

__all__ = [
    "CodebookUse",
    "Comparison",
    "DecodeReport",
    "EncodeReport",
    "FileInfo",
    "SpeechComparison",
    "SpeechDecodeReport",
    "SpeechEncodeReport",
    "SpeechInfo",
    "SpeechVerifyReport",
    "VerifyReport",
    "VideoComparison",
    "VideoDecodeReport",
    "VideoEncodeReport",
    "VideoInfo",
    "VideoVerifyReport",
    "compare",
    "decode",
    "encode",
    "info",
    "verify",
]


def encode(
    source: Source,
    destination: Destination | None = None,
    *,
    medium: str | None = None,
    codebook: CodebookChoice | None = None,
    quality: float | None = None,
    target_psnr: float | None = None,
    target_size: int | None = None,
    bitrate: float | None = None,
    effort: int | None = None,
    embed_codebook: bool = False,
    strip_metadata: bool = False,
    overwrite: bool = False,
    threads: int | None = None,
    fps: str | None = None,
    frames: str | None = None,
    gop: int | None = None,
    scene_cuts: bool | None = None,
    audio: bool | None = None,
    keep_partial: bool | None = None,
    progress: Progress | None = None,
    name: str | None = None,
    **options: Any,
) -> AnyEncodeReport:
    """Encode a picture, sound as speech, or video.

    Args:
        source: any picture that Pillow reads, any sound file that libsndfile reads, any video that ffmpeg reads, a
            stream of y4m, a folder of pictures, or a pattern such as `frames/*.png` for them.
        destination: where the `.vqc` file goes; None leaves the bytes in the report.
        medium: `image`, `speech` or `video`; None goes by the codebook, or else by what the source holds.
        codebook: name, path, or the codebook itself; None takes the default.
        quality: 0 to 100. target_psnr: dB to reach (pictures, video). bitrate: kbit/s on average (speech; video, the
            whole file). target_size: bytes not to exceed. At most one of the four; without any, quality 75 for
            pictures, 50 for speech and video.
        effort: 0 (quick) to 9 (thorough); None for 7, for speech and video 5.
        embed_codebook: store the codebook in the file, which then decodes anywhere.
        strip_metadata: leave out ICC profile, EXIF and XMP of a picture, texts of a sound or video file.
        overwrite: replace a destination that exists.
        threads: None for as many as there are CPUs; the bytes are the same for any number.
        fps: of video: frames a second, such as `25` or `30000/1001`, in the place of what the source says.
        frames: of video: the part to encode, `a:b` for frames a up to b, not included, counted from 0.
        gop: of video: most frames of a group, which decodes on its own; None for the engine's own choice.
        scene_cuts: of video: whether a group also ends where the scene changes; None for yes.
        audio: of video: whether its sound is coded too, as speech; None for yes.
        keep_partial: of video: when interrupted, end the file well with the frames that are coded.
        progress: see `Progress`.
        name: how messages and the report call the source.
        options: of the codebook's engine: for `image/transform` tune (`ssim`, `psnr`), chroma (`auto`, `444`,
            `420`) and alpha_quality (0 to 100); `image/block` has none. For speech, and for the sound of video, band
            (`auto`, `nb`, `wb`) and channels (`mix`, `keep`); for `video/mc` distance (1, 2, 4, 8, 16).

    Raises:
        UsageError: options out of range, exclusive of one another or not known to the engine; the destination is
            the source.
        UnreadableInputError, CodebookError, LimitError, OutputError: see `vqcodec.errors`.
    """
    asked = EncodeOptions(
        target=Target(quality, target_psnr, target_size, bitrate),
        effort=effort,
        video=VideoChoices(fps, frames, gop, scene_cuts, audio, keep_partial),
        engine=options,
        embed_codebook=embed_codebook,
        strip_metadata=strip_metadata,
        overwrite=overwrite,
        threads=threads,
        progress=progress,
    )
    name = name or name_of(source)
    check_destination(destination, [source, *codebook_sources(codebook)], overwrite=overwrite)
    book = chosen_codebook(codebook)
    source, medium = medium_to_encode(source, name, medium, book)
    asked.check_medium(medium, name)
    return module_for(medium).encode(source, destination, name, book, asked)


def decode(
    source: Source,
    destination: Destination | None = None,
    *,
    format: str | None = None,
    codebook: CodebookChoice | None = None,
    crop: tuple[int, int, int, int] | None = None,
    rate: int | str | None = None,
    start: float | None = None,
    duration: float | None = None,
    salvage: bool = False,
    frames: str | None = None,
    lossless: bool = False,
    audio: bool | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    progress: Progress | None = None,
    name: str | None = None,
) -> AnyDecodeReport:
    """Decode a `.vqc` file, or part of it, to a picture, a sound file or a video.

    Args:
        source: a `.vqc` file.
        destination: where the picture or sound goes; None leaves the bytes of its file in the report.
        format: `png`, `ppm`, `webp` and so on; `wav`, `flac`, `ogg`; or `y4m`, `mp4`, `mkv`, `mov`, `png` (the
            destination then being a pattern for the pictures' names, such as `frames/%05d.png`). None goes by the
            destination's extension, and is `png`, `wav` or `y4m` where there is no path to go by.
        codebook: name, path or codebook to decode with, instead of the one found by identity; it must be the
            one that the file was coded with.
        crop: x, y, width and height of the part to decode, in pixels; of a large file no more is read and decoded
            than it needs.
        rate: of speech: `source` (the default) for the sampling rate of what was encoded, `codec`, or any in Hz.
        start, duration: of speech and video: seconds of the part to decode; of a long file no more is read than it
            needs.
        salvage: of speech and video: decode what is intact of a damaged file, and conceal and report the rest.
        frames: of video: the part to decode, `a:b` for frames a up to b, not included, counted from 0.
        lossless: of video: write mp4, mkv or mov without further loss.
        audio: of video: whether its sound is written too, where the format has a place for it; None for yes.
        overwrite, threads, progress, name: as in `encode`.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: the codebook is not to be found, or is another than the file's.
        UsageError: the part does not lie within the picture; the format is unknown or has no place for alpha.
        UnreadableInputError, LimitError, OutputError: see `vqcodec.errors`.
    """
    asked = DecodeOptions(
        format=format,
        crop=crop,
        rate=rate,
        start=start,
        duration=duration,
        salvage=salvage,
        frames=frames,
        lossless=lossless,
        audio=audio,
        overwrite=overwrite,
        threads=threads,
        progress=progress,
    )
    name = name or name_of(source)
    check_destination(destination, [source, *codebook_sources(codebook)], overwrite=overwrite)
    book = chosen_codebook(codebook)
    source, medium = medium_to_decode(source, name)
    asked.check_medium(medium, name)
    try:
        return module_for(medium).decode(source, destination, name, book, asked)
    except CorruptFileError as error:
        if salvage or medium == "image":
            raise
        raise CorruptFileError(f"{error}; pass --salvage for what is intact") from error


def info(
    source: Source,
    *,
    bits: bool = False,
    codebook: CodebookChoice | None = None,
    name: str | None = None,
) -> AnyInfo:
    """What a `.vqc` file says of itself; needs no codebook, and decodes nothing, unless the bits are to be counted.

    Args:
        source: a `.vqc` file.
        bits: also find where every bit of the file went.
        codebook: for that, as in `decode`.
        name: as in `encode`.

    Raises:
        CorruptFileError, UnsupportedError, UnreadableInputError, LimitError: see `vqcodec.errors`.
        CodebookError: the bits are to be counted, and the codebook is not to be found or another than the file's.
    """
    name = name or name_of(source)
    book = chosen_codebook(codebook)
    source, medium = medium_to_decode(source, name)
    return module_for(medium).info(source, name, book, bits=bits)


def verify(
    source: Source,
    *,
    codebook: CodebookChoice | None = None,
    threads: int | None = None,
    name: str | None = None,
) -> AnyVerifyReport:
    """Check a `.vqc` file in full: structure, checksums, that its codebook is at hand, and that it decodes.

    Raises:
        CorruptFileError, UnsupportedError, CodebookError, UnreadableInputError, LimitError: what is wrong.
    """
    name = name or name_of(source)
    book = chosen_codebook(codebook)
    source, medium = medium_to_decode(source, name)
    return module_for(medium).verify(source, name, book, threads)


def compare(
    reference: Source,
    test: Source,
    *,
    codebook: CodebookChoice | None = None,
    threads: int | None = None,
    names: tuple[str | None, str | None] = (None, None),
) -> AnyComparison:
    """Measure how far `test` is from `reference`; either may be a `.vqc` file, or a picture, sound, or video.

    Two recordings are aligned in time first, and their channels mixed into one. Two videos are compared frame by
    frame from the first on. Of two pictures, where one is grey and the other colour, both are compared as colour;
    where one alone has alpha, the other counts as opaque.

    Raises:
        UsageError: their sizes differ, or one is a picture and the other sound.
        UnreadableInputError, CorruptFileError, UnsupportedError, CodebookError, LimitError: unreadable.
    """
    first, first_medium = side_to_compare(reference, names[0] or name_of(reference))
    second, second_medium = side_to_compare(test, names[1] or name_of(test))
    if first_medium != second_medium:
        raise UsageError(f"{first.name} is of medium {first_medium}, {second.name} of {second_medium}; compare alike")
    return module_for(first_medium).compare(first, second, chosen_codebook(codebook), threads)
