"""Which codebook a file was coded with, and whether it is at hand: what reports say of it."""

from __future__ import annotations

from vqcodec.container import CodebookReference
from vqcodec.errors import VQCodecError
from vqcodec.reports import CodebookUse
from vqcodec.vq.library import resolve_codebook


def codebook_use(reference: CodebookReference) -> CodebookUse:
    """The codebook that a file refers to, looked for in the file and in the library."""
    embedded = reference.embedded is not None
    try:
        book = resolve_codebook(reference.identity_prefix, name=reference.name, embedded=reference.embedded)
    except VQCodecError:  # missing, or there but damaged: either way it is not at hand
        return CodebookUse(reference.name, reference.identity_prefix.hex(), embedded, False)
    return CodebookUse(book.name, book.identity, embedded, True)
