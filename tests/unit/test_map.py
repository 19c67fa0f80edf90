"""The map of the house holds: which room may import which, how large rooms are, how many parameters a function takes.

The map of the package stands in docs/architecture.md, that of a large room in the docstring of its `__init__`. A map is
a list, lowest first: a name, and behind the colon what it may import of the names above it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "vqcodec"
MOST_MODULES = 16
MOST_LINES = 400
MOST_PARAMETERS = 10

LARGE_ROOMS = (
    "api/packs",
    "blocks",
    "cli",
    "image",
    "pack",
    "report_page",
    "speech",
    "video",
    "video/mc",
    "video/st3d",
)


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in (ROOT / PACKAGE).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports_of(module: str) -> frozenset[str]:
    """The modules that a module imports, wherever in it: at its top, in functions, for types alone."""
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                found.add(inner if inner in modules() else node.module)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names if name.name in modules())
    return frozenset(found - {module})


def child_of(room: str, module: str) -> str | None:
    """The name, directly in `room`, that a module below the room belongs to."""
    prefix = f"{room}."
    return module.removeprefix(prefix).split(".")[0] if module.startswith(prefix) else None


def arrows(room: str) -> Iterator[tuple[str, str, str, str]]:
    """(name, imported name, module, imported module) for each import between two names of a room."""
    for module in modules():
        inside = child_of(room, module)
        for imported in imports_of(module) if inside else ():
            other = child_of(room, imported)
            if other and other != inside:
                yield inside, other, module, imported


def map_of(room: str) -> dict[str, set[str]]:
    """The map as it is written: by name what it may import, lowest first."""
    if room == PACKAGE:
        text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
        block = re.search(r"^```map\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    else:
        text = ast.get_docstring(tree_of(room)) or ""
        block = re.search(r"^Map, lowest first:\n\n((?: +\S.*\n?)+)", text, re.MULTILINE)
    assert block, f"{room} has no map"
    lines = [line.partition("#")[0].strip() for line in block[1].splitlines()]
    return {name.strip(): set(known.split()) for name, _, known in (line.partition(":") for line in lines) if name}


def room_names() -> list[str]:
    return [PACKAGE, *(f"{PACKAGE}.{room.replace('/', '.')}" for room in LARGE_ROOMS)]


@pytest.mark.parametrize("room", room_names())
def test_the_map_shows_every_name_and_no_other(room: str) -> None:
    children = {child_of(room, module) for module in modules()} - {None, "__main__"}
    assert set(map_of(room)) == children


@pytest.mark.parametrize("room", room_names())
def test_arrows_of_the_map_run_downwards(room: str) -> None:
    above: set[str] = set()
    for name, known in map_of(room).items():
        assert known <= above, f"{room}: {name} may not know {', '.join(sorted(known - above))}, which stands below it"
        above.add(name)


@pytest.mark.parametrize("room", room_names())
def test_nothing_is_imported_but_what_the_map_allows(room: str) -> None:
    allowed = map_of(room)
    wrong = [
        f"{module} imports {imported}: {inside} may not know {other}"
        for inside, other, module, imported in arrows(room)
        if other not in allowed.get(inside, ()) and inside != "__main__"
    ]
    assert not wrong, "\n".join(sorted(wrong))


@pytest.mark.parametrize("room", room_names())
def test_the_map_allows_nothing_that_is_not_used(room: str) -> None:
    used: dict[str, set[str]] = {name: set() for name in map_of(room)}
    for inside, other, _, _ in arrows(room):
        used.setdefault(inside, set()).add(other)
    unused = [f"{name}: {', '.join(sorted(known - used[name]))}" for name, known in map_of(room).items()]
    assert not [line for line in unused if not line.endswith(": ")]


def test_no_module_is_in_a_circle() -> None:
    done: set[str] = set()
    path: list[str] = []

    def visit(module: str) -> None:
        if module in done:
            return
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        path.append(module)
        for imported in sorted(imports_of(module)):
            visit(imported)
        path.pop()
        done.add(module)

    for module in modules():
        visit(module)


def test_no_folder_holds_too_many_modules() -> None:
    folders: dict[Path, int] = {}
    for path in modules().values():
        if path.name != "__init__.py":
            folders[path.parent] = folders.get(path.parent, 0) + 1
    assert not {str(folder): count for folder, count in folders.items() if count > MOST_MODULES}


def test_modules_can_be_read_in_one_sitting() -> None:
    lengths = {module: path.read_text(encoding="utf-8").count("\n") for module, path in modules().items()}
    assert not {module: length for module, length in lengths.items() if length > MOST_LINES}


def test_functions_take_few_parameters() -> None:
    many = []
    for module in modules():
        for node in ast.walk(tree_of(module)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                names = [arg.arg for arg in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                if len(names) - (names[:1] in (["self"], ["cls"])) > MOST_PARAMETERS:
                    many.append(f"{module}.{node.name}: {len(names)}")
    assert not many
