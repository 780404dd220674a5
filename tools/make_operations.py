"""Write docs/operations.md: every operation with its parameters, filters and errors, read out of the code.

    python tools/make_operations.py            writes the page
    python tools/make_operations.py --check    writes nothing; exits 1 when the page is out of date

Parameters come from the wire's model. Filters and errors come from the functions that an operation's function leads to:
every name in its body that is a function, class or table of ours is followed, so the page names all errors that the
code can raise there, and may name one that an operation never reaches.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from groupwall import errors
from groupwall.ops.networks.derived import Kind
from groupwall.ops.operation import Operation
from groupwall.ops.table import OPERATIONS
from groupwall.wire.model import SERVICES, Action

PAGE = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
FOLLOWED = ("groupwall.ops", "groupwall.rules", "groupwall.errors", "groupwall.iam")
WIDTH = 118
CODE = re.compile(r"Invalid[A-Za-z]+\.[A-Z][A-Za-z]+")

HEAD = """# Operations

<!-- python tools/make_operations.py wrote this page; a check says when it is out of date. -->

What each operation takes and what it can answer with. A parameter that an operation has in EC2 is listed as taken,
as accepted without effect, or as refused, which is to say answered with `UnsupportedOperation` and its name (the flat
form of a rule, in egress, with `UnknownParameter`). `DryRun` is taken wherever EC2 has it.

Any call may also be refused with `MissingParameter`, `InvalidParameterValue` or `UnknownParameter` for a request that
does not fit the model, with `MalformedQueryString` or `InvalidQueryParameter` for one that cannot be read, with
`MissingAction`, `InvalidAction` or `NoSuchVersion`, with the errors of a signature
(`AuthFailure`, `MissingAuthenticationToken`, `SignatureDoesNotMatch`, `InvalidClientTokenId`, `RequestExpired`,
`ExpiredToken`), with `UnauthorizedOperation` for a page of another site that a browser shows, and with
`DryRunOperation`.
With `--auth iam`, a call that its caller's policies do not allow is refused with `UnauthorizedOperation` (STS:
`AccessDenied`), before anything is looked up. "Permission" says which resources the policies are asked about: the call
is refused unless it is allowed on every one of them. One in parentheses counts where the call names or tags it; `*`
says that policies cannot limit the operation to some resources. Tags that a call gives to what it makes need
`ec2:CreateTags`, too. Most of our own operations look at the whole account and have no resource. `UndoChange` and
`ConfirmChange` need permission on all that the change touched, and none for the calls that it was made of; a preview
needs none for the calls that it only tries.
`RequestLimitExceeded`, `Unavailable` and `InternalError` are the server's own troubles.
A change that would break an [expectation](expectations.md) that is kept is refused with `ExpectationBroken`.
"""
EMPTY = """## Resources that an account here never holds

These answer their empty list, and `NotFound` for an id that is asked for. Every operation of EC2 that is not on this
page answers `UnsupportedOperation`, AWS's catalogues (instance types, images, offerings, prices) among them.
"""


class Trail:
    """What an operation's function leads to: functions and classes of ours, and the tables that they name."""

    def __init__(self, start: object) -> None:
        self.codes: set[str] = set()
        self.tables: dict[tuple[str, str], Any] = {}
        self._seen: set[int] = set()
        self._follow(start)

    def _follow(self, thing: object) -> None:
        if isinstance(thing, partial):
            thing = thing.func
        if id(thing) in self._seen:
            return
        self._seen.add(id(thing))
        if isinstance(thing, (FunctionType, type)) and thing.__module__.startswith(FOLLOWED):
            self._read(thing)
        elif isinstance(thing, Kind):
            self.tables[thing.name, "FILTERS"] = thing.filters
            refusals = errors.record_not_found(thing.name, "x"), errors.record_id_malformed(thing.name, "x", "x")
            self.codes |= {refusal.code for refusal in refusals}
        elif isinstance(thing, Mapping | tuple | list):
            for part in thing.values() if isinstance(thing, Mapping) else thing:
                if callable(part) or isinstance(part, tuple):
                    self._follow(part)

    def _read(self, thing: FunctionType | type) -> None:
        names = vars(sys.modules[thing.__module__])
        self.codes |= codes_in(thing)
        for node in nodes(thing):
            name, found = _named(node, names)
            if name.endswith(("FILTERS", "UNSUPPORTED")):
                self.tables[thing.__module__, name] = found
            self._follow(found)


def _named(node: ast.AST, names: Mapping[str, Any]) -> tuple[str, object]:
    """Return the name that a node gives and what it stands for in its module, ("", None) when it is no such name."""
    if isinstance(node, ast.Name):
        return node.id, names.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module = names.get(node.value.id)
        if isinstance(module, ModuleType) and module.__name__.startswith(FOLLOWED):
            return node.attr, getattr(module, node.attr, None)
    return "", None


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(Path(str(sys.modules[module].__file__)).read_text("utf-8"))


