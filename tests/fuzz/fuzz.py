"""The fuzzer: `python tests/fuzz/fuzz.py --seconds 600`; replay a finding with `--replay NAME`.

Wrong is anything but an error of `vqcodec.errors`, a signal, no answer, too much CPU or memory for a small file, a
message that is not printable, and two ways of reading that disagree. See `fuzz_trials`.
"""

from __future__ import annotations

import argparse
import collections
import json
import math
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

FOLDER = Path(__file__).parent
MOST_CPU_S = 12.0  # of a trial without an answer: CPU time, for a busy machine may keep it waiting
MOST_WAIT_S = 1800.0  # of a trial that waits for something itself
START_S = 600.0  # of a child, which makes the seeds: of both


class Child:
    """A child process, and the lines that it says."""

    def __init__(self, seed: int, first: int, targets: Sequence[str]) -> None:
        command = [sys.executable, str(FOLDER / "fuzz_child.py"), str(seed), str(first), *targets]
        paths = [str(FOLDER.parent / "unit"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        self._rest = b""

    def line(self, most_cpu_s: float, most_wait_s: float) -> dict[str, object] | None:
        """Return the next line; None if the child has ended, or has worked or waited for longer than this."""
        stream = self._process.stdout
        assert stream is not None
        begun, worked = time.monotonic(), self._cpu_s()
        while b"\n" not in self._rest:
            if not select.select([stream], [], [], 1.0)[0]:
                if self._cpu_s() - worked > most_cpu_s or time.monotonic() - begun > most_wait_s:
                    return None
                continue
            piece = stream.read1(1 << 16)  # type: ignore[attr-defined]
            if not piece:
                return None
            self._rest += piece
        line, self._rest = self._rest.split(b"\n", 1)
        return json.loads(line)  # type: ignore[no-any-return]

    def _cpu_s(self) -> float:
        """Return the CPU time that the child has taken, in seconds; 0 where that cannot be seen."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> str:
        """End the child and return how it ended."""
        code = self._process.poll()
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(0.5 if code is None else None)
        self._process.kill()
        self._process.wait()
        return "no answer" if code is None else f"the process ended with {code}"


def findings(seconds: float, seed: int, targets: Sequence[str] = (), rounds: float = math.inf) -> Iterator[str]:
    """Run trials for some seconds; yield each finding as `NAME: what is wrong`, and last a line of counts.

    Args:
        seed: of all trials.
        targets: what to try; all if there are none.
        rounds: most trials of each target.
    """
    counts: collections.Counter[str] = collections.Counter()
    end, first = time.monotonic() + seconds, 1
    while time.monotonic() < end:
        child = Child(seed, first, targets)
        name, line = "start", child.line(START_S, START_S)
        while line is not None and time.monotonic() < end:
            name = str(line.get("name", name))
            if name != "start" and int(name.rpartition(":")[2]) > rounds:
                end = time.monotonic()
                break
            if line.get("wrong"):
                yield f"{name}: {line['wrong']}"
            if "outcome" in line:
                target, outcome = name.partition(":")[0], str(line["outcome"])
                counts[f"{target} {outcome if outcome.endswith('Error') else 'decodes'}"] += 1
            line = child.line(MOST_CPU_S, MOST_WAIT_S)
        how = child.end()
        if line is None:
            yield f"{name}: {how}"
            if name == "start":
                return
            first = int(name.rpartition(":")[2]) + 1
    yield f"{sum(counts.values())} trials: " + ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))


def replay(name: str, output: Path) -> None:
    """Write the file of a trial, and run it in this process."""
    sys.path[:0] = [str(FOLDER), str(FOLDER.parent / "unit")]
    from fuzz_trials import Trial, Trials

    trials, trial = Trials(), Trial.named(name)
    output.write_bytes(trials.file_of(trial))
    print(f"{name}: written to {output}", flush=True)
    print(trials.run(trial))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    targets = "an engine, codebook:ENGINE, encoding:ENGINE, picture, y4m, or sound; all without it"
    parser.add_argument("--target", action="append", default=[], help=targets)
    parser.add_argument("--replay", metavar="NAME")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("replayed.vqc"), help="where --replay writes the file"
    )
    asked = parser.parse_args()
    if asked.replay:
        replay(asked.replay, asked.output)
        return
    print(f"seed {asked.seed}", flush=True)
    found = 0
    for line in findings(asked.seconds, asked.seed, asked.target):
        print(line, flush=True)
        found += 1
    sys.exit(found > 1)


if __name__ == "__main__":
    main()
