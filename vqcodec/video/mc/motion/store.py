"""The decoded frames from which others are predicted, and the empty frame for the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.signal.interpolation import pad_reference
from vqcodec.video.mc.exposure import STEADY, Exposures
from vqcodec.video.mc.layout import BORDER, ENTRIES, INTRA, LISTS, SLOTS, InterFrame, new_motion, new_planes
from vqcodec.video.mc.motion.interpolation import PHASES, interpolate_phases
from vqcodec.video.mc.structure import FROM_MEMORY, Place, References

Samples = npt.NDArray[np.int16]


class FrameStore:
    """Keeps decoded frames of one size in slots, with their motion.

    Args:
        height, width: of luma in samples, a whole number of units.
        searching: whether to keep the references in all phases as well; the encoder's search needs them.
        exposures: of the group. If they change, references are weighted in slots of their own, behind the others.

    Attributes:
        phases: int16 (slots, PHASES, height + 2 BORDER, width + 2 BORDER); no slots unless `searching`.
    """

    def __init__(self, height: int, width: int, searching: bool = False, exposures: Exposures = STEADY) -> None:
        self._shape = height, width
        self._references = References()
        self._exposures = exposures
        slots = SLOTS + (LISTS * ENTRIES if exposures.points else 0)
        padded = height + 2 * BORDER, width + 2 * BORDER
        self._luma = np.zeros((slots, *padded), dtype=np.int16)
        self._chroma = np.zeros((2, slots, height // 2 + BORDER, width // 2 + BORDER), dtype=np.int16)
        self.phases = np.zeros((slots if searching else 0, PHASES, *padded), dtype=np.int16)
        self._between = np.zeros(padded if searching else (0, 0), dtype=np.int16)
        self._motions: list[npt.NDArray[np.int16] | None] = [None] * SLOTS
        self._motion_times = np.zeros((SLOTS, LISTS, ENTRIES), dtype=np.int64)

    def keep(self, place: Place, planes: Sequence[Samples], frame: InterFrame | None) -> None:
        """Keep a decoded frame.

        Args:
            planes: luma, blue and red, int16 in 1/16.
            frame: its motion; None for an intra frame.
        """
        motion = new_motion(*self._shape, INTRA) if frame is None else frame.motion
        self._keep(place, planes, motion, 0 if frame is None else frame.times)

    def keep_memory(self, items: Sequence[Sequence[Samples]]) -> None:
        """Keep frames of the codebook's memory, before any frame of the group; the first one is the nearest in time.

        Args:
            items: 1 to `layout.ENTRIES` frames; of each luma, blue and red, int16 in 1/16.
        """
        for number in reversed(range(len(items))):
            place = Place(-1 - number, 0, FROM_MEMORY, True)
            self._keep(place, items[number], new_motion(*self._shape, INTRA), 0)

    def _keep(
        self,
        place: Place,
        planes: Sequence[Samples],
        motion: npt.NDArray[np.int16],
        times: npt.NDArray[np.int64] | int,
    ) -> None:
        slot = self._references.keep(place)
        pad_reference(planes[0], BORDER, self._luma[slot])
        for number in range(2):
            pad_reference(planes[1 + number], BORDER // 2, self._chroma[number, slot])
        self._interpolate(slot)
        self._motions[slot] = motion
        self._motion_times[slot] = times

    def _interpolate(self, slot: int) -> None:
        if len(self.phases):
            interpolate_phases(self._luma[slot], self._between, self.phases[slot])

    def _slots(self, time: int, references: Iterable[int]) -> dict[int, int]:
        """Return the slot of each reference of the frame at `time`, made as bright as that frame."""
        slots: dict[int, int] = {}
        for reference in references:
            slot = self._references.slot_of(reference)
            weight = self._exposures.weight(time, reference)
            if weight is not None:
                weighted = SLOTS + len(slots)
                self._luma[weighted] = weight.luma(self._luma[slot])
                self._chroma[:, weighted] = weight.chroma(self._chroma[:, slot])
                self._interpolate(weighted)
                slot = weighted
            slots[reference] = slot
        return slots

    def open(self, place: Place, step_index: int, chroma_step_index: int) -> InterFrame:
        """Return the empty frame for `place`, with its references; the steps are on the ladder of `blocks.steps`."""
        lists = self._references.lists(place)
        times, slots = np.zeros((LISTS, ENTRIES), dtype=np.int64), np.zeros((LISTS, ENTRIES), dtype=np.int64)
        slot_of = self._slots(place.time, dict.fromkeys(lists[0] + lists[1]))
        for side, entries in enumerate(lists):
            for number, time in enumerate(entries):
                times[side, number], slots[side, number] = time, slot_of[time]
        colocated_time = lists[1][0]
        colocated = self._references.slot_of(colocated_time)
        motion = self._motions[colocated]
        assert motion is not None  # every kept frame has a motion map
        numbers = np.array([place.time, colocated_time, len(lists[0]), len(lists[1])], dtype=np.int64)
        return InterFrame(
            *new_planes(*self._shape, step_index, chroma_step_index),
            new_motion(*self._shape),
            motion,
            self._luma,
            self._chroma,
            slots,
            times,
            self._motion_times[colocated].copy(),
            numbers,
        )
