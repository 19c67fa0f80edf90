"""What a machine makes of the golden files and of new encodings, and whether another machine makes the same.

    python measure.py FOLDER [CODED]        encodes into FOLDER, and decodes what is in CODED (or FOLDER), to .npy files
    python measure.py --compare OURS THEIRS says what differs; ends with 1 if more does than may

Pictures and video have to be the same, and so have encodings of pictures and video. Decoded speech may differ by 1 in
16 bits, and encodings of speech may differ, as both depend on the system's mathematical functions.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
MOST_DIFFERENCE = 1  # of samples of speech


def encodings() -> dict[str, bytes]:
    """Return a small encoding of each medium and engine, by name."""
    import soundfile

    import vqcodec
    from vqcodec.image.pixels import read_picture

    picture = read_picture(ROOT / "samples" / "kodim23.png", "sample").samples
    corner = np.ascontiguousarray(picture[150:230, 420:540])
    alpha = np.clip(np.indices(corner.shape[:2]).sum(0), 0, 255).astype(np.uint8)
    frames = [np.ascontiguousarray(picture[100 + y : 164 + y, 300 + 2 * y : 396 + 2 * y]) for y in range(6)]
    speech, rate = soundfile.read(ROOT / "samples" / "librispeech-1688-man.flac", dtype="int16")
    sentence = speech[rate : 3 * rate]
    coded = {
        "picture-photo": vqcodec.encode_image(corner, codebook="photo", quality=60),
        "picture-alpha": vqcodec.encode_image(np.dstack([corner, alpha]), codebook="photo", quality=30),
        "picture-block": vqcodec.encode_image(corner, codebook="classic-4x4-256", quality=60),
    }
    for codebook in ("video", "video-st3d"):
        coded[f"video-{codebook}"] = vqcodec.encode_video(frames, rate=25, codebook=codebook, quality=50)
    for codebook, options in {
        "speech-nb": {"bitrate": 6},
        "speech-wb": {"bitrate": 11},
        "celp-4800": {},
        "ld-celp-16k": {},
    }.items():
        coded[f"speech-{codebook}"] = vqcodec.encode_speech(sentence, rate, codebook=codebook, **options)
    return coded


def decoded(name: str, data: bytes, codebook: Path | None = None) -> np.ndarray:
    """Return the samples of a file."""
    import vqcodec

    if name.startswith("speech"):
        return vqcodec.decode_speech(data, codebook=codebook, rate="codec")[0]
    if name.startswith("video"):
        with vqcodec.open_video(data) as video:
            return np.stack(list(video))
    return np.atleast_3d(vqcodec.decode_image(data))


def measure(folder: Path, coded: Path) -> None:
    """Encode into a folder, decode what is in another, and what is golden."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in encodings().items():
        (folder / f"{name}.vqc").write_bytes(data)
        print(f"encoded {name}", flush=True)
    for path in sorted(coded.glob("*.vqc")):
        np.save(folder / f"{path.stem}.npy", decoded(path.stem, path.read_bytes()))
    for path in sorted(GOLDEN.glob("*.vqc")):
        np.save(folder / f"golden-{path.stem}.npy", decoded(path.stem, path.read_bytes()))
    for path in sorted((GOLDEN / "speech").glob("*.vqc")):
        samples = decoded("speech", path.read_bytes(), path.with_suffix(".vqcb"))
        np.save(folder / f"golden-speech-{path.stem}.npy", samples)
    print("decoded", flush=True)


def compare(ours: Path, theirs: Path) -> bool:
    """Print what differs; return whether it may."""
    names = sorted(path.name for path in ours.iterdir())
    right = names == sorted(path.name for path in theirs.iterdir())
    if not right:
        print("the files are not the same")
    for name in names:
        speech = "speech" in name
        if name.endswith(".vqc"):
            same = (ours / name).read_bytes() == (theirs / name).read_bytes()
            right &= same or speech
            if not same:
                print(f"{name}: another encoding")
            continue
        a, b = np.load(ours / name).astype(np.int64), np.load(theirs / name).astype(np.int64)
        most = int(np.abs(a - b).max()) if a.shape == b.shape else None
        right &= most is not None and most <= (MOST_DIFFERENCE if speech else 0)
        if most != 0:
            share = float(np.mean(a != b)) if most is not None else 1.0
            print(f"{name}: differs by {most} at most, in {share:.2e} of the samples")
    print(f"{len(names)} files compared: {'all is as it may be' if right else 'too much differs'}")
    return right


if __name__ == "__main__":
    warnings.simplefilter("error", RuntimeWarning)  # such as that numba would compile a kernel
    if sys.argv[1] == "--compare":
        sys.exit(not compare(Path(sys.argv[2]), Path(sys.argv[3])))
    measure(Path(sys.argv[1]), Path(sys.argv[-1]))
