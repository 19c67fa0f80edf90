"""The first look at every file of a corpus: whether it can be read, how large its medium is, and what its bytes are."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, TypeVar

from vqcodec.carriers.carrier import Carrier
from vqcodec.errors import UnreadableInputError, UsageError, VQCodecError
from vqcodec.media.corpora.files import FileCorpus, Size
from vqcodec.media.corpora.places import Place, on_this_machine

Item = TypeVar("Item")

_PARTS, _MOST_FILES = 256, 64  # shards of the survey, unless they had more files
_MOST_MEDIA = 256  # of a shard

FEWEST_TO_HOLD_OUT = 8  # files: of fewer, none are held out unless somebody asks for it
HELD_OUT_OF = 20  # one in so many is
MOST_HELD_OUT = 16


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
        files: to train on.
        sizes: extents of each medium.
        left_out: the files that cannot be read, and why.
        identity: see `fingerprint`.
        held_out: the files that can be read, but are kept to measure the codebook on.
    """

    files: FileCorpus[Item]
    sizes: tuple[Size, ...]
    left_out: tuple[tuple[Place, str], ...]
    identity: str
    held_out: FileCorpus[Item]

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


def survey(
    files: FileCorpus[Item], carrier: Carrier, *, strict: bool = False, hold_out: int | None = 0
) -> SurveyedCorpus[Item]:
    """Look at every file of a corpus.

    Args:
        carrier: brings the files to where they are read.
        strict: whether a file that cannot be read is an error. Else it is left out: a large folder nearly always has
            one.
        hold_out: number of files to hold out, taken evenly; None for one in 20, from 8 files on. Files with the
            same bytes are held out with them.

    Raises:
        UnreadableInputError: none of the files can be read; or one cannot be, and `strict` is set.
        UsageError: nothing to train on would be left.
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
    held = _held_out(looks, hold_out)
    used = [(place, look) for place, look in zip(places, looks) if look.digest not in held or look.digest is None]
    digest = hashlib.sha256(b"".join(look.digest for _, look in used if look.digest is not None))
    return SurveyedCorpus(
        replace(files, places=tuple(place for place, look in used if look.size is not None)),
        tuple(look.size for _, look in used if look.size is not None),
        left_out,
        digest.hexdigest()[:16],
        replace(files, places=tuple(place for place, look in zip(places, looks) if look.digest in held)),
    )


def _held_out(looks: list[Look], wanted: int | None) -> frozenset[bytes | None]:
    """Return the digests of the files to hold out; arguments and errors as `survey`."""
    readable = [look.digest for look in looks if look.size is not None]
    count = wanted
    if count is None:
        count = 0 if len(readable) < FEWEST_TO_HOLD_OUT else max(1, min(MOST_HELD_OUT, len(readable) // HELD_OUT_OF))
    if count >= len(readable):
        raise UsageError(
            f"{count:,} of {len(readable):,} files to hold out: nothing is left to train on; hold out fewer, or 0"
        )
    held = frozenset(readable[(2 * number + 1) * len(readable) // (2 * count)] for number in range(count))
    if held >= set(readable):  # copies of one file
        if wanted is not None:
            raise UsageError("all files have the same bytes, so none can be held out; hold out 0")
        return frozenset()
    return held


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
