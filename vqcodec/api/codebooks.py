"""Codebooks as users name them, and what reports say of them."""

from __future__ import annotations

import os

from vqcodec.codebook.library import CodebookChoice
from vqcodec.container import CodebookReference
from vqcodec.container.wrapping import find_codebook
from vqcodec.errors import VQCodecError
from vqcodec.files.endpoints import Source
from vqcodec.reports.base import CodebookUse


def codebook_sources(choice: CodebookChoice | None) -> list[Source]:
    """Return the choice as a source that must not be overwritten; nothing if it cannot be a file."""
    return [choice] if isinstance(choice, (str, os.PathLike)) else []


def codebook_use(reference: CodebookReference) -> CodebookUse:
    """Look for the codebook that a file refers to, in the file and in the library; return what reports say of it."""
    embedded = reference.embedded is not None
    try:
        book = find_codebook(reference)
    except VQCodecError:  # missing, or there but damaged: either way it is not at hand
        return CodebookUse(reference.name, reference.identity_prefix.hex(), embedded, False)
    return CodebookUse(book.name, book.identity, embedded, True)
