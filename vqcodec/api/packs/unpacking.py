"""Taking items out of packs into files: what `vqcodec unpack` and `extract` call."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from vqcodec.api import decode
from vqcodec.api.packs.opened import Pack
from vqcodec.errors import OutputError, UnreadableInputError, UsageError, VQCodecError
from vqcodec.files.endpoints import Destination, name_of, naming, write_all
from vqcodec.files.folders import CODED_SUFFIX, is_coded_name
from vqcodec.names import printable
from vqcodec.pack.names import fault_of
from vqcodec.reports.pack import PackedItem, UnpackReport

_USUAL = {"image": ".png", "speech": ".wav", "video": ".mp4"}
"""What an item is decoded to whose name does not say a format that can be written."""


def extract(
    pack: Pack, name: str, destination: Destination | None = None, *, coded: bool = False, **asked: Any
) -> UnpackReport:
    """Decode an item of a pack to a file.

    Args:
        pack: an open pack.
        name: of the item.
        destination: where it goes; None leaves the bytes in the report.
        coded: whether to give the `.vqc` file instead.
        asked: options of `vqcodec.decode`. Without `format`, the destination's extension says what is written, or else
            that of the item's name.

    Raises:
        UsageError: there is no such item, or as `vqcodec.decode`.
        VQCodecError: as `vqcodec.decode`.
    """
    started = time.perf_counter()
    if name not in pack:
        raise UsageError(f"{pack.name}: no item '{printable(name)}'; `vqcodec list` shows the names")
    item = pack.item(name)
    called = pack.reader.called(item.name)
    output = None if destination is None else name_of(destination)
    overwrite = bool(asked.pop("overwrite", False))
    with naming(called):
        data = pack.read(name)
        if coded or (is_coded_name(item.name) and "format" not in asked and destination is None):
            if destination is not None:
                write_all(data, destination, overwrite=overwrite)
            size = len(data)
        else:
            if "format" not in asked and not isinstance(destination, (str, os.PathLike)):
                asked["format"] = extension_of(item).removeprefix(".")
            with pack.codebooks_at_hand(name):
                report = decode(data, destination, name=called, overwrite=overwrite, **asked)
            data, size = report.data or b"", report.output_bytes
    return UnpackReport(
        input=pack.name,
        item=item.name,
        output=output,
        output_bytes=size,
        seconds=time.perf_counter() - started,
        data=data if destination is None else None,
    )


def places(
    pack: Pack, folder: str, names: Sequence[str] = (), *, format: str | None = None, coded: bool = False
) -> list[tuple[str, str]]:
    """Return (name, path of its file) of items that are to be unpacked into a folder; all paths lie below it.

    A file is called as its item. If the format is another, its extension takes the place of the item's; items whose
    files would then have one name keep theirs in front of it.

    Args:
        names: of items; all if there are none.
        format: to decode to; None for what each name says.
        coded: whether `.vqc` files are wanted.

    Raises:
        UsageError: there is no item of a name.
        CorruptFileError: the index is damaged.
    """
    missing = next((name for name in names if name not in pack), None)
    if missing is not None:
        raise UsageError(f"{pack.name}: no item '{printable(missing)}'; `vqcodec list` shows the names")
    items = [pack.item(name) for name in dict.fromkeys(names)] if names else list(pack.items_in_index())
    planned = []
    for item in items:
        extension = _extension(item, format, coded)
        stem = item.name[: len(item.name) - len(PurePosixPath(item.name).suffix)]
        planned.append((item.name, item.name if extension is None else stem + extension, extension))
    count = Counter(os.path.normcase(path) for _, path, _ in planned)
    taken = {os.path.normcase(path) for _, path, extension in planned if extension is None or _once(path, count)}
    found = []
    for name, path, extension in planned:
        if extension is not None and not _once(path, count):
            path = name + extension
            while os.path.normcase(path) in taken:  # `a` as PNG, and an item `a.png`
                path += extension
            taken.add(os.path.normcase(path))
        found.append((name, _below(folder, path, pack.name)))
    return found


def unpack_to(pack: Pack, name: str, path: str, *, coded: bool = False, **asked: Any) -> UnpackReport:
    """Decode an item to a file, whose folders are made; arguments and errors as `extract`."""
    try:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    except OSError as error:
        raise OutputError(f"{os.path.dirname(path)}: cannot be made a folder: {error.strerror}") from None
    return extract(pack, name, path, coded=coded or is_coded_name(path), **asked)


def unpack(
    source: Any,
    folder: str | os.PathLike[str],
    names: Sequence[str] = (),
    *,
    coded: bool = False,
    format: str | None = None,
    salvage: bool = False,
    failed: Callable[[str, VQCodecError], object] | None = None,
    **asked: Any,
) -> list[UnpackReport]:
    """Decode items of a pack to files in a folder. No file is written outside it.

    Args:
        source: as of `vqcodec.Pack`, or an open one.
        folder: for the files; it is made if it is missing.
        names: of items; all if there are none.
        coded: whether to write `.vqc` files instead, and codebooks that the pack embeds beside them.
        format: to decode to; None for what each name says.
        salvage: whether to find items without a whole index.
        failed: called with the name of an item that cannot be decoded, and the error; None to stop at the first.
        asked: options of `vqcodec.decode`.

    Raises:
        UsageError: there is no item of a name, or as `vqcodec.decode`.
        OutputError: a file exists, or the system refuses to write.
        VQCodecError: as `vqcodec.decode`.
    """
    given = {**asked, **({"format": format} if format is not None and not coded else {})}
    reports = []
    with source if isinstance(source, Pack) else Pack(source, salvage=salvage) as pack:
        planned = places(pack, os.fspath(folder), names, format=format, coded=coded)
        if coded:
            write_codebooks(pack, os.fspath(folder), overwrite=bool(asked.get("overwrite")))
        for name, path in planned:
            try:
                reports.append(unpack_to(pack, name, path, coded=coded, **given))
            except VQCodecError as error:
                if failed is None or isinstance(error, (OutputError, UsageError)):
                    raise
                failed(name, error)
    return reports


def write_codebooks(pack: Pack, folder: str, *, overwrite: bool = False) -> list[str]:
    """Write the codebooks that a pack embeds to a folder, where files that name them find them; return the paths."""
    paths = []
    for number, reference in pack.reader.embedded().items():
        path = _below(folder, f"{reference.name}-{reference.identity_prefix.hex()[:8]}.vqcb", pack.name)
        os.makedirs(folder, exist_ok=True)
        write_all(pack.reader.codebook(number).to_bytes(), path, overwrite=overwrite)
        paths.append(path)
    return paths


def extension_of(item: PackedItem) -> str:
    """Return the extension of what an item is decoded to, by its name if that says a format that can be written."""
    suffix = PurePosixPath(item.name).suffix.lower()
    if item.medium is None:
        return suffix
    return suffix if suffix in _writable(item.medium) else _USUAL[item.medium]


def _once(path: str, count: Counter[str]) -> bool:
    return count[os.path.normcase(path)] == 1


def _extension(item: PackedItem, format: str | None, coded: bool) -> str | None:
    """Return the extension that the file of an item gets; None if it keeps that of the item's name."""
    suffix = PurePosixPath(item.name).suffix.lower()
    if item.medium is None:  # it will not be written
        return None
    if coded:
        return None if suffix == CODED_SUFFIX else CODED_SUFFIX
    if format is not None:
        wanted = "." + format.lower().removeprefix(".")
        return None if suffix == wanted else wanted
    if suffix == CODED_SUFFIX:
        return None
    return None if suffix == extension_of(item) else extension_of(item)


def _writable(medium: str) -> frozenset[str]:
    """Return the extensions of the formats that decoding writes."""
    if medium == "image":
        from vqcodec.image.pixels import FORMATS

        return frozenset(FORMATS)
    if medium == "speech":
        from vqcodec.speech.sound.formats import FORMATS as SOUND_FORMATS

        return frozenset(SOUND_FORMATS)
    from vqcodec.video.io.formats import FORMATS as VIDEO_FORMATS

    return frozenset(extension for extension in VIDEO_FORMATS if extension not in (".png", ".jpg"))


def _below(folder: str, name: str, pack: str) -> str:
    """Return the path of an item's file below a folder.

    Raises:
        OutputError: a link on the way, or in its place, leads out of the folder.
        UnreadableInputError: the name is not allowed.
    """
    fault = fault_of(name)
    if fault:  # the index is checked already; nothing may depend on that
        raise UnreadableInputError(f"{pack}: item '{printable(name)}': {fault}")
    path = os.path.join(folder, *name.split("/"))
    home = os.path.realpath(folder)
    if os.path.commonpath([os.path.realpath(path), home]) != home:
        raise OutputError(f"{printable(path, 400)}: a link in {folder} leads out of it; remove it, or unpack elsewhere")
    return path
