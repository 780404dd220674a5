"""Every row of the reference has a test that names it, or a reason why it has none yet.

``reference_rows.json`` holds three tables: ``rows``, each row's name (section, then a few words) with the tags of its
sources; ``linked``, tests elsewhere that hold a row without naming it; ``out of scope``, rows without a test and what
brings them. The tests in ``tests/ops`` name a row as the ``row`` of a case or in their ``reference`` mark.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from tests.sources import Source, functions, sources, tree

_TABLES: dict[str, dict[str, str | list[str]]] = json.loads(
    Path(__file__).with_name("reference_rows.json").read_text("utf-8")
)
ROWS, LINKED, OUT_OF_SCOPE = _TABLES["rows"], _TABLES["linked"], _TABLES["out of scope"]
_NAME = re.compile(r"^(?:clients |users )?[0-9]{1,2}(?:\.[0-9]{1,2}){0,2} \S.*$")
_TESTS = sources("tests")


def _named_in(source: Source) -> Iterator[str]:
    """Yield the texts of a file that have the form of a row's name."""
    told = {id(node.value) for node in ast.walk(tree(source)) if isinstance(node, ast.Expr)}  # docstrings
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield from _NAME.findall(node.value)


NAMED = {name for source in _TESTS if source.path.startswith("tests/ops/") for name in _named_in(source)}
FUNCTIONS = {f"{source.path}::{function.name}" for source in _TESTS for function in functions(source)}


def test_every_row_is_held_or_out_of_scope() -> None:
    """No row in scope is without a test."""
    assert [name for name in ROWS if name not in NAMED | LINKED.keys() | OUT_OF_SCOPE.keys()] == []


def test_only_rows_are_named() -> None:
    """What a test names is a row of the table, and so is what the other tables name."""
    assert sorted((NAMED | LINKED.keys() | OUT_OF_SCOPE.keys()) - ROWS.keys()) == []


def test_out_of_scope_is_no_longer_than_the_truth() -> None:
    """A row that has a test is in scope, and every other says what brings it, or that nothing does."""
    assert sorted((NAMED | LINKED.keys()) & OUT_OF_SCOPE.keys()) == []
    reasons = re.compile(r"(?:packets|never): \S.*|who may: \S.*")
    assert [name for name, why in OUT_OF_SCOPE.items() if not reasons.fullmatch(str(why))] == []


def test_linked_tests_exist() -> None:
    """A test that is linked is there under its name."""
    assert sorted({test for tests in LINKED.values() for test in tests} - FUNCTIONS) == []


def test_every_row_of_the_reference_says_how_sure_it_is() -> None:
    """The rows of the reference have the tags of their sources; those of clients and users have none."""
    known = {"recorded", "live-test", "docs", "model", "issue"}
    wrong = [
        name for name, tags in ROWS.items() if not set(str(tags).split(", ")) <= (known if name[0].isdigit() else {""})
    ]
    assert wrong == []