@cache
def nodes(thing: FunctionType | type) -> list[ast.AST]:
    """Return the syntax of a function or class, node by node; of a function without a name, that of all on its line."""
    line = thing.__code__.co_firstlineno if isinstance(thing, FunctionType) else 0
    found = [
        node
        for node in ast.walk(_tree(thing.__module__))
        if (isinstance(node, ast.FunctionDef | ast.Lambda) and line in (node.lineno, *_decorated(node)))
        or (isinstance(node, ast.ClassDef) and not line and node.name == thing.__name__)
    ]
    return [node for one in found for node in ast.walk(one)]


def _decorated(node: ast.FunctionDef | ast.Lambda) -> list[int]:
    return [one.lineno for one in node.decorator_list] if isinstance(node, ast.FunctionDef) else []


def codes_in(thing: FunctionType | type) -> set[str]:
    """Return the error codes that a function writes out: what ApiError is given first, and texts in a code's form."""
    found = set()
    for node in nodes(thing):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called in (errors.ApiError.__name__, errors.expecting.__name__):
                found.add(str(node.args[0].value))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            found.add(node.value)
    return found


def described(operation: Operation, action: Action) -> Iterator[str]:
    """Yield the lines of one operation."""
    trail = Trail((operation.run, operation.early))
    refused = {name for (_, key), names in trail.tables.items() if key.endswith("UNSUPPORTED") for name in names}
    filters = {name for (_, key), names in trail.tables.items() if key.endswith("FILTERS") for name in names}
    members = [name for name in action.input.members if name not in operation.ignored and name != "DryRun"]
    required = action.input.required
    yield f"### {operation.name}\n"
    taken = (
        ["none"]
        if not members
        else [f"**`{name}`**" if name in required else f"`{name}`" for name in members if name not in refused]
    )
    yield from _listed("Parameters" + (" (**required**)" if required else ""), taken)
    yield from _listed("Refused", [f"`{name}`" for name in members if name in refused])
    yield from _listed("Refused within others", [f"`{name}`" for name in sorted(refused - set(action.input.members))])
    yield from _listed("Without effect", [f"`{name}` ({why})" for name, why in sorted(operation.ignored.items())])
    if "Filters" in action.input.members:
        shown = ["`tag:KEY`" if name == "tag" else f"`{name}`" for name in sorted(filters)]
        yield from _listed("Filters", shown)
    yield from _listed("Permission", _permission(operation, action))
    others = ["and those of the calls within it"] if operation.calls else []
    yield from _listed("Errors", [f"`{code}`" for code in sorted(trail.codes)] + others)
    yield ""


def _permission(operation: Operation, action: Action) -> Iterator[str]:
    """Yield the permission that an operation needs, with the kinds of the resources that it is needed on."""
    if operation.on is None:
        yield "none"
        return
    kinds = [f"(`{on.kind}`)" if on.optional else f"`{on.kind or '*'}`" for on in operation.on]
    yield f"`{action.service}:{operation.name}` on {', '.join(dict.fromkeys(kinds)) or '`*`'}"
    if operation.calls:
        yield "and those of the calls within it"


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    text = ", ".join(items)
    if text:
        yield textwrap.fill(
            f"- {title}: {text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
        )


def page() -> str:
    """Return the text of the page."""
    actions = {name: action for service in SERVICES.values() for name, action in service.actions.items()}
    nouns: dict[str, list[Operation]] = {}
    for operation in OPERATIONS.values():
        run = operation.run.func if isinstance(operation.run, partial) else operation.run
        told = str(sys.modules[run.__module__].__doc__).partition("\n")[0]
        nouns.setdefault(told.partition(" [")[0].rstrip("."), []).append(operation)
    parts = [HEAD]
    for noun, operations in nouns.items():
        parts.append(f"## {noun}\n")
        parts += [line for operation in operations for line in described(operation, actions[operation.name])]
    names = ", ".join(f"`{name}`" for name, action in sorted(actions.items()) if action.empty)
    parts += [EMPTY, textwrap.fill(names, WIDTH, break_on_hyphens=False)]
    return "\n".join(parts) + "\n"


def main() -> int:
    """Write the page, or with --check say that it is out of date."""
    text = page()
    if PAGE.exists() and PAGE.read_text("utf-8") == text:
        return 0
    if "--check" in sys.argv[1:]:
        print("docs/operations.md is out of date: run python tools/make_operations.py")
        return 1
    PAGE.write_text(text, "utf-8")
    print("docs/operations.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
