"""The part of a training that gives the codebook a memory."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.memory import Memory
from vqcodec.media.corpora.held_out import held_out_record
from vqcodec.media.training import Training
from vqcodec.metrics.bjontegaard import bd_rate
from vqcodec.metrics.squared_error import EXACT_PLANE_DB, psnr
from vqcodec.threads import map_shards
from vqcodec.video.engines import Settings
from vqcodec.video.io.frames import Frame
from vqcodec.video.mc import engine
from vqcodec.video.mc.model.tables import VideoModel
from vqcodec.video.mc.training.memory_candidates import gather
from vqcodec.video.mc.training.memory_tables import fitted_tables
from vqcodec.video.mc.training.memory_training import MemoryTrainer, Remembered
from vqcodec.video.training import Clip

_MEASURED_CLIPS, _MEASURED_FRAMES = 3, 48  # at most
_QUALITIES = (50.0, 20.0, 35.0, 65.0)  # the first is the one that bytes are told for

Arrays = dict[str, npt.NDArray[Any]]


class _Gain(NamedTuple):
    """What a memory brings a clip: difference of rate at equal luma PSNR, in percent; bytes without a memory."""

    percent: float
    clip_bytes: float


def remember(
    task: Training[list[Frame]], model: VideoModel, memory_bytes: int | None, files: int
) -> tuple[Arrays, dict[str, Any] | None]:
    """Choose a memory for a corpus, and tables for what is predicted from it.

    Args:
        model: of the codebook, without memory.
        memory_bytes: that the items may take; None for as long as an item saves more than it takes.
        files: number of files that are going to be coded.

    Returns:
        The arrays of a codebook with the model and the memory, and the report (docs/json.md); without one if no item
        pays.
    """
    trainer = MemoryTrainer(
        gather(task.corpus),
        model,
        files=files,
        budget=memory_bytes,
        effort=task.options["effort"],
        threads=task.threads,
        tell=lambda part: task.progress("memory", 0.8 * part),
    )
    found, arrays = trainer.train(), model.to_arrays()
    if found is None:
        task.progress("memory", 1.0)
        return arrays, None
    own = _with_tables(task, found, model, files)
    arrays = {**(arrays if own is None else own), **found.memory.to_arrays()}
    task.progress("memory", 0.9)
    gains = _measure(task, trainer, found, arrays)
    saved = -sum(gain.percent / 100 * gain.clip_bytes for gain in gains) / len(gains)
    cost = _size(task, arrays) - (_size(task, model.to_arrays()) if task.parent is None else 0)
    report = {
        "items": found.report,
        "bytes": sum(map(len, found.memory)),
        "files": files,
        "quality": _QUALITIES[0],
        "item_quality": found.quality,
        "own_tables": own is not None,
        "held_out": held_out_record(
            len(gains),
            -sum(gain.percent for gain in gains) / 100 / len(gains),
            measure="luma PSNR",
            compared_with="the same tables without memory",
        ),
        "codebook_bytes": cost,
        "pays_from_files": -int(-cost // saved) if saved > 0 else None,
    }
    task.progress("memory", 1.0)
    return arrays, report


def _with_tables(task: Training[list[Frame]], found: Remembered, model: VideoModel, files: int) -> Arrays | None:
    """Return the arrays of a model with tables of its own for frames predicted from memory; None if they do not pay."""
    tables, saved = fitted_tables(found, model, task.options["effort"], task.threads)
    if tables is None:
        return None
    own = VideoModel(
        model.intra,
        model.rungs,
        model.rows,
        model.lengths,
        model.offset_sets,
        model.offsets,
        model.restoration if model.restores else None,
        tables,
    ).to_arrays()
    cost = _size(task, own) - _size(task, model.to_arrays())
    served = sum(bool(choice.items) for _, choice in found.tried) / len(found.tried)
    return own if saved / 8 * served * files > cost else None


def _size(task: Training[list[Frame]], arrays: Arrays) -> int:
    """Return the bytes of a codebook with these arrays, as the difference from the parent."""
    return len(Codebook(engine.ENGINE, task.name, arrays).to_bytes(task.parent))


def _measure(task: Training[list[Frame]], trainer: MemoryTrainer, found: Remembered, arrays: Arrays) -> list[_Gain]:
    """Code the beginnings of some clips without memory, and with the items that were not made from them."""
    clips = len(task.corpus)
    count = min(clips, _MEASURED_CLIPS)
    chosen = [number * clips // count for number in range(count)]
    plain = {name: array for name, array in arrays.items() if not name.startswith("memory_")}
    gains = []
    for number, clip in enumerate(task.corpus):
        if number not in chosen:
            continue
        without = _curve(clip[:_MEASURED_FRAMES], Codebook(engine.ENGINE, task.name, plain), task)
        items = [item for item, origin in zip(found.memory, found.origins) if trainer.may_serve(origin, number, 0)]
        percent = 0.0
        if items:
            held = {**arrays, **Memory(items).to_arrays()}
            given = _curve(clip[:_MEASURED_FRAMES], Codebook(engine.ENGINE, task.name, held), task)
            percent = bd_rate(*zip(*given), *zip(*without))
        gains.append(_Gain(0.0 if np.isnan(percent) else percent, without[0][0]))
    return gains


def _curve(clip: Clip, codebook: Codebook, task: Training[list[Frame]]) -> list[tuple[float, float]]:
    """Return (bytes, PSNR of luma in dB) of a clip at each of _QUALITIES."""

    def point(quality: float) -> tuple[float, float]:
        coded = engine.encode_group(clip, codebook, Settings(quality, task.options["effort"], 1))
        each = [min(psnr(a.luma, b.luma), EXACT_PLANE_DB) for a, b in zip(clip, coded.reconstruction)]
        return float(len(coded.packet)), float(np.mean(each))

    return map_shards(point, _QUALITIES, task.threads)
