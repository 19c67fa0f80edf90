"""What the functions of `vqcodec.api` return on speech."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vqcodec.reports.base import CodebookUse, Record, Report, raw_data


@dataclass(frozen=True)
class SpeechEncodeReport(Report):
    """One encoded recording; fields that are not described here are as in `EncodeReport`.

    Attributes:
        sample_rate: Hz, samples: of a channel, channels: of the source. duration_s: seconds that it lasts.
        codec_rate: Hz, at which the engine works. streams: channels that were coded.
        kbps: kbit/s of the whole file. payload_kbps: of the coded speech, without the container.
        ratio: uncompressed samples (16 bits each) to the output file.
        sqnr_db, segmental_snr_db, weighted_segmental_snr_db: of what the decoder will give, at the codec's rate;
            None for silence. Below 16 kbit/s they say little of how it sounds.
    """

    input: str
    output: str | None
    input_bytes: int
    output_bytes: int
    sample_rate: int
    channels: int
    samples: int
    duration_s: float
    codec_rate: int
    streams: int
    kbps: float
    payload_kbps: float
    ratio: float
    sqnr_db: float | None
    segmental_snr_db: float | None
    weighted_segmental_snr_db: float | None
    seconds: float
    engine: str
    codebook: CodebookUse
    parameters: Mapping[str, Any]
    bits: Mapping[str, int]
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class LostPacket(Report):
    """A packet that a damaged file has lost, and that was concealed: its channel and number, and the seconds."""

    stream: int
    packet: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class SpeechDecodeReport(Report):
    """One decoded recording.

    Attributes:
        sample_rate: Hz, samples: of a channel, channels: of what was written. duration_s: seconds that it lasts.
        start_s: where in the recording it begins.
        format: sound format written.
        lost: packets that were lost and concealed, if the file was salvaged. notes: what else was passed over.
    """

    input: str
    output: str | None
    input_bytes: int
    output_bytes: int
    sample_rate: int
    channels: int
    samples: int
    duration_s: float
    format: str
    seconds: float
    start_s: float = 0.0
    lost: tuple[LostPacket, ...] = ()
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()


@dataclass(frozen=True)
class SpeechInfo(Record):
    """What a file of speech says of itself; fields that are not described here are as in `FileInfo`.

    Attributes:
        sample_rate, samples, channels, duration_s, codec_rate, kbps, payload_kbps: as in `SpeechEncodeReport`.
        packets: of a channel.
        metadata: the texts kept, by title.
    """

    input: str
    input_bytes: int
    medium: str
    engine: str
    sample_rate: int
    channels: int
    samples: int
    duration_s: float
    codec_rate: int
    kbps: float
    payload_kbps: float
    packets: int
    codebook: CodebookUse
    metadata: Mapping[str, str]
    parameters: Mapping[str, Any]
    bits: Mapping[str, int] | None = None


@dataclass(frozen=True)
class SpeechVerifyReport(Report):
    """A file of speech that passed every check; the fields are as in `VerifyReport` and `SpeechInfo`."""

    input: str
    input_bytes: int
    engine: str
    sample_rate: int
    channels: int
    duration_s: float
    codebook: CodebookUse
    checks: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class SpeechComparison(Report):
    """How far a test recording is from its reference, after aligning them.

    Attributes:
        reference, test: names of the sources.
        sample_rate: Hz, at which they were compared. duration_s: seconds compared.
        delay_samples: by how much the test was later.
        kbps, payload_kbps: kbit/s of a test that is a `.vqc` file, whole and without the container; else None.
        lsf_distortion_db, lsf_above_2_db, lsf_above_4_db: log-spectral distortion of the LSF vectors of a `.vqc` file
            of one channel against the recording that it was encoded from: mean over speech, and the shares of vectors
            above 2 dB and above 4 dB; else None.
        sqnr_db, segmental_snr_db, weighted_segmental_snr_db: ratios of the waveforms, infinite if they are equal,
            None if the reference is silent. Below 16 kbit/s they say little of how speech sounds.
        pesq_nb, pesq_wb, stoi, visqol: models of hearing; None where a package is not installed, the sampling rate
            is too low, or no speech is found.
        identical: whether every sample is the same.
        notes: what was left out, and why.
    """

    reference: str
    test: str
    sample_rate: int
    duration_s: float
    delay_samples: int
    sqnr_db: float | None
    segmental_snr_db: float | None
    weighted_segmental_snr_db: float | None
    pesq_nb: float | None
    pesq_wb: float | None
    stoi: float | None
    visqol: float | None
    identical: bool
    kbps: float | None = None
    payload_kbps: float | None = None
    lsf_distortion_db: float | None = None
    lsf_above_2_db: float | None = None
    lsf_above_4_db: float | None = None
    notes: tuple[str, ...] = ()
