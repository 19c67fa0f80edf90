"""The file types of vqcodec by their first bytes: for shared-mime-info, for libmagic, and for programs of previews.

The `.vqc` files of each medium have a MIME type of their own, since programs offer other things for pictures than for
sound. The first bytes tell them apart (FORMAT.md, sections 3 and 4.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from vqcodec.codebook.file import MAGIC as CODEBOOK_MAGIC
from vqcodec.container import chunks, compact
from vqcodec.container.registry import MEDIA
from vqcodec.media.registry import engines
from vqcodec.pack.parts import MAGIC as PACK_MAGIC

_MEDIUM_AT, _ENGINE_AT = 10, 2  # offsets in the chunked and in the compact form
_MAJOR = 0x10  # the major version, which shares a byte with the engine


class Mark(NamedTuple):
    """First bytes of a file, and a byte that decides; None if there is none."""

    head: bytes
    offset: int | None = None
    value: int = 0


class Kind(NamedTuple):
    """A file type: its MIME type, what people call it, its suffix, an icon's name, and its marks."""

    mime: str
    comment: str
    suffix: str
    icon: str
    marks: tuple[Mark, ...]


def kinds() -> list[Kind]:
    """Return all file types."""
    names = {"image": ("image", "picture"), "speech": ("audio", "speech"), "video": ("video", "video")}
    media = [
        Kind(f"{family}/x-vqc", f"vqcodec {word}", ".vqc", f"{family}-x-generic", tuple(_marks(medium)))
        for medium, (family, word) in names.items()
    ]
    return [
        *media,
        Kind("application/x-vqp", "vqcodec pack", ".vqp", "package-x-generic", (Mark(PACK_MAGIC),)),
        Kind("application/x-vqcb", "vqcodec codebook", ".vqcb", "x-office-document", (Mark(CODEBOOK_MAGIC),)),
    ]


def _marks(medium: str) -> Iterator[Mark]:
    """Give the marks of `.vqc` files of a medium."""
    yield Mark(chunks.MAGIC, _MEDIUM_AT, MEDIA[medium])
    for engine in engines(medium):
        if engine.number is not None:
            yield Mark(compact.MAGIC, _ENGINE_AT, _MAJOR | engine.number)


def mime_info() -> str:
    """Return the file types as shared-mime-info takes them."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">\n'
        + "".join(map(_mime_type, kinds()))
        + "</mime-info>\n"
    )


def _mime_type(kind: Kind) -> str:
    lines = [f"  <mime-type type={quoteattr(kind.mime)}>", f"    <comment>{escape(kind.comment)}</comment>"]
    lines += [f'    <generic-icon name="{kind.icon}"/>', '    <magic priority="60">']
    for mark in kind.marks:
        head = f'<match type="string" offset="0" value="{_escaped(mark.head)}"'
        if mark.offset is None:
            lines.append(f"      {head}/>")
        else:
            byte = f'<match type="byte" offset="{mark.offset}" value="{mark.value:#04x}"/>'
            lines.append(f"      {head}>{byte}</match>")
    lines += ["    </magic>", f'    <glob pattern="*{kind.suffix}"/>', "  </mime-type>"]
    return "\n".join(lines) + "\n"


def magic() -> str:
    """Return the file types as libmagic takes them, which the program `file` uses."""
    lines = ["# The file types of vqcodec."]
    for kind in kinds():
        for mark in kind.marks:
            lines.append(f"0\tstring\t{_escaped(mark.head)}")
            if mark.offset is None:
                lines[-1] += f"\t{kind.comment}"
            else:
                lines.append(f">{mark.offset}\tbyte\t{mark.value:#04x}\t{kind.comment}")
            lines += [f"!:mime\t{kind.mime}", f"!:ext\t{kind.suffix.removeprefix('.')}"]
    return "\n".join(lines) + "\n"


def _escaped(head: bytes) -> str:
    """Return bytes as both take them: letters as they are, others by their number."""
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\x{byte:02x}" for byte in head)


def thumbnailer(program: str) -> str:
    """Return the entry by which file managers make previews.

    Args:
        program: the command that is vqcodec, quoted as a desktop entry has it.
    """
    types = "".join(f"{kind.mime};" for kind in kinds() if kind.suffix != ".vqcb")
    return f"[Thumbnailer Entry]\nExec={program} thumbnail %i %o --size %s\nMimeType={types}\n"
