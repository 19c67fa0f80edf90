"""What a hand-made file is, whoever makes it."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, BAD, UNSUPPORTED = "good", "bad", "unsupported"
CORRUPT, LIMIT, CODEBOOK = "CorruptFileError", "LimitError", "CodebookError"
UNREADABLE, LATER = "UnreadableInputError", "UnsupportedError"


@dataclass(frozen=True)
class Sample:
    """One file: where it goes, which error it must end in, which part must find it, and what it is for.

    `packed` marks those that a deflate or LZMA2 packer has a part in: another version of it may give other bytes.
    """

    folder: str
    name: str
    data: bytes
    what: str
    error: str = ""
    found_by: str = "container"
    packed: bool = False
