"""Hard limits on sizes, so that hostile input costs no more memory or time than honest input.

Every size read from a file is checked here before memory is allocated for it. Products are checked by division, so that
they cannot overflow.
"""

from __future__ import annotations

from vqcodec.errors import LimitError

MAX_DIMENSION = 65_535  # samples along one side of a picture
MAX_PIXELS = 1 << 28  # 268 million: a 16384 x 16384 picture
MAX_CODEBOOK_BYTES = 1 << 26  # canonical (uncompressed) size of a codebook: 64 MiB
MAX_CHUNK_BYTES = 1 << 30
MAX_CODEWORDS = 1 << 16
MAX_VECTOR_DIMENSION = 4_096
MAX_NAME_BYTES = 255
MIN_AUDIO_RATE = 1_000  # Hz, of a sound file
MAX_AUDIO_RATE = 768_000
MAX_AUDIO_CHANNELS = 64
MAX_SPEECH_SAMPLES = 1 << 32  # at the codec's rate: 74 hours of wideband
MAX_FRAME_SECONDS = 3600  # mean duration of a frame of a video
MAX_FRAME_RATE = 100_000
MAX_RATIO_PART = (1 << 31) - 1  # numerator or denominator of a frame rate, an aspect, a unit of time
MAX_FRAMES = 1 << 31


def check_picture_size(width: int, height: int, subject: str = "picture") -> None:
    """Check that a picture has a size that vqcodec handles.

    Args:
        width, height: in pixels.
        subject: the name of the picture in the error.

    Raises:
        LimitError: a side is 0 or above MAX_DIMENSION, or the area is above MAX_PIXELS.
    """
    if width < 1 or height < 1:
        raise LimitError(f"{subject}: a size of {width}x{height} pixels has no area")
    if width > MAX_DIMENSION or height > MAX_DIMENSION:
        raise LimitError(f"{subject}: {width}x{height} pixels; a side may have at most {MAX_DIMENSION}")
    if height > MAX_PIXELS // width:
        raise LimitError(f"{subject}: {width}x{height} pixels; at most {MAX_PIXELS} in all are allowed")
