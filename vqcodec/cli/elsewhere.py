"""Files that are encoded or decoded on the workers of a Dask scheduler, or by processes of this machine.

The command reads every file and sends its bytes, and the codebook if the file needs one that is not shipped. The worker
sends the bytes of the output back, and the command writes them. So no disk is shared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from vqcodec.cli.batch import Outcome
from vqcodec.cli.inputs import STANDARD, Item
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import beside, chosen_codebook, find_entry
from vqcodec.errors import UnreadableInputError, UsageError, VQCodecError
from vqcodec.files.endpoints import is_pattern, read_all, write_all


class Sent(NamedTuple):
    """A file on its way to a worker.

    Attributes:
        data: its bytes. name: how messages call it.
        codebook: the bytes of a codebook that it needs; None for those that are at hand there.
        more: options of this file alone.
    """

    data: bytes
    name: str
    codebook: bytes | None
    more: Mapping[str, Any]


def encode_sent(sent: Sent | VQCodecError, asked: Mapping[str, Any]) -> Any:
    """Encode a file; return the report with the bytes, or the error."""
    from vqcodec import api

    return _done(api.encode, sent, asked)


def decode_sent(sent: Sent | VQCodecError, asked: Mapping[str, Any]) -> Any:
    """Decode a file; return the report with the bytes, or the error."""
    from vqcodec import api

    return _done(api.decode, sent, asked)


def _done(work: Callable[..., Any], sent: Sent | VQCodecError, asked: Mapping[str, Any]) -> Any:
    if isinstance(sent, VQCodecError):
        return sent
    given = {} if sent.codebook is None else {"codebook": Codebook.from_bytes(sent.codebook)}
    try:
        return work(sent.data, None, name=sent.name, threads=1, **asked, **sent.more, **given)
    except VQCodecError as error:  # one file's failure must not stop the others
        return error


class Elsewhere:
    """Where files are worked on, if not in this process.

    Args:
        scheduler: address of a Dask scheduler; None for processes of this machine.
        workers: number of these processes.

    Raises:
        UsageError: both are given.
    """

    def __init__(self, scheduler: str | None, workers: int | None) -> None:
        if scheduler is not None and workers is not None:
            raise UsageError("--workers and --scheduler exclude one another; give one of them")
        self._scheduler = scheduler
        self._workers = workers

    def encode(self, items: Sequence[Item], asked: Mapping[str, Any], overwrite: bool) -> Iterator[Outcome[Item, Any]]:
        """Encode files; yield the outcomes in their order.

        Raises:
            SchedulerError: there is no scheduler, or it went away.
        """
        book = chosen_codebook(asked.get("codebook"))
        rest = {name: value for name, value in asked.items() if name != "codebook"}
        codebook = None if book is None else book.to_bytes()
        return self._run(items, encode_sent, rest, overwrite, lambda item: (codebook, {}))

    def decode(self, items: Sequence[Item], asked: Mapping[str, Any], overwrite: bool) -> Iterator[Outcome[Item, Any]]:
        """Decode files; yield the outcomes in their order. Raises as `encode`."""
        given = chosen_codebook(asked.get("codebook"))
        rest = {name: value for name, value in asked.items() if name not in ("codebook", "format")}

        def needed(item: Item) -> tuple[bytes | None, Mapping[str, Any]]:
            kind = asked.get("format") or os.path.splitext(item.destination or "")[1].removeprefix(".")
            book = given or _codebook_of(item.input)
            return (None if book is None else book.to_bytes()), ({"format": kind} if kind else {})

        return self._run(items, decode_sent, rest, overwrite, needed)

    def _run(
        self,
        items: Sequence[Item],
        function: Callable[..., Any],
        asked: Mapping[str, Any],
        overwrite: bool,
        needed: Callable[[Item], tuple[bytes | None, Mapping[str, Any]]],
    ) -> Iterator[Outcome[Item, Any]]:
        from vqcodec.carriers.cluster import connected

        def sent(item: Item) -> Sent | VQCodecError:
            try:
                if item.failure is not None:
                    return item.failure
                if item.video or os.path.isdir(item.input) or is_pattern(item.output):
                    raise UnreadableInputError(
                        f"{item.name}: pictures of one video are not sent to workers; do it without --scheduler"
                    )
                return Sent(read_all(item.source, item.name), item.name, *needed(item))
            except VQCodecError as error:
                return error

        with connected(self._scheduler, self._workers) as carrier:
            for item, found in zip(items, carrier.map(function, map(sent, items), dict(asked)), strict=True):
                yield _written(item, found, overwrite)


def _written(item: Item, found: Any, overwrite: bool) -> Outcome[Item, Any]:
    """Write the output of an item; return what became of it."""
    if isinstance(found, VQCodecError):
        return Outcome(item, error=found)
    if item.output == STANDARD or item.destination is None:
        return Outcome(item, result=found)
    try:
        write_all(found.data, item.destination, overwrite=overwrite)
    except VQCodecError as error:
        return Outcome(item, error=error)
    return Outcome(item, result=replace(found, output=item.destination, data=None))


def _codebook_of(path: str) -> Codebook | None:
    """Return the codebook that a file needs and that is found here; None for what is in the file, or not found."""
    from vqcodec import api

    use = getattr(api.info(path), "codebook", None)
    if use is None or use.embedded or not use.found:
        return None
    with beside(path):
        return find_entry(bytes.fromhex(use.identity)).load()
