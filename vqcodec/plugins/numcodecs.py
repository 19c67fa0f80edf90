"""A codec for numcodecs, and so for arrays of Zarr's format 2: chunks as pictures, lossy.

    numcodecs.get_codec({"id": "vqcodec", "quality": 60})

Its configuration names the codebook by its hash. See `chunks.ChunkSettings`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numcodecs.abc import Codec
from numcodecs.compat import ensure_bytes, ensure_ndarray, ndarray_copy

from vqcodec.plugins.chunks import ChunkSettings


class VQCodec(Codec):
    """Codes uint8 chunks as `.vqc` pictures; arguments as `ChunkSettings`."""

    codec_id = "vqcodec"

    def __init__(self, quality: float = 75.0, effort: int | None = None, codebook: str | None = None) -> None:
        self._settings = ChunkSettings(quality, effort, codebook)

    def encode(self, buf: Any) -> bytes:
        """Return the `.vqc` file of a chunk that has the shape of a picture."""
        return self._settings.encode(ensure_ndarray(buf))

    def decode(self, buf: Any, out: Any = None) -> Any:
        """Return the samples of a chunk, uint8; in `out`, if it is given."""
        samples = self._settings.decode(ensure_bytes(buf))
        return samples if out is None else ndarray_copy(np.ascontiguousarray(samples), out)

    def get_config(self) -> dict[str, Any]:
        """Return what `numcodecs.get_codec` makes such a codec of."""
        return {"id": self.codec_id, **self._settings.to_json()}
