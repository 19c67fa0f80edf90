"""The logical media file, the same whichever of the two physical forms holds it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from vqcodec.codebook.codebook import Codebook
from vqcodec.container.registry import MEDIA, medium_of
from vqcodec.errors import CodebookError, CorruptFileError, UsageError
from vqcodec.names import at, is_codebook_name, is_engine_name, printable

MAX_STREAMS = 256
MAX_CODEBOOKS = 256
MAX_METADATA = 1_024


@dataclass(frozen=True)
class CodebookReference:
    """Which codebook a stream was coded with, and the codebook itself if the file embeds it."""

    identity_prefix: bytes  # 32 bytes of the SHA-256; only 4 when read from the compact form
    name: str | None = None  # None when read from the compact form
    embedded: bytes | None = None  # a `.vqcb` file

    @classmethod
    def shared(cls, codebook: Codebook) -> CodebookReference:
        """A reference to a codebook that the decoder must have."""
        return cls(codebook.digest, codebook.name)

    @classmethod
    def embedding(cls, codebook: Codebook, parent: Codebook | None = None) -> CodebookReference:
        """The codebook itself, or its difference from `parent` if that is smaller."""
        return cls(codebook.digest, codebook.name, codebook.to_bytes(parent))


@dataclass(frozen=True)
class Stream:
    """One stream: the engine's header and its packets, neither of which the container looks into.

    From the compact form, which does not say where the header ends, come an empty header and one packet that
    begins with it. So an engine of single packets parses its header from `header + packets[0]`.
    """

    number: int
    medium: str
    engine: str
    header: bytes
    packets: Sequence[bytes]
    starts: Sequence[int] | None = None  # first sample, frame or tile of each packet; None: 0, 1, 2, ...
    codebook: int = 0  # 0: the file's codebook; n: further_codebooks[n - 1]


@dataclass(frozen=True)
class CompactSeal:
    """The checksum of a compact file, which only the codebook's full hash completes."""

    partial: int  # CRC-32 of all bytes before the checksum
    expected: int


@dataclass(frozen=True)
class MediaFile:
    """A media file. `medium` and `engine` are those of the first stream."""

    medium: str
    engine: str
    codebook: CodebookReference
    streams: Sequence[Stream]
    metadata: dict[str, bytes] = field(default_factory=dict)  # "icc", "exif", "xmp", "text:TITLE" (UTF-8)
    further_codebooks: Sequence[CodebookReference] = ()
    seal: CompactSeal | None = field(default=None, compare=False)  # only when read from the compact form

    def stream(self, number: int) -> Stream:
        """The stream of that number.

        Raises:
            UsageError: there is none.
        """
        for stream in self.streams:
            if stream.number == number:
                return stream
        raise UsageError(f"the file has no stream {number}")

    def check_codebook(self, codebook: Codebook, source: str = "", number: int = 0) -> None:
        """Make sure that `codebook` is the one of that number, and so that a compact file is intact.

        Raises:
            CodebookError: it is another one, or for another engine than that of a stream that names it.
            CorruptFileError: the checksum of a compact file does not hold: it is damaged, or the hash of another
                codebook begins alike.
        """
        reference = (self.codebook, *self.further_codebooks)[number]
        wanted = reference.identity_prefix
        if not codebook.digest.startswith(wanted):
            called = f" '{printable(reference.name)}'" if reference.name else ""
            raise CodebookError(
                f"{at(source)}needs the codebook{called} {wanted.hex()}, not '{codebook.name}' {codebook.identity}"
            )
        if self.seal is not None and zlib.crc32(codebook.digest, self.seal.partial) != self.seal.expected:
            raise CorruptFileError(
                f"{at(source)}the checksum is wrong: the file is damaged, "
                f"or codebook '{codebook.name}' is not the one it was coded with"
            )
        for stream in self.streams:
            if stream.codebook == number and stream.engine != codebook.engine:
                raise CodebookError(
                    f"{at(source)}coded by {stream.engine}, but codebook '{codebook.name}' is for {codebook.engine}"
                )


def check_stream(number: int, medium: str, engine: str) -> None:
    """Refuse to write a stream that could not be read again.

    Raises:
        UsageError: the number, the medium or the engine's name is impossible.
    """
    if not 0 <= number < MAX_STREAMS:
        raise UsageError(f"stream number {number}; 0 to {MAX_STREAMS - 1} are allowed")
    if medium not in MEDIA or not is_engine_name(engine) or medium_of(engine) != medium:
        raise UsageError(f"no stream can be of medium '{printable(medium)}' and engine '{printable(engine)}'")


def check_reference(reference: CodebookReference) -> None:
    """Refuse to write a reference that could not be read again.

    Raises:
        UsageError: the identity is not whole, or the name is missing or impossible.
    """
    if len(reference.identity_prefix) != 32:
        raise UsageError(
            f"a reference to a codebook needs 32 bytes of its SHA-256, not {len(reference.identity_prefix)}"
        )
    if reference.name is None or not is_codebook_name(reference.name):
        raise UsageError(f"a reference to a codebook needs its name, not '{printable(reference.name or '')}'")
