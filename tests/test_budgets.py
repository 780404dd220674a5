"""How long, how deep and how wide the code may be, and which words name nothing."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.sources import FOLDERS, Function, Source, functions, sources, tree

FILE_LINES = 500
FUNCTION_LINES = 60
PARAMETERS = 5
NESTING = 3

# Words that fit everything and so say nothing (docs/glossary.md).
BANNED = re.compile(
    r"(?:^|_)(?:utils?|helpers?|common|managers?|handlers?|backends?|misc|info|data)(?:_|$)|^_*process_", re.IGNORECASE
)
# `--data` is the public name of the setting, a folder or `:memory:`; under that name it travels from option to store.
SETTING = "data"
PLACES_OF_THE_SETTING = (
    "groupwall/config.py",
    "groupwall/commands/",
    "groupwall/reading.py",
    "groupwall/store/sqlite.py",
    "tests/driver.py",
)
# Named by asyncio, which calls it.
CALLED_FROM_OUTSIDE = frozenset({"data_received"})

EVERYWHERE = [source for folder in FOLDERS for source in sources(folder)]
PRODUCT = sources("groupwall")
_BLOCKS = ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.TryStar | ast.Match


def nesting(node: ast.AST, *, chained: bool = False) -> int:
    """Return how deep blocks stand in each other below ``node``; an elif is no deeper than its if."""
    deeper = isinstance(node, _BLOCKS) and not chained
    orelse = node.orelse if isinstance(node, ast.If) else []
    elif_ = orelse[0] if len(orelse) == 1 and isinstance(orelse[0], ast.If) else None
    below = [
        nesting(child, chained=child is elif_)
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, Function | ast.Lambda)
    ]
    return deeper + max(below, default=0)


def parameters(function: Function) -> int:
    """Return how many parameters a caller has to know; self and cls are not among them."""
    given = function.args
    names = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}]) + bool(given.vararg) + bool(given.kwarg)


def is_command(function: Function) -> bool:
    """Whether the function is a command of the command line, each parameter of which is an option."""
    return any(isinstance(one, ast.Call) and "command" in ast.unparse(one.func) for one in function.decorator_list)


def names(source: Source) -> Iterator[str]:
    """Yield every name that a file gives: its own, and those of classes, functions, parameters and variables."""
    yield from source.module.split(".")
    for node in ast.walk(tree(source)):
        if isinstance(node, Function | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def in_snake_case(name: str) -> str:
    """Return ``NameOfClass`` as ``name_of_class``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def test_files_are_short() -> None:
    """No file has more than 500 lines (inferred)."""
    assert [source.path for source in EVERYWHERE if source.text.count("\n") > FILE_LINES] == []


def test_functions_are_short() -> None:
    """No function has more than 60 lines (inferred)."""
    long = [
        f"{source.path}:{function.lineno} {function.name}"
        for source in EVERYWHERE
        for function in functions(source)
        if (function.end_lineno or function.lineno) - function.lineno >= FUNCTION_LINES
    ]
    assert long == []


def test_functions_take_few_parameters() -> None:
    """No function but a command takes more than five parameters (inferred)."""
    wide = [
        f"{source.path}:{function.lineno} {function.name}"
        for source in PRODUCT
        for function in functions(source)
        if parameters(function) > PARAMETERS and not is_command(function)
    ]
    assert wide == []


def test_functions_are_flat() -> None:
    """No function nests its blocks deeper than three (inferred)."""
    deep = [
        f"{source.path}:{function.lineno} {function.name}"
        for source in PRODUCT
        for function in functions(source)
        if max((nesting(child) for child in ast.iter_child_nodes(function)), default=0) > NESTING
    ]
    assert deep == []


def test_every_module_says_what_it_is() -> None:
    """Every module that holds something begins with a docstring (inferred)."""
    silent = [source.path for source in EVERYWHERE if source.text.strip() and not ast.get_docstring(tree(source))]
    assert silent == []


def test_names_say_something() -> None:
    """No name is made of a word that fits everything (inferred)."""
    empty = {
        f"{source.path} {name}"
        for source in EVERYWHERE
        for name in names(source)
        if BANNED.search(in_snake_case(name)) and name not in CALLED_FROM_OUTSIDE
        if not (name == SETTING and source.path.startswith(PLACES_OF_THE_SETTING))
    }
    assert sorted(empty) == []


@pytest.mark.parametrize(
    ("code", "depth"),
    [
        ("if a:\n  pass\nelif b:\n  pass\nelif c:\n  pass", 1),
        ("if a:\n  pass\nelse:\n  if b:\n    pass\n  c()", 2),
        ("for a in b:\n  with c:\n    try:\n      if d:\n        pass\n    finally:\n      pass", 4),
        ("while a:\n  match b:\n    case 1:\n      if c:\n        pass", 3),
    ],
)
def test_nesting_is_counted(code: str, depth: int) -> None:
    """Blocks count once for each level, an elif counts as its if (inferred)."""
    assert nesting(ast.parse(code)) == depth


@pytest.mark.parametrize("name", ["string_utils", "RequestHandler", "process_rule", "data", "group_info", "Misc"])
def test_empty_words_are_found(name: str) -> None:
    """A banned word is found in snake case and in camel case, alone and within (inferred)."""
    assert BANNED.search(in_snake_case(name))


@pytest.mark.parametrize("name", ["database", "information", "processed", "handled", "uncommon", "preprocess_rule"])
def test_other_words_are_left_alone(name: str) -> None:
    """A word that only contains a banned one is free (inferred)."""
    assert not BANNED.search(in_snake_case(name))
