"""What a codebook trained on one announcer gains on prompts of hers that it has not heard, against the shipped one.

    python -m benchmarks.announcer                       train, then measure
    python -m benchmarks.announcer -c announcer.vqcb     measure a codebook that has been trained by the same split

The prompts are Asterisk's, English and Spanish, spoken by Allison Smith: narrowband recordings of half a minute, each
of many prompts. Some are trained on; of the others what lies behind their first seconds is measured, because those
seconds belong to the training of the shipped codebook. Results go to benchmarks/results/announcer.json.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import speech_data
from benchmarks.common import RESULTS, described_parser, write_json
from benchmarks.datasets import DATA, MissingDataError
from benchmarks.speech_candidate import candidate
from benchmarks.speech_data import Clip
from benchmarks.speech_points import QUALITIES, PointCache, mean_rows, rate_at
from vqcodec.errors import VQCodecError
from vqcodec.metrics import perceptual

FOLDER = DATA / "speech" / "train" / "8k"
PATTERN = "asterisk_e[ns]_*"  # English and Spanish
HELD_OUT = ("asterisk_en_19", "asterisk_en_23", "asterisk_es_19", "asterisk_es_23")
HEARD_S = 6.0  # of every recording, by the shipped codebook's training
PIECE_S = 7.0  # of the clips that are measured
SHIPPED = "speech-nb"
LADDER = ("5", "20", "35", "50", "65", "80")


def main(arguments: list[str] | None = None) -> int:
    parser = described_parser("announcer", __doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="the recordings (default: %(default)s)")
    parser.add_argument("-c", "--codebook", type=Path, help="measure this one instead of training")
    parser.add_argument("--output", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes")
    options = parser.parse_args(arguments)
    missing = set(perceptual.MODULES) - set(perceptual.available())
    if missing:
        print(f"announcer: skipped: {', '.join(sorted(missing))} missing: pip install '.[metrics]'", file=sys.stderr)
        return 0
    try:
        with tempfile.TemporaryDirectory(prefix="vqcodec-benchmark-") as folder:
            results = measure(options.folder, options.codebook, Path(folder))
    except (MissingDataError, VQCodecError) as error:
        print(f"announcer: skipped: {error}", file=sys.stderr)
        return 0
    write_json(options.output / "announcer.json", "announcer", results)
    for row in results["rates"]:
        shown = ", ".join(f"{QUALITIES[quality]} {row[f'{quality}_percent']} %" for quality in QUALITIES)
        print(f"{row['setting']:>3} {row['payload_kbps']:5.2f} kbit/s: the announcer's codebook needs {shown}")
    return 0


def measure(folder: Path, codebook: Path | None, scratch: Path) -> dict[str, Any]:
    """Train into the folder `scratch` if no codebook is given, and measure both.

    Raises:
        MissingDataError: the recordings are not there.
    """
    recordings = speech_data.clips("nb", folder, PATTERN)
    learnt = [clip for clip in recordings if clip.name not in HELD_OUT]
    if codebook is None:
        codebook = scratch / "announcer.vqcb"
        train([folder / f"{clip.name}.flac" for clip in learnt], codebook)
    clips = [piece for clip in recordings if clip.name in HELD_OUT for piece in pieces(clip)]
    points = []
    codecs = {}
    for name in (SHIPPED, str(codebook)):
        codec = candidate(name, "nb", LADDER)
        assert codec is not None  # both are for narrowband
        codecs[name] = codec.name
        for setting in LADDER:
            points += PointCache(None).points(codec, clips, setting)
    rows = [row for row in mean_rows(points) if row["group"] == "all"]
    own = [row | {"codec": "announcer"} for row in rows if row["codec"] == codecs[str(codebook)]]
    shipped = [row | {"codec": SHIPPED} for row in rows if row["codec"] == codecs[SHIPPED]]
    return {
        "trained_recordings": len(learnt),
        "trained_s": round(sum(clip.seconds for clip in learnt), 1),
        "clips": len(clips),
        "clips_s": round(sum(clip.seconds for clip in clips), 1),
        "mean": [*shipped, *own],
        "rates": compare(shipped, own),
    }


def train(paths: Sequence[Path], codebook: Path) -> None:
    """Train the announcer's codebook as the tutorial's command does."""
    from vqcodec.api.training import train_codebook

    made = train_codebook(
        paths, medium="speech", engine="celp-nb", name="announcer", threads=1, parent=SHIPPED, seconds=60.0
    )
    codebook.write_bytes(made.to_bytes())


def pieces(clip: Clip) -> list[Clip]:
    """What lies behind the first seconds of a recording, in pieces of equal length of about PIECE_S."""
    start = round(HEARD_S * clip.sample_rate)
    samples = clip.samples[start:]
    count = max(1, round(samples.size / clip.sample_rate / PIECE_S))
    length = samples.size // count
    return [
        Clip(f"{clip.name}-{number}", "women", clip.sample_rate, samples[number * length : (number + 1) * length])
        for number in range(count)
    ]


def compare(shipped: Sequence[dict[str, Any]], own: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each point of the shipped codebook: what its own one needs of the bits at equal quality, in percent."""
    compared = []
    for row in shipped:
        needed = {}
        for quality in QUALITIES:
            rate = None if row[quality] is None else rate_at(own, quality, row[quality])
            needed[f"{quality}_percent"] = None if rate is None else round(100 * rate / row["payload_kbps"], 1)
        compared.append({key: row[key] for key in ("setting", "payload_kbps", *QUALITIES)} | needed)
    return compared


if __name__ == "__main__":
    sys.exit(main())
