"""The file of signatures: which kernels are compiled ahead of time, and for which types of arguments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from vqcodec.kernels.signatures import Array, Definitions, Record, Scalar, Tuple, Type

FILE = Path(__file__).parents[1] / "signatures.json"

Signature = tuple[Type, ...]


class Declared(NamedTuple):
    """What the file holds.

    Attributes:
        kernels: by kernel (`module.function`), its variants: types of the arguments, as texts.
        records: as `Definitions` takes them.
        tuples: likewise.
    """

    kernels: dict[str, list[list[str]]]
    records: dict[str, dict[str, str]]
    tuples: dict[str, list[str]]

    def definitions(self) -> Definitions:
        """Return what the texts stand for."""
        return Definitions(self.records, self.tuples)


def read_declared(file: Path = FILE) -> Declared:
    """Read a file of signatures."""
    content = json.loads(file.read_text())
    return Declared(content["kernels"], content["records"], content["tuples"])


def text_of(declared: Declared) -> str:
    """Return the content of the file: a line for each variant, record and tuple."""

    def lines(section: dict[str, Any]) -> str:
        return ",\n".join(f"    {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(section.items()))

    kernels = ",\n".join(
        f"    {json.dumps(name)}: [\n" + ",\n".join(f"      {json.dumps(variant)}" for variant in variants) + "\n    ]"
        for name, variants in sorted(declared.kernels.items())
    )
    return (
        f'{{\n  "kernels": {{\n{kernels}\n  }},\n  "records": {{\n{lines(declared.records)}\n  }},\n'
        f'  "tuples": {{\n{lines(declared.tuples)}\n  }}\n}}\n'
    )


def declare(found: dict[str, set[Signature]]) -> Declared:
    """Return signatures as texts; variants that others cover are left out."""
    names = _Names(part for variants in found.values() for variant in variants for part in variant)
    kernels = {
        name: sorted([names.text_of(part) for part in variant] for variant in without_covered(variants))
        for name, variants in sorted(found.items())
    }
    return Declared(kernels, names.records, names.tuples)


def without_covered(variants: set[Signature]) -> set[Signature]:
    """Return the variants without those that differ from another only in that they may write to more arrays."""
    return {one for one in variants if not any(other != one and _covers(other, one) for other in variants)}


def _covers(general: Any, special: Any) -> bool:
    """Return whether what takes arguments of the types `general` takes those of the types `special` too."""
    if isinstance(general, Array) and isinstance(special, Array):
        return general[:2] == special[:2] and (general.readonly or not special.readonly)
    if isinstance(general, Tuple) and isinstance(special, Tuple):
        return general.kind is special.kind and _covers(general.parts, special.parts)
    if isinstance(general, (Record, Scalar)) or isinstance(special, (Array, Tuple, Record, Scalar)):
        return bool(type(general) is type(special) and general == special)
    return len(general) == len(special) and all(map(_covers, general, special))


class _Names:
    """Names for the records and tuples of some types, the same however the types are ordered."""

    def __init__(self, kinds: Iterable[Type]) -> None:
        self._dtypes: dict[np.dtype, str] = {}
        self._kinds: dict[Tuple, str] = {}
        self.records: dict[str, dict[str, str]] = {}
        self.tuples: dict[str, list[str]] = {}
        dtypes: set[np.dtype] = set()
        tuples: set[Tuple] = set()
        for kind in kinds:
            _collect(kind, dtypes, tuples)
        constants = _named_dtypes()
        for dtype in sorted(dtypes, key=lambda dtype: (constants.get(dtype, "Record"), str(dtype.descr))):
            name = self._dtypes[dtype] = _free(constants.get(dtype, "Record"), self._dtypes.values())
            self.records[name] = {}
        for dtype, name in self._dtypes.items():
            self.records[name] = self._fields(dtype)
        for kind in sorted(tuples, key=lambda kind: (_depth(kind), _class_text(kind.kind), str(kind))):
            texts = [self.text_of(part) for part in kind.parts]
            plain = f"({', '.join(texts)})" if kind.kind is tuple else kind.kind.__name__
            name = self._kinds[kind] = _free(plain, self._kinds.values())
            self.tuples[name] = [_class_text(kind.kind), *texts]

    def text_of(self, kind: Type) -> str:
        """Return the text of a type."""
        if isinstance(kind, Scalar):
            return kind.name
        if isinstance(kind, Record):
            return self._dtypes[kind.dtype]
        if isinstance(kind, Tuple):
            return self._kinds[kind]
        item = self._dtypes[kind.dtype] if kind.dtype.names else kind.dtype.name
        return f"{'readonly ' if kind.readonly else ''}{item}[{', '.join(':' * kind.ndim)}]"

    def _fields(self, dtype: np.dtype) -> dict[str, str]:
        fields = {}
        for name in dtype.names or ():
            member = dtype[name]
            item = member.base
            text = self._dtypes[item] if item.names else item.name
            fields[name] = f"{text}[{', '.join(map(str, member.shape))}]" if member.shape else text
        return fields


def _collect(kind: Type, dtypes: set[np.dtype], tuples: set[Tuple]) -> None:
    if isinstance(kind, (Record, Array)):
        _collect_dtype(kind.dtype, dtypes)
    elif isinstance(kind, Tuple):
        tuples.add(kind)
        for part in kind.parts:
            _collect(part, dtypes, tuples)


def _collect_dtype(dtype: np.dtype, dtypes: set[np.dtype]) -> None:
    if dtype.names:
        dtypes.add(dtype)
        for name in dtype.names:
            _collect_dtype(dtype[name].base, dtypes)


def _depth(kind: Type) -> int:
    return 1 + max(map(_depth, kind.parts), default=0) if isinstance(kind, Tuple) else 0


def _class_text(kind: type) -> str:
    return "" if kind is tuple else f"{kind.__module__}:{kind.__qualname__}"


def _free(name: str, taken: Iterable[str]) -> str:
    """Return the name, with a number if it is taken."""
    taken = set(taken)
    number = 2
    free = name
    while free in taken:
        free = f"{name} {number}"
        number += 1
    return free


def _named_dtypes() -> dict[np.dtype, str]:
    """Return the names that the package's modules give to types of records."""
    names: dict[np.dtype, str] = {}
    for module_name, module in sorted(sys.modules.items()):
        if module_name.startswith("vqcodec."):
            for name, value in sorted(vars(module).items()):
                if isinstance(value, np.dtype) and value.names:
                    names.setdefault(value, name.strip("_"))
    return names
