"""Whether an output holds what its input held, so that the input may go: files read again, and samples compared."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np

from vqcodec.api import verify
from vqcodec.api.media import medium_to_decode
from vqcodec.api.opened_video import Video, open_video
from vqcodec.codebook.library import CodebookChoice, beside, chosen_codebook
from vqcodec.errors import CorruptFileError, UsageError
from vqcodec.files.endpoints import naming, read_all
from vqcodec.media.digests import SampleDigest, digest_of_channels
from vqcodec.reports import AnyDecodeReport, AnyEncodeReport

_FULL_SCALE = 32768
_TIME_TOLERANCE_S = Fraction(1, 1000)  # some formats keep times in milliseconds


def check_encoded(report: AnyEncodeReport, output: str, codebook: CodebookChoice | None = None) -> None:
    """Check that an encoded file decodes to the samples that its encoder saw, and that nothing was left out of it.

    Args:
        report: of the encoding. output: path of the file.
        codebook: as of `vqcodec.decode`.

    Raises:
        UsageError: reading the source has changed it or left out a part.
        CorruptFileError, UnsupportedError, CodebookError, UnreadableInputError, LimitError: the file does not decode,
            or to other samples.
    """
    if report.changed:
        raise UsageError(f"{report.input}: stays, because {output} does not hold all of it: {report.changed[0]}")
    found = verify(output, codebook=codebook)
    if getattr(found, "decoded_sha256", None) != report.decoded_sha256:
        raise CorruptFileError(
            f"{output}: decodes to other samples than its encoder saw; {report.input} stays; encode it again"
        )


def check_decoded(report: AnyDecodeReport, source: str, output: str, codebook: CodebookChoice | None = None) -> None:
    """Check that a decoded file holds all that the `.vqc` file does: that it reads as the very same samples.

    Args:
        report: of the decoding. source: path of the `.vqc` file. output: path of what it was decoded to.
        codebook: as of `vqcodec.decode`.

    Raises:
        UsageError: the file holds less, because of its format or because only a part was decoded.
        CorruptFileError, UnreadableInputError, CodebookError, LimitError: one of the two cannot be read.
    """
    said = [*report.notes, *(["parts of it are lost"] if getattr(report, "lost", ()) else [])]
    if said:
        raise UsageError(f"{source}: stays, because {output} does not hold all of it: {said[0]}")
    _, medium = medium_to_decode(source, source)
    if medium != report.MEDIUM or not _SAME[medium](source, output, codebook):
        raise UsageError(
            f"{source}: stays, because {output} does not hold the same samples; decode all of it to a lossless format, "
            "such as png, flac, or mkv with --lossless"
        )


def _same_picture(source: str, output: str, codebook: CodebookChoice | None) -> bool:
    from vqcodec.image.codec import decode_picture
    from vqcodec.image.pixels import read_picture

    with naming(source), beside(source):
        held = decode_picture(read_all(source, source), codebook=chosen_codebook(codebook)).samples
    return np.array_equal(held, read_picture(read_all(output, output), output).samples)


def _same_sound(source: str, output: str, codebook: CodebookChoice | None) -> bool:
    from vqcodec.speech.reader import open_speech
    from vqcodec.speech.sound.audio import open_audio

    with naming(output):
        written = open_audio(output, output)
    with open_speech(source, codebook=codebook) as held:
        if (held.rate, held.channels) != (written.rate, written.channels):
            return False
        blocks = (np.rint(block * _FULL_SCALE).astype(np.int32) for block in written.whole_blocks())
        wide = (block.astype(np.int32) for block in held)
        return digest_of_channels(wide, held.channels) == digest_of_channels(blocks, written.channels)


def _same_video(source: str, output: str, codebook: CodebookChoice | None) -> bool:
    with open_video(source, codebook=codebook) as held, open_video(output) as written:
        frames, digest = _digest(held)
        if (frames, digest) != _digest(written):
            return False
        late = max(abs(held.time_of(number) - written.time_of(number)) for number in range(frames))
        return late <= _TIME_TOLERANCE_S and _same_sound_of(held, written)


def _digest(video: Video) -> tuple[int, bytes]:
    """Return the number of frames and the SHA-256 of their planes."""
    digest, frames = SampleDigest(), 0
    for frame in video.planes():
        digest.add_all(frame)
        frames += 1
    return frames, digest.value()


def _same_sound_of(held: Video, written: Video) -> bool:
    first, second = held.sound(), written.sound()
    if first is None or second is None:
        return first is None and second is None
    return first[1] == second[1] and np.array_equal(first[0], second[0])


_SAME: dict[str, Callable[[str, str, CodebookChoice | None], bool]] = {
    "image": _same_picture,
    "speech": _same_sound,
    "video": _same_video,
}
