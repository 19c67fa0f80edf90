"""Items and `.vqc` files: what an item keeps of its file, and the file made of it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vqcodec.codebook.codebook import Codebook
from vqcodec.container import CodebookReference, MediaFile, Stream, dump_media, load_media
from vqcodec.container.registry import MEDIA, MEDIUM_OF_NUMBER, engine_numbered, medium_of, number_of
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import UnsupportedError
from vqcodec.media.registry import find_engine
from vqcodec.pack.parts import MOST_HEAD_BYTES, OF_MEMORY, WHOLE_FILE, Kind


@dataclass(frozen=True)
class Item:
    """A coded item, apart from its name and from numbers that only its pack gives.

    Attributes:
        form: as of `Kind`.
        data: its own bytes; none of an item of a memory.
        codebook: None for a whole file.
        head: the first bytes of its stream.
        metadata: by key, as in `MediaFile`.
        place: number of an item of a memory there.
    """

    form: int
    data: bytes
    codebook: CodebookReference | None = None
    head: bytes = b""
    metadata: dict[str, bytes] = field(default_factory=dict)
    place: int = 0


def item_of(data: bytes, codebook: Codebook | None = None, *, with_metadata: bool = True) -> Item:
    """Return what a pack keeps of a `.vqc` file.

    One packet of an engine that has a number needs no more than its own bytes. Everything else stays a whole file.

    Args:
        data: the file. codebook: that it was coded with; None to look for it.
        with_metadata: whether the pack has room for another set of metadata. If not, a file with metadata stays whole.

    Raises:
        CorruptFileError, UnsupportedError, LimitError: it is damaged, or not known here.
        CodebookError: it has the compact form, and its codebook is not found.
    """
    media = load_media(data, codebook=codebook)
    whole = Item(WHOLE_FILE + MEDIA[media.medium], data)
    number = number_of(media.engine)
    stream = media.streams[0]
    split = _split_of(media.engine)
    if number is None:
        return whole
    if media.seal is not None:
        reference = CodebookReference.shared(codebook_of(media, codebook))
        head, own = _shared_and_own(media.engine, stream.packets[0])
        return Item(number, own, reference, head) if _fits(head) else whole
    single = len(media.streams) == 1 and not media.further_codebooks and len(stream.packets) == 1
    plain = stream.number == 0 and stream.codebook == 0 and list(stream.starts or [0]) == [0]
    kept = with_metadata or not media.metadata
    if not (single and plain and kept and split and stream.header and _fits(stream.header)):
        return whole
    if split(stream.header + stream.packets[0])[0] != stream.header:
        return whole
    return Item(number, stream.packets[0], media.codebook, stream.header, media.metadata)


def item_of_memory(
    place: int, codebook: CodebookReference, engine: str, metadata: Mapping[str, bytes] | None = None
) -> Item | None:
    """Return what a pack keeps of a picture that is an item of its codebook's memory; None if the engine has no number.

    Args:
        place: its number there.
        codebook: that has the memory. engine: of the codebook. metadata: as of `MediaFile`.
    """
    number = number_of(engine)
    return None if number is None else Item(OF_MEMORY + number, b"", codebook, b"", dict(metadata or {}), place)


def file_of(kind: Kind, data: bytes, codebook: CodebookReference | None, metadata: dict[str, bytes]) -> bytes:
    """Return the `.vqc` file of an item, as `Item` describes it.

    Args:
        data: its own bytes; of an item of a memory all bytes that it has there.
        codebook: its reference; one that embeds the codebook is used where the file can hold it.

    Raises:
        UnsupportedError: its engine or medium is not known here.
    """
    if codebook is None:
        return data
    engine = engine_of(kind)
    split = _split_of(engine)
    if codebook.embedded is not None and not split:
        codebook = CodebookReference(codebook.identity_prefix, codebook.name)
    medium = medium_of(engine)
    head, own = kind.head, data
    if split and (metadata or codebook.embedded is not None):  # the compact form does not tell them apart
        head, own = split(kind.head + data)
    stream = Stream(0, medium, engine, head, [own])
    return dump_media(MediaFile(medium, engine, codebook, [stream], metadata))


def engine_of(kind: Kind) -> str:
    """Return the name of the engine of items that are not whole files.

    Raises:
        UnsupportedError: it is not known here.
    """
    number = kind.form - OF_MEMORY if kind.of_memory else kind.form
    engine = engine_numbered(number)
    if engine is None:
        raise UnsupportedError(f"coded by engine number {number}, unknown here; a newer version is needed")
    return engine


def medium_of_kind(kind: Kind) -> str:
    """Return the medium of items; errors as `engine_of`."""
    if not kind.is_file:
        return medium_of(engine_of(kind))
    if kind.form - WHOLE_FILE not in MEDIUM_OF_NUMBER:
        raise UnsupportedError(f"an item of form {kind.form}, unknown here; a newer version is needed")
    return MEDIUM_OF_NUMBER[kind.form - WHOLE_FILE]


def _shared_and_own(engine: str, data: bytes) -> tuple[bytes, bytes]:
    """Return what of a stream in the compact form many items may have in common, and the rest.

    That is the stream header, or the part of it that the engine's function `shared_bytes` tells.
    """
    split = _split_of(engine)
    if split is None:
        return b"", data
    head, _ = split(data)
    found = find_engine(engine)
    shared = getattr(found.coder, "shared_bytes", len) if found else len
    return data[: shared(head)], data[shared(head) :]


def _split_of(engine: str) -> Callable[[bytes], tuple[bytes, bytes]] | None:
    """Return the function of an engine that splits what the compact form holds; None if it has none."""
    found = find_engine(engine)
    return None if found is None else getattr(found.coder, "split", None)


def _fits(head: bytes) -> bool:
    return len(head) <= MOST_HEAD_BYTES
