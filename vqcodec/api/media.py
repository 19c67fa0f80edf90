"""The media by name: which medium a source is of, and the module that does its work."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from vqcodec.errors import CodebookError, UnreadableInputError, UsageError, VQCodecError
from vqcodec.files.endpoints import Destination, Source, naming, read_all
from vqcodec.media.decoding import DecodeOptions
from vqcodec.media.encoding import EncodeOptions, asks_for_video
from vqcodec.media.options import MEDIA, ONE_OF
from vqcodec.reports import AnyComparison, AnyDecodeReport, AnyEncodeReport, AnyInfo, AnyVerifyReport

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook

PACK = "pack"
"""What a pack counts as beside the media: `info` and `verify` know it."""

_MODULES = {
    "image": "vqcodec.api.image",
    "speech": "vqcodec.api.speech",
    "video": "vqcodec.api.video",
    PACK: "vqcodec.api.packs.describing",
}


class Side(NamedTuple):
    """One side of a comparison: where it is, how messages call it, and whether it is a `.vqc` file."""

    source: Source
    name: str
    coded: bool


class Medium(Protocol):
    """What the module of a medium offers: the functions of `vqcodec.api`, once the medium is known.

    The codebook is loaded; None stands for the default one or for the file's own. The medium has all options that are
    asked for. Errors begin with `name`.
    """

    def encode(
        self,
        source: Source,
        destination: Destination | None,
        name: str,
        codebook: Codebook | None,
        asked: EncodeOptions,
    ) -> AnyEncodeReport:
        """Encode what `source` holds."""

    def decode(
        self,
        source: Source,
        destination: Destination | None,
        name: str,
        codebook: Codebook | None,
        asked: DecodeOptions,
    ) -> AnyDecodeReport:
        """Decode a `.vqc` file of the medium, or the part of it that is asked for."""

    def info(self, source: Source, name: str, codebook: Codebook | None, *, bits: bool) -> AnyInfo:
        """Return what a `.vqc` file of the medium says of itself; with `bits`, also where its bits went."""

    def verify(self, source: Source, name: str, codebook: Codebook | None, threads: int | None) -> AnyVerifyReport:
        """Check a `.vqc` file of the medium in full."""

    def compare(self, reference: Side, test: Side, codebook: Codebook | None, threads: int | None) -> AnyComparison:
        """Measure how far `test` is from `reference`."""


def module_for(medium: str) -> Medium:
    """Return the module of a medium. It is imported when it is first needed, because it loads kernels."""
    return cast(Medium, importlib.import_module(_MODULES[medium]))


def medium_to_encode(source: Source, name: str, asked: EncodeOptions, codebook: Codebook | None) -> tuple[Source, str]:
    """Return the source, which may have been read, and the medium to encode it as.

    If no medium is asked for, the codebook decides, or else what the source holds.

    Raises:
        UsageError: the medium is not that of the codebook, or the source is several pictures and no video.
        CodebookError: the codebook is for a medium that this version does not have.
    """
    from vqcodec.files.sniffing import is_picture_sequence

    medium = asked.medium or (None if asked.raw is None and asked.delay is None else "speech")
    of_codebook = None if codebook is None else codebook.engine.partition("/")[0]
    if None not in (medium, of_codebook) and medium != of_codebook:
        raise UsageError(f"medium {medium} was asked for, but the codebook is for {of_codebook}; leave one out")
    if codebook is not None and of_codebook not in _MODULES:
        raise CodebookError(f"codebook {codebook.name} is for {codebook.engine}, which this version does not have")
    medium = medium or of_codebook
    if is_picture_sequence(source):
        _check_one_video(os.fspath(source), name, medium or ("video" if asks_for_video(vars(asked)) else None))  # type: ignore[arg-type]
    if medium is None or (medium == "video" and hasattr(source, "read")):
        source, found, _ = medium_of_source(source, name)
        medium = medium or found
    return source, medium


@contextmanager
def saying_what_it_is(source: Source, name: str, medium: str, codebook: Codebook | None) -> Iterator[None]:
    """Within it, the error that a source cannot be read says what it is, if it looks like another medium.

    Args:
        medium: that it is to be encoded as.
        codebook: that was asked for.
    """
    try:
        yield
    except UnreadableInputError:
        found = None if hasattr(source, "read") else _looks_like(source, name)
        if found in (None, medium) or (medium, found) == ("speech", "video"):  # of a video the sound may be meant
            raise
        of_codebook = codebook and f"codebook {codebook.name} is for {MEDIA[medium]}"
        asked = of_codebook or f"medium {medium} was asked for"
        raise UnreadableInputError(f"{name}: {asked}, and this is {ONE_OF[found]}") from None


def _looks_like(source: Source, name: str) -> str | None:
    try:
        return medium_of_source(source, name)[1]
    except VQCodecError:
        return None


def _check_one_video(source: str, name: str, medium: str | None) -> None:
    """Raise UsageError if a folder of pictures, or a pattern, is not to be encoded as one video."""
    from vqcodec.api.series import is_one_video

    if not is_one_video(source, medium):
        raise UsageError(
            f"{name}: stands for several pictures; encode each by a call of its own, or all as one video with "
            'medium="video"'
        )


def medium_to_decode(source: Source, name: str, *, packs: bool = False) -> tuple[Source, str]:
    """Return the source, which may have been read, and the medium of the `.vqc` file that it is.

    Args:
        packs: whether it may be a pack, whose medium is PACK.

    Raises:
        CorruptFileError, UnsupportedError: it is not a `.vqc` file, or of a later version.
        UsageError: it is a pack, and may not be one.
    """
    from vqcodec.container import load_media
    from vqcodec.container.files import medium_of_media
    from vqcodec.files.sniffing import with_head
    from vqcodec.pack.parts import MAGIC

    source, head = with_head(source, name)
    is_pack = head.startswith(MAGIC[:4])  # also one that a transfer as text has damaged, which its reader says
    if is_pack and not packs:
        raise UsageError(f"{name}: is a pack of many items; take them out with `vqcodec unpack` or `vqcodec extract`")
    medium = PACK if is_pack else medium_of_media(head)
    if medium:
        return source, medium
    data = read_all(source, name)
    with naming(name):
        return data, load_media(data).medium  # which says what is wrong


def side_to_compare(source: Source, name: str) -> tuple[Side, str]:
    """Return a side of a comparison, whose source may have been read, and its medium."""
    from vqcodec.container import is_media
    from vqcodec.container.files import medium_of_media

    source, medium, head = medium_of_source(source, name)
    if is_media(head):
        return Side(source, name, True), medium_of_media(head) or "image"
    return Side(source, name, False), medium


def medium_of_source(source: Source, name: str) -> tuple[Source, str, bytes]:
    """Return the source, which may have been read, the medium it looks like, and its first bytes.

    Raises:
        UnreadableInputError, LimitError: it is empty, or as `endpoints.read_all`.
    """
    from vqcodec.container import is_media
    from vqcodec.files.animations import is_animation
    from vqcodec.files.sniffing import (
        foreign_kind,
        is_picture,
        is_picture_sequence,
        is_sound,
        is_video,
        may_be_sound,
        with_head,
    )

    if is_picture_sequence(source):
        return source, "video", b""
    source, head = with_head(source, name)
    if not head:
        raise UnreadableInputError(f"{name}: the file is empty")
    if is_sound(head, source):
        return source, "speech", head
    if is_animation(head, source):
        return source, "video", head
    coded, video = is_media(head), is_video(head, source)
    kind = None if coded or video else foreign_kind(head)
    if kind is not None:
        raise UnreadableInputError(f"{name}: is {kind}; pictures, sound and videos are read")
    doubtful = may_be_sound(head) if video else not (coded or is_picture(head))
    told = _told_by_ffmpeg(source, name, "video" if video else "image") if doubtful else None
    return source, told or ("video" if video else "image"), head


def _told_by_ffmpeg(source: Source, name: str, likely: str) -> str | None:
    """Return the medium of a path, or of bytes, by what ffmpeg finds in it; None if it cannot tell.

    Args:
        likely: what the source looks like. It is no video if it looks like a picture and Pillow can open it.
    """
    from vqcodec.ffmpeg.probing import contents
    from vqcodec.files.temporary import keeping, temporary_folder

    with temporary_folder(name) as folder:
        path = source
        if isinstance(source, (bytes, bytearray, memoryview)):
            path = os.path.join(folder, "media")
            with keeping(name), open(path, "wb") as file:
                file.write(source)
        if not isinstance(path, (str, os.PathLike)):
            return None
        try:
            found = contents(os.fspath(path))
        except UnreadableInputError:  # the reading of the file says what is wrong
            return None
        if not found.video:
            return "speech" if found.sound else None
        return None if likely == "image" and _is_picture(os.fspath(path)) else "video"


def _is_picture(path: str) -> bool:
    """Whether Pillow can open a file."""
    from vqcodec.image import pillow

    try:
        with pillow.reading(path), pillow.open_picture(Path(path)):
            return True
    except VQCodecError:
        return False
