"""The child of the fuzzer: runs trials one after the other and prints what became of each, a line of JSON.

    python fuzz_child.py SEED FIRST TARGET...

A line with the name alone comes before each trial, so that the parent knows which one ended the process.
"""

from __future__ import annotations

import itertools
import json
import resource
import sys
import traceback
import warnings
from pathlib import Path

from fuzz_trials import Trial, Trials

ADDRESS_SPACE = 8 << 30  # bytes; more ends the process
MOST_CPU_S = 2.0  # of one reading of a file, of which a trial has up to five
MOST_MEMORY = 300 << 20  # of a trial, beyond what the process took before
STATUS = Path("/proc/self/status")


def main() -> None:
    """Run trials until the process is ended."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    warnings.simplefilter("ignore")
    seed, first, *targets = sys.argv[1:]
    trials = Trials()
    _say(ready=trials.targets())
    for number in itertools.count(int(first)):
        for target in targets or trials.targets():
            trial = Trial(target, int(seed), number)
            _say(name=str(trial))
            _say(name=str(trial), **_tried(trials, trial))


def _tried(trials: Trials, trial: Trial) -> dict[str, object]:
    """Return the outcome of a trial, and what is wrong with it if anything is."""
    before = _memory(reset=True)
    wrong = None
    try:
        outcome = trials.run(trial)
    except BaseException as error:  # whatever it is, it is a defect
        outcome = type(error).__name__
        place = traceback.extract_tb(error.__traceback__)[-1]
        wrong = f"{outcome} at {Path(place.filename).name}:{place.name}: {str(error)[:200]}"
    memory = _memory() - before
    if wrong is None and trials.slowest_s > MOST_CPU_S:
        wrong = f"{trials.slowest_s:.1f} s of CPU"
    if wrong is None and memory > MOST_MEMORY:
        wrong = f"{memory >> 20} MiB of memory"
    return {"outcome": outcome, "seconds": round(trials.slowest_s, 3), "memory": memory, "wrong": wrong}


def _memory(*, reset: bool = False) -> int:
    """Return the most memory that the process has held since the last reset, in bytes."""
    if not STATUS.exists():
        return 0
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
