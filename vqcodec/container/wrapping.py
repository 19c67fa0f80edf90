"""What is the same around the data of every medium: the codebook of a file, and the container's share of its bits."""

from __future__ import annotations

from collections.abc import Mapping

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import resolve_codebook, shipped_parent
from vqcodec.container.media import CodebookReference, MediaFile


def reference_to(codebook: Codebook, *, embed: bool, whole: bool = False) -> CodebookReference:
    """Return how a file names its codebook, or holds it.

    Args:
        embed: store the codebook in the file: as the difference from a shipped one where that is smaller.
        whole: store no difference.
    """
    if not embed:
        return CodebookReference.shared(codebook)
    return CodebookReference.embedding(codebook, None if whole else shipped_parent(codebook))


def find_codebook(reference: CodebookReference) -> Codebook:
    """Return the codebook that a file embeds, or else the one of the library that it refers to.

    Raises:
        CodebookError: it is not found, ambiguous, or not the one that the file names.
        CorruptFileError, LimitError, UnsupportedError: it is found but cannot be read.
    """
    return resolve_codebook(reference.identity_prefix, name=reference.name, embedded=reference.embedded)


def codebook_of(media: MediaFile, given: Codebook | None = None) -> Codebook:
    """Return the codebook to decode a file with: `given`, or else the one that `find_codebook` finds.

    Raises:
        CodebookError: it is not found, is not the one that the file needs, or is for another engine.
        CorruptFileError: the checksum of a compact file, which covers the codebook's identity, is wrong.
    """
    codebook = given or find_codebook(media.codebook)
    media.check_codebook(codebook)
    return codebook


def metadata_bits(metadata: Mapping[str, bytes]) -> int:
    """Return the bits of the metadata of a file."""
    return 8 * sum(map(len, metadata.values()))


def codebook_bits(reference: CodebookReference) -> int:
    """Return the bits of the codebook that a file embeds; 0 if it embeds none."""
    return 8 * len(reference.embedded or b"")


def with_container(parts: Mapping[str, int], others: Mapping[str, int], size: int) -> dict[str, int]:
    """Return where the bits of a whole file went, by part; they sum to 8 times its size.

    Args:
        parts: bits of the engine's data.
        others: bits beside it, of which those that are 0 are left out.
        size: bytes of the file. What is in neither `parts` nor `others` is the container's.
    """
    counted = {**parts, **{part: bits for part, bits in others.items() if bits}}
    return {**counted, "container": 8 * size - sum(counted.values())}
