"""The first look at every file of a corpus: whether it can be read, how large its medium is, and what its bytes are."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, TypeVar

from vqcodec.carriers.carrier import Carrier
from vqcodec.errors import UnreadableInputError, VQCodecError
from vqcodec.media.corpora.files import FileCorpus, Size
from vqcodec.media.corpora.places import Place, on_this_machine

Item = TypeVar("Item")

_PARTS, _MOST_FILES = 256, 64  # shards of the survey, unless they had more files
_MOST_MEDIA = 256  # of a shard


class Look(NamedTuple):
    """What the first look at a file tells.

    Attributes:
        digest: of its bytes; None if the system cannot read them.
        size: extents of its medium; None if it cannot be read.
        reason: why it cannot be read.
    """

    digest: bytes | None
    size: Size | None = None
    reason: str = ""


@dataclass(frozen=True)
class Shard(Generic[Item]):
    """Media of a corpus that follow one another. It is small, and reads its media when it is iterated.

    Attributes:
        first: number of the first of its media in the corpus.
        files: they.
    """

    first: int
    files: FileCorpus[Item]

    def __iter__(self) -> Iterator[Item]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


@dataclass(frozen=True)
class SurveyedCorpus(Generic[Item]):
    """The readable media of a corpus of files; see `media.training.Corpus`.

    Attributes:
        files: that can be read.
        sizes: extents of each medium.
        left_out: the files that cannot be read, and why.
        identity: see `fingerprint`.
    """

    files: FileCorpus[Item]
    sizes: tuple[Size, ...]
    left_out: tuple[tuple[Place, str], ...]
    identity: str

    def __iter__(self) -> Iterator[Item]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def fingerprint(self) -> str:
        """Return a hash of the files' contents, 16 hex digits, so that a codebook says what it was trained on."""
        return self.identity

    def shards(self, samples: int) -> list[Shard[Item]]:
        """Cut the corpus into shards of at most so many samples, or of one medium if it has more."""
        return [
            Shard(rows.start, replace(self.files, places=self.files.places[rows])) for rows in cut(self.sizes, samples)
        ]


def cut(sizes: tuple[Size, ...], samples: int) -> Iterator[slice]:
    """Yield slices of media that follow one another, of at most so many samples, or of one medium if it has more."""
    start, held = 0, 0
    for number, size in enumerate(sizes):
        own = math.prod(size)
        if number > start and (held + own > samples or number - start == _MOST_MEDIA):
            yield slice(start, number)
            start, held = number, 0
        held += own
    if start < len(sizes):
        yield slice(start, len(sizes))


def survey(files: FileCorpus[Item], carrier: Carrier, *, strict: bool = False) -> SurveyedCorpus[Item]:
    """Look at every file of a corpus.

    Args:
        carrier: brings the files to where they are read.
        strict: whether a file that cannot be read is an error. Else it is left out: a large folder nearly always has
            one.

    Raises:
        UnreadableInputError: none of the files can be read; or one cannot be, and `strict` is set.
        SchedulerError: there are no workers any more.
    """
    places = files.places
    each = min(_MOST_FILES, -(-len(places) // _PARTS))
    parts = [replace(files, places=places[start : start + each]) for start in range(0, len(places), each)]
    looks: list[Look] = []
    for found in carrier.map(_look_at_all, parts):
        looks += found
    left_out = tuple((place, look.reason) for place, look in zip(places, looks) if look.size is None)
    if left_out and strict:
        raise UnreadableInputError(f"{len(left_out)} of {len(places)} files cannot be read; first: {left_out[0][1]}")
    if len(left_out) == len(places):
        raise files.unreadable(left_out[0][1])
    digest = hashlib.sha256(b"".join(look.digest for look in looks if look.digest is not None))
    readable = tuple(place for place, look in zip(places, looks) if look.size is not None)
    sizes = tuple(look.size for look in looks if look.size is not None)
    return SurveyedCorpus(replace(files, places=readable), sizes, left_out, digest.hexdigest()[:16])


def _look_at_all(files: FileCorpus[Item]) -> list[Look]:
    return [_look(files, place) for place in files.places]


def _look(files: FileCorpus[Item], place: Place) -> Look:
    """Return what the first look at a file tells."""
    digest: bytes | None = None
    try:
        with on_this_machine(place) as path:
            try:
                with path.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").digest()
            except OSError:
                digest = None  # reading says why
            return Look(digest, files.size(files.read(path, str(place))))
    except VQCodecError as error:
        return Look(digest, None, str(error))
