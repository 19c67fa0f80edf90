"""Files in, files out: what the command line calls, and what Python users call.

A source is a path, bytes, or a binary file object; a destination is a path, a binary file object, or None:
then the report carries the bytes in `data`. Every failure is one of the errors of `vqcodec.errors`, and its
message begins with the name of the source or destination at fault. Nothing is written unless all went well.

Here the options are checked and the medium is found out; the medium's own module does the work.
"""

from __future__ import annotations

import os
from typing import Unpack

from vqcodec.api.codebooks import codebook_sources
from vqcodec.api.media import medium_to_decode, medium_to_encode, module_for, saying_what_it_is, side_to_compare
from vqcodec.codebook.library import CodebookChoice, beside, chosen_codebook
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.files.endpoints import Destination, Source, check_destination, is_pattern, name_of, naming, whole
from vqcodec.media import decoding
from vqcodec.media.decoding import DecodeOptions
from vqcodec.media.encoding import DESTINATION, NAME, SOURCE, EncodeOptions
from vqcodec.media.keywords import DecodeKeywords, EncodeKeywords
from vqcodec.media.kinds import SourceOption
from vqcodec.media.target import THREADS
from vqcodec.reports import AnyComparison, AnyDecodeReport, AnyEncodeReport, AnyInfo, AnyVerifyReport

__all__ = ["compare", "decode", "encode", "info", "verify"]


def encode(source: Source, destination: Destination | None = None, **asked: Unpack[EncodeKeywords]) -> AnyEncodeReport:
    """Encode a picture, sound as speech, or video.

    Args:
        source: any picture that Pillow reads, any sound file that libsndfile or ffmpeg reads, any video that ffmpeg
            reads (its sound alone with medium `speech`), or a stream of y4m. A folder of pictures, or a pattern such as
            `frames/*.png`, is one video: if they are numbered without a gap, 12 or more and of one size, or if the
            medium or another option says so.
        destination: where the `.vqc` file goes; None leaves the bytes in the report.

    Options, all by name:
        medium: `image`, `speech` or `video`; if it is not given, the codebook decides, or else what the source holds.
        codebook: a codebook, or the name or path of one; without it `photo` or `graphic`, whichever fits the
            picture, `video`, or for speech that of the band.
        quality: 0 to 100; higher means better and larger. 75 for pictures, 50 for speech and video if no target is
            given.
        target_psnr: (pictures, video) dB to reach, above 0 and up to 100.
        target_ssimulacra2: (pictures) SSIMULACRA2 to reach, above 0 and up to 100; needs `vqcodec[ssimulacra2]`.
        target_size: most bytes of the file, as a number or as text such as `100k`, `1.5MB` or `2MiB`.
        bitrate: (speech, video) kbit/s on average: of the coded speech, 0.1 to 256, or of the whole video file, 0.1 to
            1000000. Give at most one of quality, bitrate and the targets.
        effort: 0 (quickest) to 9 (smallest files); if it is not given, 7 for pictures (3 from 16 megapixels on), 5 for
            speech and video.
        threads: how many to use; one a CPU if it is not given. The bytes are the same for any number.
        embed_codebook: store the codebook in the file, so that the file decodes anywhere.
        strip_metadata: leave out ICC profile, EXIF, XMP, resolution and texts.
        strip_gps: (pictures) leave out where a picture was taken, of EXIF and XMP; None for no.
        overwrite: replace a destination that exists.
        progress: called with the part of the work that is done, 0 to 1. If it raises, the work ends and nothing is
            written. If it has a method `say` (see `vqcodec.media.progress`), that is told the speed.
        name: how messages and the report call the source.
        band: (speech, sound of video) `nb` (8 kHz), `wb` (16 kHz), or `auto` (the default): `nb` for sound below
            12 kHz, and where the bitrate or the target size leaves less than 4 kbit/s a channel.
        raw: (speech) what samples without a header are, as text such as `8000:s16le`, `8000:mulaw` or `44100:f32le:2`:
            the sampling rate, how they are stored, and the number of channels.
        delay: (speech) encode while the sound comes, in groups of so many seconds, 0.1 to 60, and write each as soon as
            it is coded (see `vqcodec.SpeechWriter`). A path still gets the whole file or nothing. Of a stream, WAV and
            samples without a header are read as they come, other formats whole.
        channels: (speech, sound of video) `mix` several into one, or `keep` them; if it is not given, `mix` for
            speech, `keep` for video.
        fps: (video) frames a second, such as `25` or `30000/1001`, instead of the source's own rate.
        frames: (video) the part to encode, `a:b` for frames a up to b, not included, counted from 0.
        gop: (video) most frames of a group, which decodes on its own; None for the engine's own choice.
        scene_cuts: (video) whether a group also ends where the scene changes; None for yes.
        audio: (video) whether to keep the sound, coded as speech; None for yes.
        track: (video) the sound track to keep: its number, from 1 on, or its language, such as `eng`; None for the one
            that the file marks as the default.
        deinterlace: (video) whether to make progressive frames of interlaced ones: `on`, `off`, or `auto` (the
            default) for those that look so.
        keep_partial: (video, speech with `delay`) whether to finish the file with what has come so far when
            interrupted.
        keep_hidden: (pictures) whether to keep the colours of fully transparent pixels; None for no: what costs least
            takes their place.
        tune: (engine `image/transform`) `visual` (the default) for what people see, `ssim` for SSIM of luma, or `psnr`.
        chroma: (engine `image/transform`) `444`, `420`, or `auto` to choose by the picture and the quality.
        alpha_quality: (engine `image/transform`) 0 to 100; 100 keeps transparency exactly.
        distance: (engine `video/mc`) frames from a key frame to the next: 1, 2, 4, 8 or 16.
        depth: (engine `video/st3d`) frames that share a transform along time: 1, 2, 4 or `auto`.
        motion: (engine `video/st3d`) whether blocks follow motion.
        replenish: (engine `video/st3d`) whether blocks may stay as they were before.

    Raises:
        UsageError: an option is unknown, of the wrong type, out of range or in conflict with another; the medium or
            the engine does not have it; the destination is the source; a folder is no video; the target cannot be
            reached. A target that
            leaves room gives the best quality (a PSNR: the lowest), with a note.
        UnreadableInputError, CodebookError, LimitError, OutputError: see `vqcodec.errors`.
    """
    options = EncodeOptions.of(asked)
    name, destination = _checked(source, destination, options.name)
    sources = [source, *codebook_sources(options.codebook)]
    check_destination(destination, sources, overwrite=options.overwrite)
    book = chosen_codebook(options.codebook)
    source, medium = medium_to_encode(source, name, options, book)
    with naming(name):
        options.check_medium(medium)
    with saying_what_it_is(source, name, medium, book):
        return module_for(medium).encode(source, destination, name, book, options)


