"""The project's own Python files as syntax trees, for the tests that hold the house's rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("groupwall", "tools", "bench", "tests", "tests_clients")
# A reference tool, kept word for word so that it can be compared with its source.
FOREIGN = frozenset({"tests/conformance/run_cases.py"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One file: its path below the project's folder, with slashes, and its text."""

    path: str
    text: str

    @property
    def module(self) -> str:
        """The dotted name, a package's for its ``__init__.py``."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def is_package(self) -> bool:
        """Whether relative imports count from this module itself."""
        return self.path.endswith("/__init__.py")


@cache
def sources(folder: str) -> tuple[Source, ...]:
    """Return every Python file below ``folder`` but the foreign ones, in order of path."""
    paths = sorted((ROOT / folder).rglob("*.py"))
    named = ((path.relative_to(ROOT).as_posix(), path) for path in paths)
    return tuple(Source(name, path.read_text("utf-8")) for name, path in named if name not in FOREIGN)


@cache
def tree(source: Source) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(source.text, source.path)


def functions(source: Source) -> Iterator[Function]:
    """Yield every function and method of a file, the inner ones too."""
    return (node for node in ast.walk(tree(source)) if isinstance(node, Function))
