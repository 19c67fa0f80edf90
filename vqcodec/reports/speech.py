"""The results of the functions of `vqcodec.api` for speech."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from vqcodec.reports.base import NOT_IN_JSON, CodebookUse, Label, Preview, Record, Report, raw_data


class SpeechReport(Report):
    """A report on speech."""

    MEDIUM = "speech"


@dataclass(frozen=True)
class SpeechEncodeReport(SpeechReport):
    """One encoded recording. Fields that are not described here are as in `EncodeReport`.

    Attributes:
        sample_rate: Hz, of the source.
        channels: of the source.
        samples: number of samples of each channel of the source.
        duration_s: length of the source in seconds.
        codec_rate: sampling rate of the engine, Hz.
        streams: number of coded channels.
        kbps: kbit/s of the whole file.
        payload_kbps: kbit/s of the coded speech, without the container.
        ratio: size of the uncompressed samples (16 bits each), divided by the size of the output file.
        sqnr_db, segmental_snr_db, weighted_segmental_snr_db: of the decoded speech, at the codec's rate; None for
            silence. Below 16 kbit/s they say little about how the speech sounds.
        decoded_sha256: SHA-256 of the samples that the decoder will give at the codec's rate, 16 bits each, in
            hexadecimal; of several channels, see `vqcodec.media.digests`.
        changed: those of the notes that say what reading has changed or left out.
        interrupted: whether encoding was ended early and the speech so far was kept.
        preview: shows the file in notebooks; None if it is neither at a path nor at hand.
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
    decoded_sha256: str
    changed: tuple[str, ...] = ()
    interrupted: bool = False
    notes: tuple[str, ...] = ()
    data: bytes | None = raw_data()
    preview: Preview | None = field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class LostPacket(Report):
    """A lost packet of a damaged file, which was concealed: its channel, its number, and its time in seconds."""

    stream: int
    packet: int
    start_s: float
    end_s: float


@dataclass(frozen=True)
class SpeechDecodeReport(SpeechReport):
    """One decoded recording.

    Attributes:
        sample_rate: Hz, of the output.
        channels: of the output.
        samples: number of samples of each channel of the output.
        duration_s: length of the output in seconds.
        start_s: start of the output in the recording, in seconds.
        format: sound format of the output.
        lost: lost packets that were concealed, if the file was salvaged.
        notes: other parts of the file that were ignored.
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
class SpeechInfo(SpeechReport, Record):
    """The facts in a file of speech. Fields that are not described here are as in `FileInfo`.

    Attributes:
        sample_rate, samples, channels, duration_s, codec_rate, kbps, payload_kbps: as in `SpeechEncodeReport`.
        packets: number of packets of each channel.
        metadata: the texts in the file, by title.
        preview: shows the file in notebooks; None if it is neither at a path nor at hand.
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
    preview: Preview | None = field(default=None, repr=False, compare=False, metadata=NOT_IN_JSON)


@dataclass(frozen=True)
class SpeechVerifyReport(SpeechReport):
    """A file of speech that passed every check. The fields are as in `VerifyReport`, `SpeechInfo` and
    `SpeechEncodeReport`."""

    input: str
    input_bytes: int
    engine: str
    sample_rate: int
    channels: int
    duration_s: float
    codebook: CodebookUse
    checks: tuple[str, ...]
    seconds: float
    decoded_sha256: str


@dataclass(frozen=True)
class SpeechComparison(SpeechReport):
    """The difference between a test recording and its reference, after aligning them.

    To add a model of hearing, add a field here, with a `Label`, and the model to `metrics.perceptual.MEASURES`.

    Attributes:
        reference, test: names of the sources.
        sample_rate: Hz, at which they were compared.
        duration_s: length of the compared part in seconds.
        delay_samples: number of samples by which the test was later.
        kbps, payload_kbps: kbit/s of a test that is a `.vqc` file, with and without the container; else None.
        lsf_distortion_db, lsf_above_2_db, lsf_above_4_db: log-spectral distortion of the LSF vectors of a `.vqc` file
            with one channel, against its source: the mean over speech, and the shares of vectors above 2 dB and above
            4 dB; else None.
        sqnr_db, segmental_snr_db, weighted_segmental_snr_db: ratios of the waveforms; infinite if they are equal, None
            if the reference is silent. Below 16 kbit/s they say little about how speech sounds.
        pesq_nb, pesq_wb, stoi, visqol: models of hearing; None if a package is not installed, the sampling rate is too
            low, or no speech is found.
        identical: whether all samples are equal.
        notes: measures that were left out, and why.
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
    stoi: Annotated[float | None, Label("STOI")]
    visqol: Annotated[float | None, Label("ViSQOL", 2)]
    identical: bool
    kbps: float | None = None
    payload_kbps: float | None = None
    lsf_distortion_db: float | None = None
    lsf_above_2_db: float | None = None
    lsf_above_4_db: float | None = None
    notes: tuple[str, ...] = ()
