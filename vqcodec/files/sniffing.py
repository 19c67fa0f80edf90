"""The kind of a source, by its first bytes: a picture, sound, video, or one of vqcodec's files."""

from __future__ import annotations

import glob
import os
import re
from typing import BinaryIO, cast

from vqcodec.files.endpoints import PATTERN, Source, is_pattern, read_all, reading_errors
from vqcodec.files.streams import read_some, read_up_to

HEAD_BYTES = 16

_SOUND = (
    b"fLaC", b"OggS", b"ID3", b"FORM", b".snd", b"caff", b"RF64", b"riff", b"RIFX", b"wvpk", b"NIST_1A", b"FAP ",
    b"Creative Voice F", b"#!AMR", b"\x0bw", b"MAC ", b"TTA1", b"MPCK", b"MP+", b"ajkg", b"2BIT", b".ra\xfd", b"DSD ",
    b"#!iLBC", b"PVF1", b"ALawSoundFile", b"Extended Instrum", b"\x7f\xfe\x80\x01",
)  # fmt: skip
SOUND_SUFFIXES = (
    ".aac", ".ac3", ".aif", ".aiff", ".amr", ".ape", ".au", ".awb", ".caf", ".eac3", ".flac", ".m4a", ".m4b", ".mka",
    ".mp2", ".mp3", ".mpc", ".oga", ".ogg", ".opus", ".rf64", ".tta", ".voc", ".w64", ".wav", ".wma", ".wv",
    # what has no first bytes of its own
    ".al", ".alaw", ".g722", ".g723", ".g729", ".gsm", ".lpcm", ".mulaw", ".pcm", ".pcma", ".pcmu", ".raw", ".sln",
    ".sln12", ".sln16", ".sln24", ".sln32", ".sln44", ".sln48", ".ul", ".ulaw",
)  # fmt: skip
_SOUND_BRANDS = (b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B ")
_SOUND_IN_RIFF = (b"WAVE", b"QLCM", b"XWMA")
_PICTURE_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_OTHER_PICTURE_HEADS = (
    *(b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"P7", b"Pf", b"PF"),  # netpbm
    *(b"RIFF", b"\0\0\0\x0cjP", b"\xff\x4f\xff\x51", b"8BPS", b"\0\0\1\0", b"qoif", b"DDS ", b"#?RADIANCE"),
)
_PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
_Y4M = b"YUV4MPEG2"
_CODED, _MEDIUM_AT, _SPEECH = b"\x89VQC\r\n\x1a\n", 10, b"\x02"  # FORMAT.md, sections 4.1 and 2.4
_VIDEO = (
    _Y4M,
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video
    b"FLV\x01",
    b"DKIF",  # IVF
    b"0&\xb2u",  # ASF: WMV
    b".RMF",
    b"nut/multimedia c",
)
_VIDEO_BRANDS = (b"moov", b"mdat", b"wide", b"free", b"skip")  # QuickTime without a file type
_PICTURE_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1", b"jp2 ", b"jpx ")
_EITHER = (b"\x1aE\xdf\xa3", b"0&\xb2u", b".RMF", b"FLV\x01", b"\x00\x00\x01\xba", b"G")
"""First bytes of containers that may hold sound alone: Matroska, ASF, RealMedia, FLV, MPEG program and transport."""

VIDEO_SUFFIXES = (".m2ts", ".m2v", ".mpg", ".mts", ".ogv", ".ts", ".vob", ".h264", ".h265", ".hevc", ".264", ".265")
"""Name suffixes of video files that have no distinctive first bytes."""


def is_sound(head: bytes, source: object = None) -> bool:
    """Whether a file that begins with `head` holds sound and nothing else: by its head, else by its name."""
    if head.startswith(b"RIFF"):
        return head[8:12] in _SOUND_IN_RIFF
    if head[4:8] == b"ftyp":
        return head[8:12] in _SOUND_BRANDS
    if head.startswith(b"OggS") and _is_called(source, (".ogv", ".ogx")):
        return False
    if head.startswith(b"FORM"):
        return head[8:12] in (b"AIFF", b"AIFC", b"8SVX")
    # MPEG audio without ID3: eleven bits of ones, then neither version nor layer reserved; AAC has layer 0
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 6 != 0 and head[1] & 0x18 != 8
    mpeg = mpeg or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0)
    return mpeg or head.startswith(_SOUND) or (_is_called(source, SOUND_SUFFIXES) and not _is_other(head))


def has_sound_magic(head: bytes) -> bool:
    """Whether a file begins with the magic number of a format for sound; a frame of MPEG audio is no such thing."""
    return head.startswith((*_SOUND, b"RIFF")) or head[4:8] == b"ftyp"


def is_video(head: bytes, source: object = None) -> bool:
    """Whether a file that begins with `head` looks like video, by its head or by the name of `source`.

    A file that may hold either sound or video, such as MP4, counts as video.
    """
    if head.startswith(b"RIFF"):
        return head[8:12] == b"AVI "
    if head[4:8] == b"ftyp":
        return head[8:12] not in (*_PICTURE_BRANDS, *_SOUND_BRANDS)
    if head.startswith(_VIDEO) or head[4:8] in _VIDEO_BRANDS:
        return True
    return _is_called(source, VIDEO_SUFFIXES)


