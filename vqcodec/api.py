"""Files in, files out: what the command line calls, and what Python users call.

A source is a path, bytes, or a binary file object; a destination is a path, a binary file object, or None:
then the report carries the bytes in `data`. Every failure is one of the errors of `vqcodec.errors`, and its
message begins with the name of the source or destination at fault. Nothing is written unless all went well.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vqcodec.endpoints import Destination, Source, check_destination, name_of, naming, read_all, seekable, write_all
from vqcodec.errors import UnreadableInputError, UsageError
from vqcodec.reports import (
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
)
from vqcodec.video_reports import (
    VideoComparison,
    VideoDecodeReport,
    VideoEncodeReport,
    VideoInfo,
    VideoVerifyReport,
)

if TYPE_CHECKING:
    from vqcodec.image.pixels import Picture
    from vqcodec.vq.codebook import Codebook

    CodebookChoice = str | os.PathLike[str] | Codebook

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

_A_MEDIUM = {"image": "a picture", "speech": "speech", "": "a picture"}

Progress = Callable[[float], None]
"""Called with the part of the work that is done, 0 to 1; what it raises ends the work, nothing written."""


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
) -> EncodeReport | SpeechEncodeReport | VideoEncodeReport:
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
        strip_metadata: leave out ICC profile, EXIF and XMP of a picture, texts of a sound file.
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
    from vqcodec.blocks.effort import DEFAULT_EFFORT
    from vqcodec.image.codec import encode_picture
    from vqcodec.image.pixels import Picture, read_picture
    from vqcodec.vq.library import DEFAULT_CODEBOOKS

    started = time.perf_counter()
    name = name or name_of(source)
    _check_wishes(quality, target_psnr, target_size, effort, bitrate)
    check_destination(destination, [source, *_as_source(codebook)], overwrite=overwrite)
    book = None if codebook is None else _load_codebook(codebook)
    source, medium = _medium_to_encode(source, name, medium, book)
    choices: dict[str, Any] = {
        "fps": fps,
        "frames": frames,
        "gop": gop,
        "scene_cuts": scene_cuts,
        "audio": audio,
        "keep_partial": keep_partial,
    }
    chosen = {key: value for key, value in choices.items() if value is not None}
    if medium == "video":
        from vqcodec import video_api
        from vqcodec.video.codec import DEFAULT_EFFORT as VIDEO_EFFORT
        from vqcodec.video.codec import VideoWish

        sound = {key: options.pop(key) for key in ("channels", "band") if key in options}
        with naming(name):
            return video_api.encode(
                source,
                destination,
                name,
                codebook=book,
                wish=VideoWish(quality, bitrate, target_size, target_psnr, VIDEO_EFFORT if effort is None else effort),
                choices=video_api.VideoChoices(**chosen, **sound, options=options),
                embed_codebook=embed_codebook,
                overwrite=overwrite,
                threads=threads,
                progress=progress,
            )
    if chosen:
        raise UsageError(f"{name}: {next(iter(chosen))} is for video, and this is {_A_MEDIUM[medium]}")
    if medium == "speech":
        from vqcodec import speech_api

        wish = speech_api.wish_of(quality, bitrate, target_size, effort, target_psnr)
        with naming(name):
            return speech_api.encode(
                source,
                destination,
                name,
                codebook=book,
                wish=wish,
                embed_codebook=embed_codebook,
                strip_metadata=strip_metadata,
                overwrite=overwrite,
                threads=threads,
                progress=progress,
                options=options,
            )
    if bitrate is not None:
        raise UsageError(f"{name}: a bitrate is for sound, and this is a picture; give a quality or a size")
    data = read_all(source, name)
    book = book or _load_codebook(DEFAULT_CODEBOOKS["image"])
    picture = read_picture(data, name)
    if strip_metadata:
        picture = Picture(picture.samples, {}, picture.notes)
    with naming(name):
        encoded = encode_picture(
            picture,
            codebook=book,
            quality=quality,
            target_psnr=target_psnr,
            target_size=target_size,
            effort=DEFAULT_EFFORT if effort is None else effort,
            embed_codebook=embed_codebook,
            threads=threads,
            progress=progress,
            **options,
        )
    if destination is not None:
        write_all(encoded.data, destination, overwrite=overwrite)
    size = len(encoded.data)
    return EncodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=len(data),
        output_bytes=size,
        width=picture.width,
        height=picture.height,
        channels=picture.channels,
        bpp=size * 8 / (picture.width * picture.height),
        ratio=picture.samples.size / size,
        psnr_db=float(encoded.psnr_db),
        seconds=time.perf_counter() - started,
        engine=book.engine,
        codebook=CodebookUse(book.name, book.identity, embed_codebook, True),
        parameters=dict(encoded.parameters),
        bits=dict(encoded.bits_by_part),
        notes=tuple(picture.notes),
        data=encoded.data if destination is None else None,
    )


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
) -> DecodeReport | SpeechDecodeReport | VideoDecodeReport:
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
    from vqcodec.image.pixels import write_picture

    started = time.perf_counter()
    name = name or name_of(source)
    check_destination(destination, [source, *_as_source(codebook)], overwrite=overwrite)
    book = None if codebook is None else _load_codebook(codebook)
    source, medium = _medium_to_decode(source, name)
    if medium == "video":
        from vqcodec import video_api

        if crop is not None or rate is not None:
            raise UsageError(f"{name}: crop is for pictures and rate for speech, and this is video")
        with naming(name):
            return video_api.decode(
                source,
                destination,
                name,
                format=format,
                codebook=book,
                frames=frames,
                start=start,
                duration=duration,
                lossless=lossless,
                audio=audio is not False,
                salvage=salvage,
                overwrite=overwrite,
                threads=threads,
                progress=progress,
            )
    if frames is not None or lossless or audio is not None:
        raise UsageError(f"{name}: frames, lossless and audio are for video, and this is {_A_MEDIUM[medium]}")
    if medium == "speech":
        from vqcodec import speech_api

        if crop is not None:
            raise UsageError(f"{name}: a crop is for pictures, and this is speech; give start and duration")
        with naming(name):
            return speech_api.decode(
                source,
                destination,
                name,
                format=format,
                codebook=book,
                rate="source" if rate is None else rate,
                start=start,
                duration=duration,
                salvage=salvage,
                overwrite=overwrite,
                threads=threads,
                progress=progress,
            )
    if not medium:  # no file of vqcodec's, or of a later version: reading it says what is wrong, before any wishes do
        from vqcodec.container import load_media

        with naming(name):
            load_media(read_all(source, name))
    if salvage or any(wish is not None for wish in (rate, start, duration)):
        raise UsageError(f"{name}: rate, start, duration and salvage are for speech and video, and this is a picture")
    pillow_format = _picture_format(format, destination)
    with naming(name):
        picture, size = _decode(source, name, book, threads, crop)
        encoded = io.BytesIO()
        write_picture(picture, encoded, pillow_format)
    written = encoded.getvalue()
    if destination is not None:
        write_all(written, destination, overwrite=overwrite)
    return DecodeReport(
        input=name,
        output=None if destination is None else name_of(destination),
        input_bytes=size,
        output_bytes=len(written),
        width=picture.width,
        height=picture.height,
        channels=picture.channels,
        format=pillow_format,
        crop=crop,
        seconds=time.perf_counter() - started,
        data=written if destination is None else None,
    )


def info(
    source: Source,
    *,
    bits: bool = False,
    codebook: CodebookChoice | None = None,
    name: str | None = None,
) -> FileInfo | SpeechInfo | VideoInfo:
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
    book = None if codebook is None else _load_codebook(codebook)
    source, medium = _medium_to_decode(source, name)
    if medium == "speech":
        from vqcodec import speech_api

        with naming(name):
            return speech_api.info(source, name, bits=bits, codebook=book)
    if medium == "video":
        from vqcodec import video_api

        with naming(name):
            return video_api.info(source, name, bits=bits, codebook=book)
    data = read_all(source, name)

    from vqcodec.codebook_use import codebook_use
    from vqcodec.container import load_media
    from vqcodec.image import count_bits, describe

    with naming(name):
        media = load_media(data)
        described: dict[str, Any] = describe(data)
        counted = count_bits(data, codebook=book) if bits else None
    engine, width, height, channels = (described.pop(key) for key in ("engine", "width", "height", "channels"))
    return FileInfo(
        input=name,
        input_bytes=len(data),
        medium=media.medium,
        engine=engine,
        width=width,
        height=height,
        channels=channels,
        bpp=len(data) * 8 / (width * height),
        codebook=codebook_use(media.codebook),
        metadata={kind: len(block) for kind, block in media.metadata.items()},
        parameters=described,
        bits=counted,
    )


def verify(
    source: Source,
    *,
    codebook: CodebookChoice | None = None,
    threads: int | None = None,
    name: str | None = None,
) -> VerifyReport | SpeechVerifyReport | VideoVerifyReport:
    """Check a `.vqc` file in full: structure, checksums, that its codebook is at hand, and that it decodes.

    Raises:
        CorruptFileError, UnsupportedError, CodebookError, UnreadableInputError, LimitError: what is wrong.
    """
    from vqcodec.image.codec import decode_picture

    started = time.perf_counter()
    name = name or name_of(source)
    book = None if codebook is None else _load_codebook(codebook)
    source, medium = _medium_to_decode(source, name)
    if medium == "speech":
        from vqcodec import speech_api

        with naming(name):
            return speech_api.verify(source, name, codebook=book, threads=threads)
    if medium == "video":
        from vqcodec import video_api

        with naming(name):
            return video_api.verify(source, name, codebook=book, threads=threads)
    data = read_all(source, name)
    about = cast(FileInfo, info(data, name=name))
    used = about.codebook
    with naming(name):
        decode_picture(data, codebook=book, threads=threads)
    if book is not None:
        used = CodebookUse(book.name, book.identity, used.embedded, True)
    return VerifyReport(
        input=name,
        input_bytes=len(data),
        engine=about.engine,
        width=about.width,
        height=about.height,
        codebook=used,
        checks=("structure", "checksums", "codebook", "decoding"),
        seconds=time.perf_counter() - started,
    )


def compare(
    reference: Source,
    test: Source,
    *,
    codebook: CodebookChoice | None = None,
    threads: int | None = None,
    names: tuple[str | None, str | None] = (None, None),
) -> Comparison | SpeechComparison | VideoComparison:
    """Measure how far `test` is from `reference`; either may be a `.vqc` file, or a picture, sound, or video.

    Two recordings are aligned in time first, and their channels mixed into one. Two videos are compared frame by
    frame from the first on. Of two pictures, where one is grey
    and the other colour, both are compared as colour; where one alone has alpha, the other counts as opaque.

    Raises:
        UsageError: their sizes differ, or one is a picture and the other sound.
        UnreadableInputError, CorruptFileError, UnsupportedError, CodebookError, LimitError: unreadable.
    """
    from vqcodec.comparison import measure

    reference_name = names[0] or name_of(reference)
    test_name = names[1] or name_of(test)
    reference, first_medium, first_coded = _medium_to_compare(reference, reference_name)
    test, second_medium, second_coded = _medium_to_compare(test, test_name)
    if first_medium != second_medium:
        raise UsageError(f"{reference_name} is of medium {first_medium}, {test_name} of {second_medium}; compare alike")
    if first_medium == "video":
        from vqcodec import video_comparison

        return video_comparison.compare(
            (reference, reference_name, first_coded),
            (test, test_name, second_coded),
            codebook=None if codebook is None else _load_codebook(codebook),
            threads=threads,
        )
    if first_medium == "speech":
        from vqcodec import speech_api

        return speech_api.compare(
            (reference, reference_name, first_coded),
            (test, test_name, second_coded),
            codebook=None if codebook is None else _load_codebook(codebook),
            threads=threads,
        )
    first = _read_any(reference, reference_name, codebook, threads)
    second = _read_any(test, test_name, codebook, threads)
    return measure(first, second, reference_name, test_name)


def _medium_to_encode(source: Source, name: str, medium: str | None, codebook: Codebook | None) -> tuple[Source, str]:
    """The source, which may have been read, and the medium to encode it as.

    Raises:
        UsageError: the medium is unknown, or not that of the codebook.
    """
    if medium not in (None, "image", "speech", "video"):
        raise UsageError(f"medium {medium!r} is unknown; choose image, speech or video")
    of_codebook = None if codebook is None else codebook.engine.partition("/")[0]
    if None not in (medium, of_codebook) and medium != of_codebook:
        raise UsageError(f"medium {medium} was asked for, but the codebook is for {of_codebook}; leave one out")
    medium = medium or of_codebook
    if medium is None or (medium == "video" and hasattr(source, "read")):
        source, found, _ = _medium_of_source(source, name)
        medium = medium or found
    return source, medium


def _medium_to_decode(source: Source, name: str) -> tuple[Source, str]:
    """The source, which may have been read, and the medium of the `.vqc` file that it is; "" if it is none."""
    from vqcodec.sniffing import medium_of_media, with_head

    source, head = with_head(source, name)
    return source, medium_of_media(head)


def _medium_to_compare(source: Source, name: str) -> tuple[Source, str, bool]:
    """The source, which may have been read, its medium, and whether it is a `.vqc` file."""
    from vqcodec.container import is_media
    from vqcodec.sniffing import medium_of_media

    source, medium, head = _medium_of_source(source, name)
    if is_media(head):
        return source, medium_of_media(head) or "image", True
    return source, medium, False


def _medium_of_source(source: Source, name: str) -> tuple[Source, str, bytes]:
    """The source, which may have been read, what it looks like, and its first bytes.

    Raises:
        UnreadableInputError, LimitError: it is empty, or as `endpoints.read_all`.
    """
    from vqcodec.sniffing import is_picture_sequence, is_sound, is_video, with_head

    if is_picture_sequence(source):
        return source, "video", b""
    source, head = with_head(source, name)
    if not head:
        raise UnreadableInputError(f"{name}: the file is empty")
    if is_sound(head):
        return source, "speech", head
    return source, "video" if is_video(head, source) else "image", head


def _check_wishes(
    quality: float | None,
    target_psnr: float | None,
    target_size: int | None,
    effort: int | None,
    bitrate: float | None = None,
) -> None:
    if sum(value is not None for value in (quality, target_psnr, target_size, bitrate)) > 1:
        raise UsageError("quality, target PSNR, target size and bitrate exclude one another; give one of them")
    if quality is not None and not 0 <= quality <= 100:
        raise UsageError(f"quality {quality:g} is out of range; choose 0 to 100")
    if target_psnr is not None and not 0 < target_psnr <= 100:
        raise UsageError(f"target PSNR {target_psnr:g} dB is out of range; choose above 0 and up to 100 dB")
    if target_size is not None and target_size < 1:
        raise UsageError(f"target size {target_size} is out of range; choose at least 1 byte")
    if effort is not None and not 0 <= effort <= 9:
        raise UsageError(f"effort {effort} is out of range; choose 0 to 9")


def _picture_format(format: str | None, destination: Destination | None) -> str:
    """Pillow's name of the format to write."""
    from vqcodec.image.pixels import FORMATS

    if format is not None:
        extension = "." + format.lower().removeprefix(".")
        if extension not in FORMATS:
            raise UsageError(f"format {format!r} is unknown; choose one of {_format_names()}")
        return FORMATS[extension]
    if not isinstance(destination, (str, os.PathLike)):
        return FORMATS[".png"]
    extension = Path(destination).suffix.lower()
    if extension not in FORMATS:
        raise UsageError(
            f"{name_of(destination)}: the extension names no picture format; "
            f"say one with --format (format=): {_format_names()}"
        )
    return FORMATS[extension]


