"""A decoder for WebDataset, and for any loader of samples by name: `.vqc` members as NumPy arrays.

    dataset = webdataset.WebDataset("shard-{000..009}.tar").decode(vqcodec.plugins.webdataset.decoder)

The arrays are writable, so `torch.from_numpy` takes them as they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vqcodec.container import load_media
from vqcodec.image import decode_image


def decoder(key: str, data: bytes) -> Any:
    """Return what a member holds, or None if its name does not end in `.vqc`.

    Pictures are uint8 (height, width) or (height, width, channels); speech is (samples, rate); a clip is uint8
    (frames, height, width, 3).

    Raises:
        CorruptFileError: it is damaged.
    """
    if not key.endswith("vqc"):
        return None
    medium = load_media(data).medium
    if medium == "speech":
        from vqcodec.speech.reader import decode_speech

        return decode_speech(data)
    if medium == "video":
        from vqcodec.api.opened_video import open_video

        with open_video(data) as video:
            return np.stack(list(video))
    return decode_image(data)
