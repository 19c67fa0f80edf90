"""Read a hand-made file as far as the container goes: itself, its codebooks, its index. Used by the tests."""

from __future__ import annotations

import io
from pathlib import Path

from vqcodec.codebook import library
from vqcodec.codebook.codebook import Codebook
from vqcodec.container import MediaFile, load_media
from vqcodec.container.chunks import MAGIC
from vqcodec.container.index import read_index, read_packet

FOLDER = Path(__file__).parent


def read_everything(data: bytes, suffix: str) -> Codebook | MediaFile:
    """Read a codebook (`.vqcb`) or a media file (`.vqc`) with all that belongs to it, decoding no sample."""
    if suffix == ".vqcb":
        return Codebook.from_bytes(data, find_parent=library.find_identity)
    media = load_media(data)
    for number, reference in enumerate((media.codebook, *media.further_codebooks)):
        codebook = library.resolve_codebook(reference.identity_prefix, name=reference.name, embedded=reference.embedded)
        media.check_codebook(codebook, number=number)
    if data.startswith(MAGIC):
        file = io.BytesIO(data)
        entries = read_index(file) or []
        for entry in entries:
            packet = read_packet(file, entry)
            assert packet.payload == media.stream(packet.stream).packets[packet.number]
    return media
