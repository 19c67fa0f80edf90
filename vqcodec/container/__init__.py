"""Media files: the parts around an engine's data (FORMAT.md, sections 2 to 5). Nothing here knows of signals."""

from vqcodec.container.files import dump_media, is_media, load_media
from vqcodec.container.media import CodebookReference, MediaFile, Stream
from vqcodec.container.reader import ChunkReader
from vqcodec.container.writer import ChunkWriter

__all__ = [
    "ChunkReader",
    "ChunkWriter",
    "CodebookReference",
    "MediaFile",
    "Stream",
    "dump_media",
    "is_media",
    "load_media",
]