def decode(source: Source, destination: Destination | None = None, **asked: Unpack[DecodeKeywords]) -> AnyDecodeReport:
    """Decode a `.vqc` file, or part of it, to a picture, a sound file or a video.

    Args:
        source: a `.vqc` file.
        destination: where the picture or sound goes; None leaves the bytes of its file in the report.

    Options, all by name:
        format: `png`, `ppm`, `webp` and so on; `wav`, `flac`, `ogg`, `opus`, `mp3`, `m4a`, `aiff`, `au`, `raw` (of a
            video, its sound alone); or `y4m`, `mp4`, `mkv`, `mov`, `webm`, `gif`, `webp` (animated), `png`, `jpg` (the
            destination is then a pattern for the pictures' names, such as `frames/%05d.png`). If it is not given, the
            destination's extension decides; `png`, `wav` or `y4m` if there is no path.
        codebook: a codebook, or the name or path of one, instead of the one found by its identity, in the library or
            beside the source; it must be the one that the file was coded with.
        crop: (pictures) x, y, width and height of the part to decode, in pixels. Of a large file only what this part
            needs is read and decoded.
        stages: (pictures, of a codebook of several stages or of a tree) decode by so many stages of each index, or
            levels of the tree, only. The picture is coarser. None for all.
        output_quality: (pictures) 0 to 100, of JPEG, WebP and AVIF; if it is not given, JPEG has 95, AVIF 90, and WebP
            loses nothing.
        background: (pictures) colour to lay transparent parts on, such as `white`, `#ff8000` or (255, 128, 0).
        rate: (speech) `source` for the sampling rate of what was encoded (the default), `codec`, or 1000 to 768000 Hz.
        encoding: (speech) how samples are stored in wav, aiff, au and raw: `s16` (the default), `s24`, `f32`, `u8`,
            `mulaw`, `alaw`, `gsm` or `adpcm`.
        start: (speech, video) second to begin with, at least 0, also as text such as `1:05` or `1:02:03.5`. Of a long
            file only what the part needs is read.
        duration: (speech, video) seconds to decode, above 0; all if it is not given.
        salvage: (speech, video) decode what is intact of a damaged file; conceal and report the rest.
        frames: (video) the part to decode, `a:b` for frames a up to b, not included, counted from 0; not beside
            start and duration.
        lossless: (video) write mp4, mkv or mov without further loss.
        audio: (video) whether to write the sound too, if the format has a place for it; None for yes.
        overwrite: replace a destination that exists.
        threads: how many to use; one a CPU if it is not given.
        progress: called with the part of the work that is done, 0 to 1. If it raises, the work ends and nothing is
            written.
        name: how messages and the report call the source.

    Raises:
        CorruptFileError, UnsupportedError: the file is damaged, or of a later version.
        CodebookError: the codebook is not found, or is not the file's.
        UsageError: an option is unknown, of the wrong type, out of range or in conflict with another; the medium does
            not have it; the part is not within the picture, sound or video; the format is unknown or has no place for
            alpha.
        UnreadableInputError, LimitError, OutputError: see `vqcodec.errors`.
    """
    options = DecodeOptions.of(asked)
    name, destination = _checked(source, destination, options.name)
    sources = [source, *codebook_sources(options.codebook)]
    source, medium = medium_to_decode(source, name)
    if medium != "video" or not is_pattern(destination):
        check_destination(destination, sources, overwrite=options.overwrite)
    book = chosen_codebook(options.codebook)
    with naming(name):
        options.check_medium(medium)
    try:
        with beside(source):
            return module_for(medium).decode(source, destination, name, book, options)
    except CorruptFileError as error:
        if options.salvage or medium == "image":
            raise
        raise CorruptFileError(f"{error}; pass salvage=True for what is intact") from error


