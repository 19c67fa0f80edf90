"""Kernels that make arrays are declared as allocating; the others count no references."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import vqcodec
from vqcodec.kernels.jit import allocating_kernel, kernel

PACKAGE = Path(vqcodec.__file__).parent
MAKERS = {"empty", "zeros", "ones", "full", "arange", "empty_like", "zeros_like", "concatenate", "copy", "astype"}


def kernels() -> Iterator[tuple[str, str, ast.FunctionDef]]:
    """The kernels that Python calls: where each is, its decorator, and its source."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Name) and decorator.id in ("kernel", "allocating_kernel"):
                        yield f"{path.relative_to(PACKAGE)}:{node.name}", decorator.id, node


def makes_arrays(function: ast.FunctionDef) -> bool:
    """Whether a function calls NumPy, or a method of an array, for a new array."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr in MAKERS for call in calls)


def test_kernels_that_make_arrays_are_declared() -> None:
    found = list(kernels())
    assert len(found) > 100
    assert [where for where, decorator, node in found if decorator == "kernel" and makes_arrays(node)] == []


def test_what_is_declared_is_compiled() -> None:
    def function() -> None:
        pass

    assert kernel(function).dispatcher.targetoptions["_nrt"] is False
    assert allocating_kernel(function).dispatcher.targetoptions["_nrt"] is True
