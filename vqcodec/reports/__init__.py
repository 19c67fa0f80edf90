"""The results of the functions of `vqcodec.api`: plain, frozen records that convert to JSON.

Nothing here imports numpy, so that the command line can name these types without loading it.
"""

from __future__ import annotations

from vqcodec.reports.base import CodebookUse, Record, Report
from vqcodec.reports.image import Comparison, DecodeReport, EncodeReport, FileInfo, VerifyReport
from vqcodec.reports.speech import (
    LostPacket,
    SpeechComparison,
    SpeechDecodeReport,
    SpeechEncodeReport,
    SpeechInfo,
    SpeechVerifyReport,
)
from vqcodec.reports.video import (
    FrameBits,
    LostFrames,
    VideoComparison,
    VideoDecodeReport,
    VideoEncodeReport,
    VideoInfo,
    VideoMeasures,
    VideoVerifyReport,
)

__all__ = [
    "AnyComparison",
    "AnyDecodeReport",
    "AnyEncodeReport",
    "AnyInfo",
    "AnyVerifyReport",
    "CodebookUse",
    "Comparison",
    "DecodeReport",
    "EncodeReport",
    "FileInfo",
    "FrameBits",
    "LostFrames",
    "LostPacket",
    "Record",
    "Report",
    "SpeechComparison",
    "SpeechDecodeReport",
    "SpeechEncodeReport",
    "SpeechInfo",
    "SpeechVerifyReport",
    "VerifyReport",
    "VideoComparison",
    "VideoDecodeReport",
    "VideoEncodeReport",
    "VideoInfo",
    "VideoMeasures",
    "VideoVerifyReport",
]

AnyComparison = Comparison | SpeechComparison | VideoComparison
AnyDecodeReport = DecodeReport | SpeechDecodeReport | VideoDecodeReport
AnyEncodeReport = EncodeReport | SpeechEncodeReport | VideoEncodeReport
AnyInfo = FileInfo | SpeechInfo | VideoInfo
AnyVerifyReport = VerifyReport | SpeechVerifyReport | VideoVerifyReport