def _format_names() -> str:
    from vqcodec.image.pixels import FORMATS

    return ", ".join(sorted(extension.removeprefix(".") for extension in FORMATS))


def _as_source(codebook: CodebookChoice | None) -> list[Source]:
    """The codebook as something that must not be overwritten, if it may be a file."""
    return [codebook] if isinstance(codebook, (str, os.PathLike)) else []


def _load_codebook(choice: CodebookChoice) -> Codebook:
    if not isinstance(choice, (str, os.PathLike)):
        return choice
    from vqcodec.vq.library import load_codebook

    return load_codebook(choice if isinstance(choice, str) else Path(choice))


def _decode(
    source: Source,
    name: str,
    codebook: Codebook | None,
    threads: int | None,
    crop: tuple[int, int, int, int] | None,
) -> tuple[Picture, int]:
    """The picture in a `.vqc` file, or a part of it, and the size of the file in bytes."""
    from vqcodec.image.codec import decode_picture, decode_picture_part
    from vqcodec.image.crop import Crop

    if crop is None:
        data = read_all(source, name)
        return decode_picture(data, codebook=codebook, threads=threads), len(data)
    with seekable(source, name) as file:
        size = file.seek(0, os.SEEK_END)
        return decode_picture_part(file, Crop(*crop), codebook=codebook, threads=threads), size


def _read_any(source: Source, name: str, codebook: CodebookChoice | None, threads: int | None) -> Picture:
    """A picture from a `.vqc` file or a picture file, told apart by the first bytes."""
    from vqcodec.container import is_media
    from vqcodec.image.codec import decode_picture
    from vqcodec.image.pixels import read_picture

    data = read_all(source, name)
    if not is_media(data):
        return read_picture(data, name)
    book = None if codebook is None else _load_codebook(codebook)
    with naming(name):
        return decode_picture(data, codebook=book, threads=threads)
