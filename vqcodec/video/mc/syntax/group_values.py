"""The values of the range coder of predicted frames, where chances are mixed: written, and opened to be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.syntax.value_writing import begin_writing, finish_writing
from vqcodec.blocks.syntax.values import VALUE_STATE
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.entropy.bits import padded
from vqcodec.entropy.tables import UNWRITABLE, check_written
from vqcodec.errors import CorruptFileError
from vqcodec.kernels.records import new_record
from vqcodec.video.mc.contexts import coefficient_rows
from vqcodec.video.mc.parts import add_mixed_frame
from vqcodec.video.mc.syntax.mixed import MOTION_MIXING, start_motion_mixing, write_frame
from vqcodec.video.mc.syntax.reading import open_frame_values

_ROWS = coefficient_rows()
_TOKEN_BYTES = 16  # at most: nine values of 12 bits


class GroupValues:
    """Collects values, frame after frame."""

    def __init__(self) -> None:
        self._buffer = np.zeros(1 << 16, dtype=np.uint8)
        self._state, self._mixing = new_record(VALUE_STATE), new_record(MOTION_MIXING)
        begin_writing(self._state)
        start_motion_mixing(self._mixing)

    def add(
        self,
        tokens: npt.NDArray[np.uint32],
        chances: Any,
        intra: tuple[Any, ...],
        frame_class: int,
        part_bits: npt.NDArray[np.int64],
    ) -> None:
        """Write the values among the tokens of a frame.

        Args:
            chances: of the class of the frame, `model.chances.FrameChances`.
            intra: codes of the picture model for luma and chroma, with chances.
            part_bits: int64 (parts.GROUPS, parts); the bits of each part are added here.
        """
        needed = max(int(self._state.where[0]), 0) + _TOKEN_BYTES * len(tokens) + 64
        if needed > len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.zeros(needed, dtype=np.uint8)])
        spent, motion = self._state.mixing.spent.copy(), self._mixing.spent.copy()
        write_frame(tokens, chances, _ROWS, intra, frame_class, self._mixing, self._state, self._buffer)
        spent_here, motion_here = self._state.mixing.spent - spent, self._mixing.spent - motion
        add_mixed_frame(part_bits, frame_class, spent_here, motion_here)

    def around(self, bits: bytes) -> bytes:
        """Return the number of bytes of the values, the `bits` of the frames, and the values.

        Raises:
            CodebookError: one of the symbols has no code.
        """
        count = int(finish_writing(self._state, self._buffer))
        check_written(int(UNWRITABLE) if count < 0 else count)
        return put_varint(count) + bits + self._buffer[:count].tobytes()


def open_group_values(data: bytes, scratch: Any) -> tuple[npt.NDArray[np.uint8], int]:
    """Return (bits and values, padded; where the values begin, in bits) of what `GroupValues.around` returned.

    Args:
        scratch: record of `syntax.reading.FRAME_SCRATCH`, zeroed.

    Raises:
        CorruptFileError: the number of bytes is cut off, or there are fewer bytes.
    """
    count, used = get_varint(data)
    if count > len(data) - used:
        raise CorruptFileError("video data: a group ends within its values; truncated or damaged")
    buffer = padded(data[used:])
    return buffer, int(open_frame_values(buffer, count, scratch))
