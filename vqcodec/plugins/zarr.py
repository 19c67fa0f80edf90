"""A codec for Zarr 3: each chunk of a uint8 array as a picture, lossy.

    from vqcodec.plugins.zarr import VQCodec
    zarr.create_array(store, shape=(40, 512, 512, 3), chunks=(1, 512, 512, 3), dtype="uint8",
                      serializer=VQCodec(quality=60), compressors=None)

The metadata of the array name the codebook by its hash. See `chunks.ChunkSettings`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
from zarr.abc.codec import ArrayBytesCodec

from vqcodec.plugins.chunks import ChunkSettings

NAME = "vqcodec"


@dataclass(frozen=True, init=False)
class VQCodec(ArrayBytesCodec):
    """Codes uint8 chunks as `.vqc` pictures; arguments as `ChunkSettings`."""

    settings: ChunkSettings
    is_fixed_size = False

    def __init__(self, quality: float = 75.0, effort: int | None = None, codebook: str | None = None) -> None:
        object.__setattr__(self, "settings", ChunkSettings(quality, effort, codebook))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> VQCodec:
        """Return the codec of an array's metadata."""
        return cls(**data.get("configuration", {}))

    def to_dict(self) -> dict[str, Any]:
        """Return what an array's metadata hold of it."""
        return {"name": NAME, "configuration": self.settings.to_json()}

    def validate(self, *, dtype: Any, **_others: Any) -> None:
        """Raise ValueError unless the array is of uint8."""
        if dtype.to_native_dtype() != np.uint8:
            raise ValueError(f"codec {NAME} codes arrays of uint8, not of {dtype.to_native_dtype()}")

    def compute_encoded_size(self, _input_byte_length: int, _chunk_spec: Any) -> int:
        """Raise NotImplementedError: it depends on the samples."""
        raise NotImplementedError

    async def _encode_single(self, chunk_array: Any, chunk_spec: Any) -> Any:
        data = await asyncio.to_thread(self.settings.encode, chunk_array.as_numpy_array())
        return chunk_spec.prototype.buffer.from_bytes(data)

    async def _decode_single(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        data = chunk_bytes.to_bytes()
        samples = await asyncio.to_thread(self.settings.decode, data, tuple(chunk_spec.shape))
        return chunk_spec.prototype.nd_buffer.from_numpy_array(samples)
