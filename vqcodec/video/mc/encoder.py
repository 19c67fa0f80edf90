"""Encoding of a group: each frame, in coding order, is searched, written and kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import Plane
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.search.encoder import SearchedPlane, diagonals
from vqcodec.blocks.search.partition_search import PARTITION_SCRATCH
from vqcodec.blocks.signal.restoration import restore
from vqcodec.blocks.steps import LAMBDA_FACTOR, STEP_SIZES
from vqcodec.container.varint import put_varint
from vqcodec.entropy.bits import PADDING
from vqcodec.entropy.tables import check_written
from vqcodec.kernels.records import new_record
from vqcodec.threads import default_threads
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc.effort import block_effort, picture_effort, smooths_sources
from vqcodec.video.mc.first_frame import CodedFirst, code_first
from vqcodec.video.mc.layout import KIND, ROOT, InterFrame, Sources
from vqcodec.video.mc.lookahead.importance import LAMBDA_PARTS, lambda_changes
from vqcodec.video.mc.lookahead.starts import StartFinder, Starts
from vqcodec.video.mc.lookahead.temporal_filter import TemporalFilter
from vqcodec.video.mc.model.adaptation import ROWS, Adaptation, FrameCounts, new_counts
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.motion.deblocking import smooth_frame
from vqcodec.video.mc.motion.store import FrameStore, Samples
from vqcodec.video.mc.parameters import GroupParameters
from vqcodec.video.mc.parts import named_bits, new_frame_bits
from vqcodec.video.mc.planes import padded_planes, shown_frame, whole_units
from vqcodec.video.mc.search.node_search import NODE_SCRATCH, search_root
from vqcodec.video.mc.search.search_records import Search
from vqcodec.video.mc.structure import INTRA, Place, coding_order
from vqcodec.video.mc.syntax.group_values import GroupValues
from vqcodec.video.mc.syntax.header import put_frame_header
from vqcodec.video.mc.syntax.symbols import most_tokens, pack_frame
from vqcodec.video.mc.syntax.writing import EMIT_SCRATCH, emit_frame

LEVEL_LAMBDAS = (0.11, 0.13, 0.18, 0.20, 0.22, 0.22)  # distortion per bit in squared steps, by level


class Observer(Protocol):
    """Receives every frame when it is coded, before restoration; for training."""

    def intra(self, searched: Sequence[SearchedPlane], sources: Sources) -> None:
        """Receive an intra frame: its coded planes and the planes that were coded."""

    def predicted(self, frame_class: int, frame: InterFrame, sources: Sources, counts: FrameCounts) -> None:
        """Receive a predicted frame with smoothed edges.

        Args:
            frame_class: 0 to PREDICTED_CLASSES - 1.
            sources: the planes that were coded.
            counts: the symbols of the frame.
        """


class FrameCoder:
    """Working arrays and threads for coding frames; a context, which stops the threads.

    Args:
        model: the trained tables.
        effort: 0 to 9.
        lambda_scale: factor of the rate-distortion lambda, for rates between two steps.
        threads: None for all CPUs; the bytes do not depend on it.

    Attributes:
        model, effort: as given.
        threads: how many there are.
    """

    def __init__(self, model: VideoModel, effort: int, lambda_scale: float = 1.0, threads: int | None = None) -> None:
        self.model = model
        self.effort = effort
        self._lambda_scale = lambda_scale
        self.threads = threads or default_threads()
        self._pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None
        self._intra_scratches = [new_record(PARTITION_SCRATCH) for _ in range(self.threads)]
        self._scratches = [new_record(NODE_SCRATCH) for _ in range(self.threads)]
        self._emit_scratch = new_record(EMIT_SCRATCH)

    def __enter__(self) -> FrameCoder:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def intra(self, sources: Sources, luma: npt.NDArray[np.uint8] | None, steps: tuple[int, int]) -> CodedFirst:
        """Code an intra frame with the picture coder; see `first_frame.code_first`."""
        parameters = CodingParameters(
            steps[0],
            chroma_step=steps[1] - steps[0],
            subsampling="420",
            effort=picture_effort(self.effort),
            lambda_scale=self._lambda_scale * LEVEL_LAMBDAS[0] / LAMBDA_FACTOR,
        )
        return code_first(sources, luma, self.model.intra, parameters, self._pool, self._intra_scratches)

    def search(
        self,
        frame: InterFrame,
        sources: Sources,
        phases: npt.NDArray[np.int16],
        level: int,
        adaptation: Adaptation,
        frame_class: int,
        changes: npt.NDArray[np.int64] | None,
        starts: Starts,
    ) -> npt.NDArray[np.uint32]:
        """Search a predicted frame and fill it; return its tokens, uint32.

        Args:
            frame: empty, with its references; sources: the planes to code.
            phases: of the references, see `store.FrameStore`.
            level: of the hierarchy.
            adaptation: the present tables; frame_class: 0 to PREDICTED_CLASSES - 1.
            changes: change of lambda for each superblock, see `importance.lambda_changes`; None for no change.
            starts: vectors to start from.
        """
        steps = int(frame.luma.steps[0, 0]), int(frame.blue.steps[0, 0])
        factor = LEVEL_LAMBDAS[min(level, len(LEVEL_LAMBDAS) - 1)] * self._lambda_scale
        across = -(-sources.luma.shape[1] // ROOT)
        down = -(-sources.luma.shape[0] // ROOT)
        if changes is None:
            changes = np.zeros((down, across), dtype=np.int64)
        lengths = adaptation.lengths(frame_class)
        searches = {}
        for change in map(int, np.unique(changes)):
            effort = block_effort(self.effort, *steps, factor * 2 ** (change / LAMBDA_PARTS))
            searches[change] = Search(frame, sources, phases, starts.far, starts.matches, lengths, effort)
        intra = tuple(self.model.intra.search_tables(kind, self.model.intra.rung_of(steps[kind])) for kind in range(2))

        def run(scratch: np.record, items: Sequence[tuple[int, int]]) -> None:
            for row, column in items:
                search_root(searches[int(changes[row, column])], intra, row * ROOT, column * ROOT, scratch)

        if self._pool is None or down == 1:
            run(self._scratches[0], [(row, column) for row in range(down) for column in range(across)])
        else:
            for items in diagonals(down, across):
                shares = [items[number :: self.threads] for number in range(self.threads)]
                list(self._pool.map(run, self._scratches, shares))
        tokens = np.empty(most_tokens(frame.luma), dtype=np.uint32)
        transforms = tuple(tables.small_transforms for tables in intra)
        count = emit_frame(frame, frame.motion[KIND].copy(), lengths.vectors, transforms, self._emit_scratch, tokens)
        return tokens[:count]


class GroupWriter:
    """Collects the bits of the predicted frames of a group, without gaps between frames.

    Args:
        model: the trained tables.
        mixed: whether chances are mixed. Then there are values of the range coder besides.

    Attributes:
        bits: of each frame by part, by its place in display order.
    """

    def __init__(self, model: VideoModel, mixed: bool) -> None:
        self.mixed = mixed
        self.bits: dict[int, dict[str, int]] = {}
        self._model = model
        self._buffer = np.zeros(1 << 16, dtype=np.uint8)
        self._position = 0
        self._values = GroupValues() if mixed else None

    def header(self, change: int, filters: tuple[bool, bool] | None) -> int:
        """Write the header of a frame; return its number of bits.

        Args:
            change: of the step.
            filters: whether luma and chroma are filtered; None if the model has no filter.
        """
        before = self._position
        flags = -1 if filters is None else 2 * filters[0] + filters[1]
        self._position = put_frame_header(self._buffer, self._position, change, flags)
        return self._position - before

    def frame(
        self,
        tokens: npt.NDArray[np.uint32],
        steps: tuple[int, int],
        adaptation: Adaptation,
        frame_class: int,
        counts: FrameCounts,
    ) -> dict[str, int]:
        """Write the tokens of a frame; return its bits by part.

        Args:
            steps: step indices of luma and chroma.
            adaptation: the present tables; frame_class: 0 to PREDICTED_CLASSES - 1.
            counts: the symbols that are Huffman codes are added here.

        Raises:
            CodebookError: a symbol of the picture model has no code.
        """
        part_bits, pictures = new_frame_bits(), self._model.intra
        needed = self._position // 8 + 4 * len(tokens) + 2 * PADDING + 16
        if needed > len(self._buffer):
            self._buffer = np.concatenate([self._buffer, np.zeros(needed, dtype=np.uint8)])
        intra = tuple(pictures.pack_tables(kind, pictures.rung_of(steps[kind]), self.mixed) for kind in range(2))
        codes = adaptation.codes(frame_class, self.mixed)
        position = pack_frame(tokens, codes, ROWS, intra, counts, self._buffer, self._position, part_bits)
        self._position = check_written(position)
        if self._values is not None:
            self._values.add(tokens, adaptation.chances(frame_class), intra, frame_class, part_bits)
        return named_bits(part_bits)

    def to_bytes(self) -> bytes:
        """Return all bits, padded with zeros to whole bytes, and the values behind them; errors as in `frame`."""
        bits = self._buffer[: (self._position + 7) // 8].tobytes()
        return bits if self._values is None else self._values.around(bits)


def _squared_error(source: Samples, plane: Samples) -> int:
    """Return the sum of the squared differences of two planes."""
    return int(np.sum((source.astype(np.int32) - plane) ** 2, dtype=np.int64))


def filter_planes(
    planes: Sequence[Plane], sources: Sources, coefficients: npt.NDArray[np.int16], threads: int
) -> tuple[list[Samples], tuple[bool, bool]]:
    """Filter the planes with the restoration filter where that brings them nearer to the sources.

    Args:
        planes, sources: luma, blue, red.
        coefficients: int16 (PLANE_TYPES, classes, taps).

    Returns:
        (samples of the planes, (whether luma is filtered, whether both planes of chroma are filtered)).
    """
    filtered = [restore(plane, coefficients[min(number, 1)], threads) for number, plane in enumerate(planes)]
    gains = [
        _squared_error(source, plane.samples) - _squared_error(source, better)
        for source, plane, better in zip(sources, planes, filtered)
    ]
    flags = gains[0] > 0, gains[1] + gains[2] > 0
    samples = [filtered[n] if flags[min(n, 1)] else planes[n].samples for n in range(3)]
    return samples, flags


def _to_code(
    frames: Sequence[Frame], place: Place, distance: int, step: float, smoother: TemporalFilter | None
) -> tuple[Sources, npt.NDArray[np.int64] | None]:
    """Return the planes of a frame to code, and the changes of lambda by how much of it later frames inherit.

    Args:
        frames: of the group. distance: frames from a key frame to the next. step: quantizer step of luma.
        smoother: of the group; None to code the frame as it is, without changes.
    """
    if smoother is None:
        return padded_planes(frames[place.time]), None
    sources, errors = smoother.smoothed(place.time, place.level, step)
    keys = -(-(len(frames) - 1 - place.time) // distance)
    return sources, lambda_changes(errors, place.level, distance, keys, step)


def _code_first(
    coder: FrameCoder,
    sources: Sources,
    luma: npt.NDArray[np.uint8] | None,
    steps: tuple[int, int],
    observer: Observer | None,
) -> tuple[bytes, bytes, list[npt.NDArray[np.int16]], dict[str, int]]:
    """Return head, payload, decoded planes and bits by part of an intra frame; arguments as of `FrameCoder.intra`."""
    first, model = coder.intra(sources, luma, steps), coder.model.intra
    planes = [one.plane for one in first.searched]
    samples, flags = [plane.samples for plane in planes], (False, False)
    if observer is not None:
        observer.intra(first.searched, sources)
    if model.restores:
        samples, flags = filter_planes(planes, sources, model.restoration[:, model.rung_of(steps[0])], coder.threads)
    head = put_varint(len(first.payload)) + bytes([first.flags | 2 * flags[0] | flags[1]])
    return head, first.payload, samples, first.bits


def encode_frames(
    frames: Sequence[Frame],
    coder: FrameCoder,
    parameters: GroupParameters,
    *,
    change: int = 0,
    uniform_lambda: bool = False,
    progress: Callable[[int], None] | None = None,
    observer: Observer | None = None,
    memory: Sequence[Frame] = (),
) -> tuple[bytes, list[dict[str, int]], list[Frame]]:
    """Code the frames of a group.

    Args:
        frames: in display order, of one size.
        coder: codes them.
        change: added to the step indices of all frames but the first.
        uniform_lambda: use the same lambda in all superblocks of a frame. Otherwise it follows their importance
            (`lookahead.importance`), at efforts that look ahead.
        progress: called with the number of frames done.
        observer: receives every frame when it is coded. With one, what repeats is not looked for, and
            chances are not mixed.
        memory: the frames of the items that `parameters` names.

    Returns:
        The packet, the bits of each frame by part, and each frame as the decoder gives it, in display order.
    """
    height, width = frames[0].luma.shape
    model = coder.model
    store = FrameStore(whole_units(height), whole_units(width), searching=True, exposures=parameters.exposures)
    if memory:
        store.keep_memory([padded_planes(item) for item in memory])
    adaptation = Adaptation(model, parameters.step_index, bool(memory))
    smoother = TemporalFilter(frames, parameters.exposures) if smooths_sources(coder.effort) else None
    finder = StartFinder(frames, looking=smoother is not None, matching=observer is None)
    writers = [GroupWriter(model, mixed) for mixed in ((False, True) if observer is None else (False,))]
    bits: list[dict[str, int]] = [{} for _ in frames]
    shown: list[Frame | None] = [None] * len(frames)
    head = 8 * len(parameters.to_bytes())
    first = b""
    for number, place in enumerate(coding_order(len(frames), parameters.distance, bool(memory))):
        own_change = change if place.level else 0
        steps = parameters.steps(place, own_change)
        sources, changes = _to_code(frames, place, parameters.distance, float(STEP_SIZES[steps[0]]), smoother)
        frame: InterFrame | None = None
        if place.frame_class == INTRA:
            luma = frames[place.time].luma if observer is None else None  # copies teach nothing
            first_head, payload, samples, bits[place.time] = _code_first(coder, sources, luma, steps, observer)
            bits[place.time]["header"] = head + 8 * len(first_head)
            first = first_head + payload
        else:
            frame = store.open(place, *steps)
            frame_class = place.frame_class - 1
            starts = finder.starts(frame, place.time, len(store.phases))
            tokens = coder.search(
                frame,
                sources,
                store.phases,
                place.level,
                adaptation,
                frame_class,
                None if uniform_lambda else changes,
                starts,
            )
            smooth_frame(frame)
            coded = [frame.luma, frame.blue, frame.red]
            samples, filters = [plane.samples for plane in coded], None
            if model.restores:
                coefficients = model.restoration_of(frame_class, parameters.step_index)
                samples, filters = filter_planes(coded, sources, coefficients, coder.threads)
            counts = [new_counts() for _ in writers]
            for writer, counted in zip(writers, counts):
                header_bits = writer.header(own_change, filters) + head * (place.level == 0)
                coded_bits = writer.frame(tokens, steps, adaptation, frame_class, counted)
                writer.bits[place.time] = {**coded_bits, "header": header_bits}
            adaptation.add(frame_class, counts[0])
            if observer is not None:
                observer.predicted(frame_class, frame, sources, counts[0])
        if place.kept:
            store.keep(place, samples, frame)
        shown[place.time] = shown_frame(tuple(samples), height, width)
        if progress is not None:
            progress(number + 1)
    others, writer = min(((one.to_bytes(), one) for one in writers), key=lambda pair: len(pair[0]))
    packet = replace(parameters, mixed=writer.mixed).to_bytes() + first + others
    for time, parts in writer.bits.items():
        bits[time] = parts
    told = sum(sum(parts.values()) for parts in bits)
    bits[0]["padding"] = bits[0].get("padding", 0) + 8 * len(packet) - told
    return packet, bits, [frame for frame in shown if frame is not None]
