"""The interface of carriers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol


class Carrier(Protocol):
    """Works on shards, several at a time, and gives the results in the order of the shards.

    A function that it is given can be pickled, as can its arguments and results: it is a function of a module. It uses
    one thread and changes nothing outside. A shard that was lost is worked on again.

    Shards may be handles that `keep` gave, or tuples with handles in them. The function is given what was kept.
    """

    def map(self, function: Callable[..., Any], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """Yield `function(shard, *common)` for each shard, in order. Only a few results are in memory at once.

        Args:
            function: of a shard and what all shards share.
            shards: drawn as they are needed.
            common: what all shards share, such as a model. It is sent to each worker once.

        Raises:
            VQCodecError: what the function raises.
            SchedulerError: there are no workers any more.
        """

    def keep(self, function: Callable[..., tuple[Any, Any]], shards: Iterable[Any], *common: Any) -> Iterator[Any]:
        """Yield (result, handle) for each shard, in order.

        The function returns (result, value). The value stays where it was made, for as long as there is the handle, and
        is what later shards that hold the handle are given.

        Raises:
            VQCodecError: what the function raises.
            OutputError: values that do not fit into memory cannot be written to the disk.
            SchedulerError: there are no workers any more.
        """
