"""Of which source files a kernel is made: its module, and what that imports, one from another."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from vqcodec.kernels.native import PACKAGE, digest_of

_NOT_FOLLOWED = ("vqcodec.kernels.", "vqcodec.errors", "vqcodec.names", "vqcodec.user_limits")
"""Modules, or beginnings of their names, that no machine code depends on: kernels neither raise nor print."""


def sources_of(module: str) -> tuple[str, ...]:
    """Return the files, below the package's folder, that the kernels of a module are made of."""
    found: set[str] = set()
    waiting = [module]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name in seen or (name.startswith(_NOT_FOLLOWED) and name != "vqcodec.kernels.records"):
            continue
        seen.add(name)
        file = _file_of(name)
        if file is not None:
            found.add(file)
            waiting.extend(_imported(file))
    return tuple(sorted(found))


@functools.cache
def digest_of_source(file: str) -> str:
    """Return the digest of a file below the package's folder."""
    return digest_of((PACKAGE / file).read_bytes())


def meaning_of(text: bytes) -> str:
    """Return a text that two sources share that differ only in comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [statement for statement in body if not _is_text(statement)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _file_of(module: str) -> str | None:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file() and module.startswith("vqcodec."):
            return file.relative_to(PACKAGE).as_posix()
    return None


@functools.cache
def _imported(file: str) -> tuple[str, ...]:
    """Return the modules of the package that a file imports when it is loaded."""
    found = []
    for statement in _loaded_statements(ast.parse((PACKAGE / file).read_bytes()).body):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("vqcodec"):
            found.append(statement.module or "")
            found.extend(f"{statement.module}.{alias.name}" for alias in statement.names)
        elif isinstance(statement, ast.Import):
            found.extend(alias.name for alias in statement.names if alias.name.startswith("vqcodec"))
    return tuple(found)


def _loaded_statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            continue
        if isinstance(statement, (ast.If, ast.Try, ast.With)):
            yield from _loaded_statements(statement.body)
            yield from _loaded_statements(getattr(statement, "orelse", []))
        yield statement
