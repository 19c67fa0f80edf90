"""How the frames of a video's file are cut into blocks and predicted."""

from __future__ import annotations

from collections.abc import Iterator

from vqcodec.codebook.codebook import Codebook
from vqcodec.video import engines
from vqcodec.video.engines import FrameBlocks
from vqcodec.video.files import VideoFile


def inspect_video(video: VideoFile, codebook: Codebook) -> Iterator[FrameBlocks]:
    """Give the blocks of each frame in display order; of an engine that does not tell, nothing.

    Args:
        video: the file; codebook: the one it was coded with.

    Raises:
        CorruptFileError: (while iterating) a packet is damaged.
        CodebookError: the codebook is not for the engine.
    """
    form = video.header.format
    engine = engines.engine_for(video.media.engine)
    for number in range(len(video.starts)):
        group = video.group(number)
        found = engines.inspect(engine, group.packet, form.width, form.height, codebook)
        if found is None:
            return
        yield from found
