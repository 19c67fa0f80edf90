"""The restoration filter of a picture: it finds the coefficients of the model for each plane."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vqcodec.blocks.layout import Plane
from vqcodec.blocks.model.tables import Model
from vqcodec.blocks.parameters import CodingParameters
from vqcodec.blocks.picture_planes import plane_type
from vqcodec.blocks.signal.restoration import restore


def restore_plane(
    plane: Plane, index: int, model: Model, parameters: CodingParameters, threads: int = 1
) -> npt.NDArray[np.int16]:
    """Return the filtered samples of plane number `index`, coded with `model`: int16 (padded sizes), in 1/16."""
    rung = model.rung_of(parameters.step_index)
    coefficients = model.restoration[plane_type(index, parameters.subsampling), rung]
    return restore(plane, coefficients, threads)
