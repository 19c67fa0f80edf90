"""Seeded changes to files. Checksums, index and end are mended afterwards, so that the damage reaches the decoders."""

from __future__ import annotations

import copy
from random import Random

from fuzz_files import MEDIA, Document, Part, join_chunks, read_varint, split_chunks, varint

BYTES = (0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255)
NUMBERS = (0, 1, 2, 3, 4, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 1000, 1280, 1281, 4095, 4096, 65534, 65535, 65536)
LARGE = (1 << 20, 1 << 24, 1 << 28, (1 << 31) - 1, 1 << 31, 1 << 32, 1 << 40, 1 << 62, (1 << 63) - 1)
KINDS = (b"CREF", b"CEMB", b"STRM", b"DATA", b"indx", b"DONE", b"iccp", b"exif", b"xmpd", b"text", b"ITEM", b"xyzw")


def changed_bytes(random: Random, data: bytes, other: bytes = b"") -> bytes:
    """Return data with one to eight changes: bits, bytes, runs left out, repeated, made up, or taken from `other`."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 4, 8))):
        at, width, way = random.randrange(len(changed) + 1), random.randrange(1, 9), random.randrange(9)
        if not changed:
            changed += random.randbytes(width)
        elif way < 3:
            changed[min(at, len(changed) - 1)] ^= 1 << random.randrange(8)
        elif way == 3:
            changed[min(at, len(changed) - 1)] = random.choice((*BYTES, random.randrange(256)))
        elif way == 4:
            del changed[at : random.choice((at + width, len(changed)))]
        elif way == 5:
            changed[at:at] = changed[at : at + width]
        elif way == 6:
            changed[at : random.choice((at + width, len(changed)))] = random.randbytes(random.choice((width, 16, 200)))
        elif way == 7:
            changed[at:at] = bytes([random.choice((0, 255, 0x55))]) * random.choice((1, 4, 16, 64))
        else:
            begin = random.randrange(len(other) + 1)
            changed[at : at + width] = other[begin : begin + random.choice((width, 4 * width, len(other)))]
    return bytes(changed)


def changed_numbers(random: Random, data: bytes) -> bytes:
    """Return data in which a varint is changed, or some bytes."""
    try:
        at = random.randrange(len(data))
        value, end = read_varint(data, at)
    except (IndexError, ValueError):
        return changed_bytes(random, data)
    if random.random() < 0.4:
        return changed_bytes(random, data)
    near = (value + 1, max(0, value - 1), value * 2, value // 2, value ^ (1 << random.randrange(16)))
    number = random.choice((*near, random.choice(NUMBERS), random.choice(NUMBERS), random.choice(LARGE)))
    return data[:at] + varint(number) + data[end:]


def mutated(random: Random, document: Document, others: list[Document]) -> bytes:
    """Return a changed file; `others` are documents of the same engine, from which bytes may come."""
    document = copy.deepcopy(document)
    part = random.choice(document.streams)
    way = random.random()
    if way < 0.66 and part.packets:
        _change_packet(random, part, others)
    elif way < 0.78:
        part.header = changed_numbers(random, part.header)
    elif way < 0.83 and part.packets:
        place = random.randrange(len(part.packets))
        number, start, data = part.packets[place]
        part.packets[place] = (number, start, changed_numbers(random, data[:6]) + data[6:])
    elif way < 0.88 and part.packets:
        _move_packet(random, part)
    elif way < 0.90:
        document.streams.append(Part(random.choice((1, 2, 255, 256)), part.engine, part.header, list(part.packets)))
    elif way < 0.97:
        return _changed_chunks(random, document)
    else:
        return changed_bytes(random, document.to_bytes())
    return document.to_bytes(indexed=random.random() < 0.8)


def _change_packet(random: Random, part: Part, others: list[Document]) -> None:
    for _ in range(random.choice((1, 1, 2))):
        place = random.randrange(len(part.packets))
        number, start, data = part.packets[place]
        spare = random.choice(random.choice(others).streams).packets or [(0, 0, b"")]
        part.packets[place] = (number, start, changed_bytes(random, data, random.choice(spare)[2]))


def _move_packet(random: Random, part: Part) -> None:
    place, way = random.randrange(len(part.packets)), random.randrange(5)
    number, start, data = part.packets[place]
    if way == 0:
        del part.packets[place]
    elif way == 1:
        part.packets.insert(place, (number, start, data))
    elif way == 2:
        part.packets[place] = (random.choice((*NUMBERS, *LARGE)), start, data)
    elif way == 3:
        part.packets[place] = (number, random.choice((*NUMBERS, *LARGE)), data)
    else:
        part.packets[place] = (number, start, b"")


def _changed_chunks(random: Random, document: Document) -> bytes:
    chunks = split_chunks(document.to_bytes())
    for _ in range(random.choice((1, 1, 2, 3))):
        place, other, way = random.randrange(len(chunks)), random.randrange(len(chunks)), random.randrange(6)
        kind, payload = chunks[place]
        if way == 0:
            chunks[place] = (kind, changed_bytes(random, payload))
        elif way == 1:
            chunks.insert(other, (kind, payload))
        elif way == 2:
            chunks[place], chunks[other] = chunks[other], chunks[place]
        elif way == 3:
            chunks[place] = (random.choice(KINDS), payload)
        elif way == 4:
            chunks[place] = (kind, changed_numbers(random, payload))
        else:
            chunks.insert(other, (random.choice(KINDS), random.randbytes(random.randrange(20))))
    medium = random.choice((MEDIA[document.medium],) * 3 + (random.randrange(5),))
    return join_chunks(chunks, medium, ended=random.random() < 0.5)
