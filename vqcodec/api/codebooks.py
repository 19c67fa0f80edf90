"""Codebooks as users name them, and what reports say of them."""

from __future__ import annotations

import os
from pathlib import Path

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import load_codebook, resolve_codebook
from vqcodec.container import CodebookReference
from vqcodec.errors import VQCodecError
from vqcodec.files.endpoints import Source
from vqcodec.reports import CodebookUse

CodebookChoice = str | os.PathLike[str] | Codebook


def chosen_codebook(choice: CodebookChoice | None) -> Codebook | None:
    """The codebook of that name or path, or the one that is given; None where there is no choice.

    Raises:
        CodebookError: it is not to be found, or damaged.
    """
    if not isinstance(choice, (str, os.PathLike)):
        return choice
    return load_codebook(choice if isinstance(choice, str) else Path(choice))


def codebook_sources(choice: CodebookChoice | None) -> list[Source]:
    """The choice as something that must not be overwritten, if it may be a file."""
    return [choice] if isinstance(choice, (str, os.PathLike)) else []


def codebook_use(reference: CodebookReference) -> CodebookUse:
    """The codebook that a file refers to, looked for in the file and in the library, and whether it is at hand."""
    embedded = reference.embedded is not None
    try:
        book = resolve_codebook(reference.identity_prefix, name=reference.name, embedded=reference.embedded)
    except VQCodecError:  # missing, or there but damaged: either way it is not at hand
        return CodebookUse(reference.name, reference.identity_prefix.hex(), embedded, False)
    return CodebookUse(book.name, book.identity, embedded, True)