def is_picture(head: bytes) -> bool:
    """Whether a file that is neither `is_sound` nor `is_video` begins like a picture; others may still be one."""
    return head.startswith((*_PICTURE_HEADS, *_OTHER_PICTURE_HEADS)) or head[4:8] == b"ftyp"


def may_be_sound(head: bytes) -> bool:
    """Whether a file that `is_video` takes for video may hold sound alone, because its container is for both."""
    return head[4:8] == b"ftyp" or head[4:8] in _VIDEO_BRANDS or head.startswith((*_EITHER, b"OggS"))


def _is_called(source: object, suffixes: tuple[str, ...]) -> bool:
    """Whether the name of `source` ends in one of `suffixes`."""
    return isinstance(source, (str, os.PathLike)) and os.fspath(source).lower().endswith(suffixes)


def _is_other(head: bytes) -> bool:
    """Whether `head` is that of a picture or of video. The name of the file does not matter."""
    return head.startswith(_PICTURE_HEADS) or head[4:8] == b"ftyp" or is_video(head)


_FOREIGN = {
    b"%PDF": "a PDF file",
    b"%!PS": "a PostScript file",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip file",
}
_PICTURES_IN_TEXT = (*(b"P%d" % number for number in range(1, 8)), b"/* XPM", b"#define", b"Image type", b"qoif")


def foreign_kind(head: bytes) -> str | None:
    """Return what a file is that holds no picture, sound or video, such as "a text file"; None if it may hold one."""
    for start, kind in _FOREIGN.items():
        if head.startswith(start):
            return kind
    text = head.removeprefix(b"\xef\xbb\xbf")
    printable = all(32 <= byte < 127 or byte in b"\t\r\n\f" for byte in text)
    return "a text file" if text and printable and not head.startswith(_PICTURES_IN_TEXT) else None


def is_picture_sequence(source: object) -> bool:
    """Whether a source is a folder with pictures, or a pattern such as `frames/*.png`."""
    return isinstance(source, (str, os.PathLike)) and bool(picture_paths(os.fspath(source)))


def picture_paths(source: str) -> list[str]:
    """Return the pictures in a folder, or those that match a pattern, in the order of their names; else [].

    A pattern is `frames/*.png`, or with a number `frames/%05d.png`.
    """
    if os.path.isdir(source):
        named = [os.path.join(source, entry) for entry in os.listdir(source)]
    elif glob.has_magic(source) and not os.path.lexists(source):
        named = glob.glob(source)
    elif is_pattern(source) and not os.path.lexists(source):
        before, after = PATTERN.split(source)
        named = glob.glob(f"{glob.escape(before)}[0-9]*{glob.escape(after)}")
        named = [path for path in named if path[len(before) : len(path) - len(after)].isdecimal()]
    else:
        return []
    return sorted((path for path in named if path.lower().endswith(_PICTURES)), key=_in_order)


def _in_order(path: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts numbers in names by their value: 2 before 10."""
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", path) if part]


class _Rejoined:
    """A stream whose beginning was already read."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        """Read as from a binary file: first the beginning, then the rest of the stream."""
        if not self._head:
            return self._rest.read(size)
        if size < 0:
            size = len(self._head)
        taken, self._head = self._head[:size], self._head[size:]
        return taken

    def read1(self, size: int) -> bytes:
        """Read what is there, at most `size` bytes; nothing at the end."""
        return self.read(size) if self._head else read_some(self._rest, size)

    def readline(self, size: int = -1) -> bytes:
        """Read a line as from a binary file."""
        if not self._head:
            return self._rest.readline(size)
        end = self._head.find(b"\n") + 1
        if end:
            return self.read(end)
        taken, self._head = self._head, b""
        return taken + self._rest.readline(size - len(taken) if size >= 0 else size)


def with_head(source: Source, name: str) -> tuple[Source, bytes]:
    """Return a source and its first bytes. A source that can be read only once is read whole and returned as bytes.

    A stream of y4m or of coded speech, which may be endless, is not read whole: the result is a stream with its
    beginning.

    Raises:
        UnreadableInputError, LimitError: as `endpoints.read_all`.
    """
    if isinstance(source, (str, os.PathLike)) and os.path.isfile(source):
        try:
            with open(source, "rb") as file:
                return source, file.read(HEAD_BYTES)
        except OSError:
            pass  # `read_all` reports it
    if hasattr(source, "read"):
        with reading_errors(name):
            head = read_up_to(cast(BinaryIO, source), HEAD_BYTES)
        if head.startswith(_Y4M) or (head.startswith(_CODED) and head[_MEDIUM_AT : _MEDIUM_AT + 1] == _SPEECH):
            return cast(BinaryIO, _Rejoined(head, cast(BinaryIO, source))), head
        return head + read_all(source, name), head
    data = read_all(source, name)
    return data, bytes(data[:HEAD_BYTES])
