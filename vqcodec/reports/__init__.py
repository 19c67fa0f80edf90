"""The results of the functions of `vqcodec.api`: plain, frozen records that convert to JSON.

Nothing here imports numpy, so that the command line can name these types without loading it. The records of a medium
are loaded with its first file: there are modules for `image`, `speech` and `video`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from vqcodec.reports.image import Comparison, DecodeReport, EncodeReport, FileInfo, VerifyReport
    from vqcodec.reports.pack import PackInfo, PackVerifyReport
    from vqcodec.reports.speech import (
        SpeechComparison,
        SpeechDecodeReport,
        SpeechEncodeReport,
        SpeechInfo,
        SpeechVerifyReport,
    )
    from vqcodec.reports.video import (
        VideoComparison,
        VideoDecodeReport,
        VideoEncodeReport,
        VideoInfo,
        VideoVerifyReport,
    )

AnyComparison: TypeAlias = "Comparison | SpeechComparison | VideoComparison"
AnyDecodeReport: TypeAlias = "DecodeReport | SpeechDecodeReport | VideoDecodeReport"
AnyEncodeReport: TypeAlias = "EncodeReport | SpeechEncodeReport | VideoEncodeReport"
AnyInfo: TypeAlias = "FileInfo | SpeechInfo | VideoInfo | PackInfo"
AnyVerifyReport: TypeAlias = "VerifyReport | SpeechVerifyReport | VideoVerifyReport | PackVerifyReport"
