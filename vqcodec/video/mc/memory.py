"""The memory of a codebook of this engine: frames from which the first frame of a group is predicted.

An item is the width and the height of its frame (varints), and then the packet of a group of that frame alone. Items
are decoded when they are asked for, and those used last are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

from vqcodec.codebook.memory import Memory
from vqcodec.container.varint import get_varint, put_varint
from vqcodec.errors import CorruptFileError, VQCodecError
from vqcodec.limits import check_picture_size
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.decoder import GroupDecoder
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.parameters import GroupParameters

MOST_KEPT = 1 << 25  # luma samples of the decoded items that are kept


class _Item(NamedTuple):
    """A coded item, its parameters checked."""

    height: int
    width: int
    packet: bytes


def item_bytes(packet: bytes, width: int, height: int) -> bytes:
    """Return an item: the packet of a group of one frame, with the size of the frame in samples."""
    return put_varint(width) + put_varint(height) + packet


class MemoryFrames:
    """The frames of a codebook's memory; threads may share it.

    Args:
        items: as the codebook holds them; not trusted. None for a codebook without a memory.
        model: the tables of the codebook, which the items are coded with.

    Attributes:
        model: the same.
    """

    def __init__(self, items: Memory | None, model: VideoModel) -> None:
        self._items: Sequence[bytes] = () if items is None else items
        self.model = model
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._items)

    def numbers_of_size(self, height: int, width: int) -> list[int]:
        """Return the numbers of the items whose frames are `height` x `width` samples.

        Raises:
            CorruptFileError: the first bytes of an item are damaged.
            LimitError: an item is larger than `vqcodec.limits` allows.
        """
        return [n for n in range(len(self)) if self._parsed(n)[:2] == (height, width)]

    def frames(self, numbers: Sequence[int], height: int, width: int) -> list[Frame]:
        """Return the frames of the items of these numbers, for a group whose frames are `height` x `width` samples.

        Raises:
            CorruptFileError: there is no such item, its frame has another size, or it is damaged.
            LimitError: an item is larger than `vqcodec.limits` allows.
        """
        found = []
        for number in numbers:
            if number >= len(self):
                raise CorruptFileError(
                    f"video data: a group needs item {number} of the codebook's memory, which has {len(self)} items; "
                    "damaged, or coded with another codebook"
                )
            item = self._parsed(number)
            if item[:2] != (height, width):
                raise CorruptFileError(
                    f"video data: a group of {width}x{height} samples needs item {number} of the codebook's memory, "
                    f"which has {item.width}x{item.height}; damaged, or coded with another codebook"
                )
            found.append(self._frame(number))
        return found

    def _parsed(self, number: int) -> _Item:
        data = self._items[number]
        try:
            width, used = get_varint(data)
            height, used = get_varint(data, used)
            parameters, _ = GroupParameters.from_bytes(data[used:])
        except CorruptFileError as error:
            raise _damaged(number, str(error)) from None
        if width * height == 0 or parameters.frames != 1 or parameters.items:
            raise _damaged(number, "its first bytes have values out of range")
        check_picture_size(width, height, f"codebook: item {number} of its memory")
        return _Item(height, width, data[used:])

    def _frame(self, number: int) -> Frame:
        with self._lock:
            if number in self._kept:
                self._kept.move_to_end(number)
                return self._kept[number]
            item = self._parsed(number)
            try:
                (decoded,) = GroupDecoder(item.packet, item.height, item.width, self.model).decoded()
            except VQCodecError as error:
                raise _damaged(number, str(error)) from None
            self._kept[number] = decoded.frame
            while len(self._kept) > 1 and sum(frame.luma.size for frame in self._kept.values()) > MOST_KEPT:
                self._kept.popitem(last=False)
            return decoded.frame


def _damaged(number: int, reason: str) -> CorruptFileError:
    return CorruptFileError(f"codebook: item {number} of its memory is damaged ({reason})")
