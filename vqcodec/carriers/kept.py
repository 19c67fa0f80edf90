"""What a carrier keeps of a corpus, for passes that repeat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from vqcodec.carriers.carrier import Carrier


@dataclass(frozen=True)
class Kept:
    """A value for each shard, in order.

    Attributes:
        carrier: that keeps them.
        rows: how many rows each value has, of whatever it holds.
        handles: of the values.
    """

    carrier: Carrier
    rows: tuple[int, ...]
    handles: tuple[Any, ...]

    @classmethod
    def of(
        cls, carrier: Carrier, function: Callable[..., tuple[int, Any]], shards: Iterable[Any], *common: Any
    ) -> Self:
        """Keep what a function returns of each shard: (number of rows, value); see `Carrier.keep`.

        A value of no rows is dropped.
        """
        found = [(rows, handle) for rows, handle in carrier.keep(function, shards, *common) if rows]
        return cls(carrier, tuple(rows for rows, _ in found), tuple(handle for _, handle in found))

    @property
    def total(self) -> int:
        """Rows of all values."""
        return sum(self.rows)

    def map(self, function: Callable[..., Any], *common: Any) -> Iterator[Any]:
        """Yield `function(value, *common)` for each value; see `Carrier.map`."""
        return self.carrier.map(function, self.handles, *common)

    def evenly(self, take: Callable[..., Any], most: int, *common: Any) -> Iterator[Any]:
        """Yield `take((value, slice), *common)` for each value, of the slice of its rows that is taken.

        Args:
            most: rows in all. If there are more, one in so many is taken.
        """
        stride, place, parts = max(1, -(-self.total // most)), 0, []
        for rows, handle in zip(self.rows, self.handles):
            parts.append((handle, slice(-place % stride, None, stride)))
            place += rows
        return self.carrier.map(take, parts, *common)
