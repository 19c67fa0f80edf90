"""What a training finds out about its codebook as it works, whatever the engine: a trainer tells it, the report has it.

A checkpoint keeps it beside the finished parts. So a training that was interrupted ends with the same report.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Curve(TypedDict):
    """How an objective went: its name, its unit, and its value after each step."""

    what: str
    unit: str
    values: list[float]


class Use(TypedDict):
    """How much of a part of the codebook the corpus uses.

    `used` of `of` entries occur; `perplexity` is how many, equally used, would have the same entropy, None where a
    number does not say much.
    """

    what: str
    used: int
    of: int
    perplexity: float | None


class Findings:
    """What has been found out.

    What is told again, as a part that is done again tells it, replaces what was told before.

    Attributes:
        remembers: whether the codebook was to have a memory.
        memory: the report on it, as docs/json.md describes it; None if no piece of the media pays.
    """

    def __init__(self) -> None:
        self._curves: dict[str, Curve] = {}
        self._uses: dict[str, Use] = {}
        self._not_used: dict[str, str] = {}
        self.remembers = False
        self.memory: dict[str, Any] | None = None

    def step(self, what: str, unit: str, number: int, value: float) -> None:
        """Tell the value of an objective at step `number`, from 1 on; steps beyond it are forgotten."""
        curve = self._curves.setdefault(what, {"what": what, "unit": unit, "values": []})
        curve["values"][number - 1 :] = [float(value)]

    def use(self, what: str, used: int | np.integer, of: int, perplexity: float | None = None) -> None:
        """Tell how much of a part of the codebook is used; see `Use`."""
        self._uses[what] = {"what": what, "used": int(used), "of": int(of), "perplexity": perplexity}

    def use_contexts(self, contexts: Mapping[str, tuple[int, int]]) -> None:
        """Tell of each syntax element how many of its contexts occur, and how many it has."""
        for name, (used, of) in contexts.items():
            self.use(f"contexts of {name}", used, of)

    def count(self, what: str, counts: npt.ArrayLike) -> None:
        """Tell how often each entry of a part of the codebook was used, numbers of any shape."""
        import numpy as np  # not needed until there is something to count

        seen = np.asarray(counts, np.float64).ravel()
        size, seen = seen.size, seen[seen > 0]
        total = seen.sum()
        bits = float((seen * np.log2(total / seen)).sum() / total) if total else 0.0
        self.use(what, len(seen), size, round(2**bits, 2) if total else 0.0)

    def not_used(self, what: str, why: str) -> None:
        """Tell in a clause which part of the corpus is not trained on; `what` is a name for it."""
        self._not_used[what] = why

    def remember(self, memory: dict[str, Any] | None) -> None:
        """Tell what the codebook remembers."""
        self.remembers, self.memory = True, memory

    def as_dict(self) -> dict[str, Any]:
        """Return it as docs/json.md describes it."""
        told: dict[str, Any] = {
            "not_used": list(self._not_used.values()),
            "usage": list(self._uses.values()),
            "convergence": list(self._curves.values()),
        }
        return {**told, "memory": self.memory} if self.remembers else told

    def to_json(self) -> str:
        """Return it as text for a checkpoint."""
        return json.dumps(vars(self))

    def take_json(self, text: str) -> None:
        """Take what `to_json` gave."""
        vars(self).update(json.loads(text))
