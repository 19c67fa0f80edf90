"""Makes the golden files of speech: a sentence coded with a shipped codebook, and what it decodes to, as FLAC.

    python tests/golden/make_speech_golden.py CODEBOOK      makes speech/CODEBOOK.vqc, .flac and .vqcb

The codebook is frozen with them: the shipped one may be trained anew.

A golden file is never made again: every later version must decode it to the same samples, within 1 unit of 16-bit PCM.
"""

from __future__ import annotations

import sys
from pathlib import Path

import soundfile

from vqcodec.codebook.library import load_codebook
from vqcodec.speech.codec import encode_speech
from vqcodec.speech.reader import decode_speech

HERE = Path(__file__).parent / "speech"
SAMPLE = HERE.parents[2] / "samples" / "librispeech-3331-woman.flac"
SECONDS = 2.5  # more than a packet


def main(name: str) -> None:
    path = HERE / f"{name}.vqc"
    if path.exists():
        raise SystemExit(f"{path}: golden files are never made again")
    samples, rate = soundfile.read(SAMPLE, dtype="int16")
    codebook = load_codebook(name)
    data = encode_speech(samples[: int(SECONDS * rate)], rate, codebook=codebook)
    HERE.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.with_suffix(".vqcb").write_bytes(codebook.to_bytes())
    decoded, codec_rate = decode_speech(data, codebook=codebook, rate="codec")
    soundfile.write(path.with_suffix(".flac"), decoded, codec_rate)


if __name__ == "__main__":
    main(*sys.argv[1:])
