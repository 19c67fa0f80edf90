"""Packs for the fuzzer: small valid ones, and changed ones whose checksums and positions are mended afterwards."""

from __future__ import annotations

import io
import zlib
from random import Random

import numpy as np
from fuzz_files import checked, chunk, read_varint, varint
from fuzz_mutations import changed_bytes, changed_numbers
from fuzz_seeds import picture
from synthetic_speech import synthetic_speech

import vqcodec
from vqcodec import Pack
from vqcodec.codebook.library import load_codebook
from vqcodec.codebook.packing import unpack
from vqcodec.errors import VQCodecError
from vqcodec.image.codec import encode_picture
from vqcodec.image.pixels import Picture
from vqcodec.pack.access import access_to
from vqcodec.pack.blocks import names_columns
from vqcodec.pack.changing import new_pack
from vqcodec.pack.items import item_of
from vqcodec.pack.reader import PackReader

HEAD = checked(b"\x89VQP\r\n\x1a\n\x01\x00")
KINDS = (b"CREF", b"CEMB", b"META", b"NAME", b"BULK", b"ROOT", b"FOOT", b"ITEM")


def packs() -> list[bytes]:
    """Return valid packs: of pictures with and without metadata, of whole files, and of all media."""
    block, transform = load_codebook("classic-4x4-256"), load_codebook("photo")
    small = [vqcodec.encode_image(picture(9 + n, 11, 1 + n % 4), codebook=block) for n in range(4)]
    described = encode_picture(Picture(picture(9, 9, 3), {"icc": b"profile", "text:Title": b"t"}), codebook=transform)
    talk = synthetic_speech(0.5, 8000).astype(np.int16)
    files = {
        **{f"small/{number}.png": data for number, data in enumerate(small)},
        "described.png": described.data,
        "talk.wav": vqcodec.encode_speech(talk, 8000, codebook="celp-4800"),
        "alone.vqc": vqcodec.encode_image(picture(8, 8, 3), codebook=block, embed_codebook=True),
        "tall.png": vqcodec.encode_image(picture(1290, 4, 1), codebook=transform, quality=0, effort=0),
    }
    return [_packed(files), _packed({f"{number}": data for number, data in enumerate(small)})]


def _packed(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with new_pack(file) as writer:
        for name, data in files.items():
            writer.add(name, item_of(data))
    return file.getvalue()


def changed_pack(random: Random, data: bytes) -> bytes:
    """Return a changed pack."""
    if random.random() < 0.15:
        return changed_bytes(random, data)
    root = PackReader(access_to(data)).root
    chunks = _chunks_of(data)[:-2]
    places: dict[int, tuple[int, int]] = {}  # by position before: position and length now
    out = bytearray(HEAD)
    way, chosen = random.random(), random.randrange(len(chunks))
    for number, (kind, payload, start) in enumerate(chunks):
        if kind == b"NAME" and way < 0.6:
            payload = _changed_names(random, payload)
        elif number == chosen and 0.6 <= way < 0.8:
            payload = changed_numbers(random, payload)
            kind = random.choice((kind, kind, kind, random.choice(KINDS)))
        places[start] = (len(out), len(chunk(kind, payload)))
        out += chunk(kind, payload)
    columns = varint(root.unused)
    for found in (root.codebooks, root.metadata, [block.place for block in root.blocks]):
        now = [places[place.offset] for place in found]
        columns += varint(len(now)) + b"".join(varint(offset) for offset, _ in now)
        columns += b"".join(varint(length) for _, length in now)
    columns += b"".join(varint(block.count) for block in root.blocks)
    columns += b"".join(names_columns([block.first for block in root.blocks]))
    if way >= 0.8:
        columns = changed_numbers(random, columns)
    position = len(out)
    out += chunk(b"ROOT", b"\0" + varint(len(columns)) + columns)
    out += chunk(b"FOOT", position.to_bytes(8, "little"))
    return bytes(out) if random.random() < 0.9 else bytes(out) + random.randbytes(20)


def _changed_names(random: Random, payload: bytes) -> bytes:
    """Return the payload of a block of names with a change in one of its parts."""
    _, at = read_varint(payload, 0)
    size, after = read_varint(payload, at + 3)
    packed, after = read_varint(payload, after)
    columns = bytes(unpack(payload[at + 2], memoryview(payload[after : after + packed]), size, ""))
    head, rest = payload[: at + 2], payload[after + packed :]
    way = random.randrange(4)
    if way < 2:
        columns = changed_numbers(random, columns)
    elif way == 2:
        rest = changed_bytes(random, rest)
    else:
        head = changed_numbers(random, head)
    if random.random() < 0.5:
        return head + b"\0" + varint(len(columns)) + varint(len(columns)) + columns + rest
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    deflated = packer.compress(columns) + packer.flush()
    return head + b"\2" + varint(len(columns)) + varint(len(deflated)) + deflated + rest


def _chunks_of(data: bytes) -> list[tuple[bytes, bytes, int]]:
    """Return type, payload and position of all chunks."""
    at, found = len(HEAD), []
    while at < len(data):
        length, body = read_varint(data, at + 4)
        found.append((data[at : at + 4], data[body : body + length], at))
        at = body + length + 4
    return found


def read_pack(data: bytes, *, salvage: bool = False) -> dict[str, str]:
    """Return what became of each item: its samples as text, or the name of an error."""
    found = {}
    with Pack(data, salvage=salvage) as pack:
        for name in pack:
            try:
                found[name] = repr(pack[name])
            except VQCodecError as error:
                if not str(error).isprintable():
                    raise AssertionError(f"a message that is not printable: {str(error)!r}") from None
                found[name] = type(error).__name__
    return found
