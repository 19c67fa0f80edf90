"""How well a stream keeps the spectral envelope: log-spectral distortion of its LSF vectors against the recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vqcodec.codebook.codebook import Codebook
from vqcodec.metrics.spectral_distortion import SpectralDistortion, spectral_distortion, summarize_distortion
from vqcodec.speech.celp.engine import open_stream, parse_group
from vqcodec.speech.celp.group_coding import coded_vectors, group_lsf
from vqcodec.speech.celp.recording import Recording
from vqcodec.speech.signal.levels import active
from vqcodec.speech.signal.lsf import lsf_to_lpc
from vqcodec.threads import map_shards


def lsf_distortion(
    signal: npt.ArrayLike,
    header: bytes,
    packets: Sequence[bytes | None],
    codebook: Codebook,
    threads: int | None = None,
) -> SpectralDistortion | None:
    """Compare the LSF vectors of a stream with those of the recording.

    Args:
        signal: (n,), the recording that was encoded, at the codec's rate, in the range of 16-bit samples.
        header, packets: of the stream; no packet is missing.
        codebook: of the stream.
        threads: None for all; the result does not depend on it.

    Returns:
        The distortion of the vectors that were sent for speech, without pauses. None if there are no such vectors, or
        if the stream and `signal` have different lengths.

    Raises:
        CorruptFileError: the header or a packet is damaged.
        CodebookError: the codebook is not for the stream.
    """
    parsed, table_set = open_stream(header, codebook)
    recording = Recording(signal, table_set.band, parsed.group_frames)
    if recording.samples.size != parsed.samples:
        return None

    def measure(group: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        start = group * parsed.group_packets
        symbols = parse_group(parsed, packets[start : start + parsed.group_packets], start, table_set)
        sent = coded_vectors(symbols.silent)
        wished = recording.group(group).analysis
        quantized = group_lsf(symbols, table_set, parsed.packet_frames)
        distortion = spectral_distortion(
            lsf_to_lpc(wished.lsf[sent]), lsf_to_lpc(quantized[sent]), table_set.band.sample_rate
        )
        return distortion, 10 ** (wished.energy_db[sent] / 10)

    measured = map_shards(measure, range(recording.groups), threads)
    if not measured:
        return None
    distortions, powers = (np.concatenate(part) for part in zip(*measured, strict=True))
    spoken = active(powers)
    return summarize_distortion(distortions[spoken]) if spoken.any() else None
