"""Kernels of lean rooms make no arrays, unless they are declared as allocating."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import vqcodec
from vqcodec.kernels import jit

PACKAGE = Path(vqcodec.__file__).parent
DECORATORS = ("kernel", "inner_kernel", "inline_kernel", "allocating_kernel")
MAKERS = {"empty", "zeros", "ones", "full", "arange", "empty_like", "zeros_like", "concatenate", "copy", "astype"}


def kernels(room: str) -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """The kernels of a room: where each is, its decorator, and its source."""
    folder = PACKAGE.joinpath(*room.split(".")[1:])
    for path in sorted(folder.rglob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Name) and decorator.id in DECORATORS:
                        yield f"{path.relative_to(PACKAGE)}:{node.name}", decorator.id, node


def makes_arrays(function: ast.FunctionDef) -> bool:
    """Whether a function calls NumPy, or a method of an array, for a new array."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in MAKERS for call in calls)


@pytest.mark.parametrize("room", jit._LEAN_ROOMS)
def test_kernels_that_make_arrays_are_declared(room: str) -> None:
    found = {where: (decorator == "allocating_kernel", makes_arrays(node)) for where, decorator, node in kernels(room)}
    assert found, "no kernels: has the room moved?"
    assert [where for where, (declared, makes) in found.items() if declared != makes] == []


@pytest.mark.parametrize("room", jit._LEAN_ROOMS)
def test_lean_kernels_count_no_references(room: str) -> None:
    def kernel() -> None:
        pass

    kernel.__module__ = f"{room}any"
    assert jit._options(kernel)["_nrt"] is False
    kernel.__module__ = "vqcodec.entropy.bits"
    assert "_nrt" not in jit._options(kernel)