def info(
    source: Source,
    *,
    bits: bool = False,
    codebook: CodebookChoice | None = None,
    name: str | None = None,
) -> AnyInfo:
    """Return what a `.vqc` file or a pack says of itself; it needs no codebook, unless bits are counted.

    Args:
        source: a `.vqc` file, or a pack (`.vqp`), of which the bytes are counted in any case.
        bits: also find where every bit of the file went.
        codebook: for that, as in `decode`.
        name: as in `encode`.

    Raises:
        CorruptFileError, UnsupportedError, UnreadableInputError, LimitError: see `vqcodec.errors`.
        CodebookError: bits are to be counted, and the codebook is not found or is not the file's.
        UsageError: an argument is of the wrong type.
    """
    given = {"bits": bits, "codebook": codebook, "name": name}
    name, _ = _checked(source, None, NAME.value_in(given))
    counted = decoding.BITS.value_in(given)
    book = chosen_codebook(decoding.CODEBOOK.value_in(given))
    source, medium = medium_to_decode(source, name, packs=True)
    with beside(source):
        return module_for(medium).info(source, name, book, bits=counted)


def verify(
    source: Source,
    *,
    codebook: CodebookChoice | None = None,
    threads: int | None = None,
    name: str | None = None,
) -> AnyVerifyReport:
    """Check a `.vqc` file or a pack in full: structure, checksums, that its codebook is at hand, and that it decodes.

    Args:
        source: a `.vqc` file, or a pack (`.vqp`).
        codebook, threads: as in `decode`.
        name: as in `encode`.

    Raises:
        CorruptFileError, UnsupportedError, CodebookError, UnreadableInputError, LimitError: what is wrong.
        UsageError: an argument is of the wrong type or out of range.
    """
    given = {"codebook": codebook, "threads": threads, "name": name}
    name, _ = _checked(source, None, NAME.value_in(given))
    threads = THREADS.value_in(given)
    book = chosen_codebook(decoding.CODEBOOK.value_in(given))
    source, medium = medium_to_decode(source, name, packs=True)
    with beside(source):
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
    frame from the first on. Of two pictures, if one is grey and the other colour, both are compared as colour; if only
    one has alpha, the other counts as opaque.

    Args:
        reference, test: what to measure against, and what to measure.
        codebook, threads: as in `decode`.
        names: how messages and the report call the two.

    Raises:
        UsageError: their sizes differ, or one is a picture and the other sound; an argument is of the wrong type or out
            of range.
        UnreadableInputError, CorruptFileError, UnsupportedError, CodebookError, LimitError: unreadable.
    """
    given = {"codebook": codebook, "threads": threads, "names": names}
    for side, source in (("reference", reference), ("test", test)):
        SourceOption(side).check(source)
    names = decoding.NAMES.value_in(given)
    threads = THREADS.value_in(given)
    book = chosen_codebook(decoding.CODEBOOK.value_in(given))
    first, first_medium = side_to_compare(reference, names[0] or name_of(reference))
    second, second_medium = side_to_compare(test, names[1] or name_of(test))
    if first_medium != second_medium:
        raise UsageError(f"{first.name} is of medium {first_medium}, {second.name} of {second_medium}; compare alike")
    with beside(first.source), beside(second.source):
        return module_for(first_medium).compare(first, second, book, threads)


def _checked(source: Source, destination: Destination | None, name: str | None) -> tuple[str, Destination | None]:
    """Check the source and the destination; return how messages call the source, and where to write all."""
    SOURCE.check(source)
    DESTINATION.value_in({"destination": destination})
    if destination is not None and not isinstance(destination, (str, os.PathLike)):
        destination = whole(destination)
    return name or name_of(source), destination
