"""Who may import whom. The tables are the design; each line says why it is as it is."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import pytest

from tests.sources import Function, Source, sources, tree


class Allowed(NamedTuple):
    """What a part may import of ours, and why no more."""

    parts: frozenset[str]
    why: str


def _may(parts: str, why: str) -> Allowed:
    return Allowed(frozenset(parts.split()), why)


_EVERYTHING = (
    "app config console enforce errors iam inprocess listening ops profiles regions remote rules server store tls "
    "units wire"
)

# A part is a file or a folder directly below groupwall/; "groupwall" is the package's own __init__.py.
PARTS = {
    "errors": _may("", "every part raises them, so they must stand below every part"),
    "units": _may("", "the one door for chance and time: a leaf, so that a test can give its own to anyone"),
    "regions": _may("", "a table of names, a leaf"),
    "config": _may("regions", "settings are read before anything else exists"),
    "rules": _may("errors", "the pure core: to be read, tested and trusted alone"),
    "wire": _may("errors", "driven by its tables: it must not know what an operation does"),
    "store": _may("rules errors units", "keeps the core's values and stamps changes; knows neither wire nor callers"),
    "iam": _may(
        "store rules errors units regions", "a caller is a key that the store holds; policies ask about zones"
    ),
    "ops": _may("store rules iam errors units regions config", "decides and records; it never sees a form or XML"),
    "enforce": _may("profiles remote rules errors units", "agents are clients: what they need comes through the API"),
    "authentication": _may("wire iam store errors regions config", "a stage of app: the wire's signature, stored keys"),
    "authorising": _may(
        "authentication iam ops store errors", "a stage of app: policies of a caller against what a call needs"
    ),
    "calls": _may("wire ops store errors", "a stage of app: calls within a call, read and made as if they came alone"),
    "settling": _may("iam ops store errors units config regions", "a stage of app: what is due comes before any call"),
    "app": _may(
        "authentication throttling authorising calls settling wire iam ops store errors units config regions",
        "the whole path of a request: the one place that knows all stages",
    ),
    "remote": _may("wire errors units", "speaks the wire from the other end, and signs with the time"),
    "profiles": _may("wire config", "where a client asks and as whom; reads files, asks nobody"),
    "console": _may("app", "pages call the same operations as anyone, so they can do nothing special"),
    "inprocess": _may(
        "app authentication config errors groupwall iam store units wire",
        "boto3 in this process: the app without a network, met by parameters instead of bytes where that is faster",
    ),
    "accesslog": _may("buckets", "lines about requests: knows nothing of ours, so that no secret can come near it"),
    "tls": _may("config", "two files as a context; knows no sockets"),
    "buckets": _may("", "arithmetic of times and numbers: a leaf"),
    "throttling": _may("authentication buckets wire errors", "a stage of app, around the one that tells who asks"),
    "sending": _may("app errors", "a reply to its client, whole or part by part; knows no sockets"),
    "reading": _may("app calls sending store config errors", "large reads, in a process of their own: no network"),
    "turns": _may("app store", "gathers calls for the app; knows no HTTP"),
    "holding": _may("app ops sending store turns", "holds answers back while clients are there; knows no HTTP"),
    "listening": _may("app sending", "bytes to requests; of the app only how large one may be"),
    "server": _may(
        "app accesslog holding listening turns reading sending console store config errors units",
        "HTTP: the app with a network",
    ),
    "commands": _may(_EVERYTHING, "each wires together what it needs, for that only"),
    "cli": _may("", "names its commands as text, so that a start loads the one that is asked for"),
    "groupwall": _may("inprocess", "the public names, each loaded when first asked for"),
    "pytest_plugin": _may("inprocess groupwall", "the fixture is `groupwall.local()` with pytest's lifetime"),
}  # fmt: skip

# The same within ops: a folder for each noun, and the nouns that it builds on.
NOUNS = {
    "peerings": _may("", "joins VPCs: it needs no more of the others than the store's values"),
    "groups": _may("peerings", "a group that goes takes its rules with it, and their references across VPCs"),
    "rules": _may("groups peerings", "a rule is of a group, and may name one across a peering connection"),
    "prefix_lists": _may("rules", "a list that grows weighs more in the rules that use it"),
    "networks": _may("groups peerings", "a VPC comes with its default group, and ends its peering connections"),
    "interfaces": _may("groups networks", "an interface lies in a subnet and is a member of groups"),
    "changes": _may("interfaces networks peerings rules", "an undo keeps to the limits of every noun that it restores"),
    "expectations": _may("flows", "what is expected is told in flows"),
    "histories": _may(
        "effects expectations flows",
        "what lies between two revisions is an effect; what can turn a flow is what can break an expectation of it",
    ),
    "plans": _may("expectations flows rules", "a plan is of calls that rules take, and tells what it would break"),
    "findings": _may("flows groups peerings", "what is needless follows from gates, what is in the way from nouns"),
    "flows": _may("peerings", "what passes between interfaces follows from all the nouns, as values of the store"),
    "effects": _may(
        "flows groups peerings expectations findings changes",
        "what a change does is told of the gates, of what is expected of them and in the way; calls as in a change",
    ),
    "enforcement": _may(
        "changes effects flows peerings",
        "what a host must know follows from gates, and is found as effects are; which changes cut is theirs to say",
    ),
    "sessions": _may("", "credentials are of callers, and of nothing that lies in a world"),
    "instances": _may("interfaces groups networks", "an instance has interfaces, in groups and in a default subnet"),
}

# The same within enforce: a folder for each step from what a server tells to what the kernel does.
STEPS = {
    "kernel": _may("", "what the kernel is told and asked knows nothing of groups and rules"),
    "policy": _may("kernel", "what should hold is a table as a value, of which nothing is sent from here"),
    "dataplane": _may("policy kernel", "a table holds in a namespace, which has links"),
    "agent": _may("dataplane policy kernel", "who sees to it that all of it follows a server"),
    "probes": _may("dataplane policy kernel", "what is proved is done in namespaces of their own, without an agent"),
}

_CLOCK = "one door for chance and time: with a seed and a frozen clock every run is the same"
_EDGE = "I/O stays at the edges: nothing else may reach the network or start a program"
_HEAVY = "slow to import, and a client: a server must neither wait for it nor mimic it by calling it"

# What only these parts may use, and why.
CONFINED = {
    "boto3": _may("inprocess commands", _HEAVY),
    "botocore": _may("inprocess commands", _HEAVY),
    "sqlite3": _may("store", "SQL by hand, in one place: PostgreSQL comes in there and nowhere else"),
    "socket": _may("listening server remote enforce", _EDGE),
    "http.client": _may("remote", _EDGE),
    "urllib.request": _may("remote", _EDGE),
    "subprocess": _may("server remote enforce commands", f"{_EDGE}; the demo is a client, and starts its own server"),
    "asyncio.create_subprocess_exec": _may("reading", _EDGE),
    "asyncio.open_connection": _may("remote enforce", _EDGE),
    "cryptography": _may("iam", "what is sealed and opened again is so in one place"),
    "uvicorn": _may("listening server", "one HTTP library, behind one seam"),
    "click": _may("cli commands", "the terminal is the command line's"),
    "rich": _may("commands", "the terminal is the command line's"),
    "pytest": _may("pytest_plugin", "a test aid must not be needed by what it helps to test"),
    "time": _may("units", _CLOCK),
    "random": _may("units", _CLOCK),
    "secrets": _may("units", _CLOCK),
    "uuid": _may("units", _CLOCK),
    "datetime.now": _may("units", _CLOCK),
    "datetime.utcnow": _may("units", _CLOCK),
    "date.today": _may("units", _CLOCK),
    "import_module": _may("cli groupwall", "the one lazy seam: a start must stay fast, all else stands on top"),
    "__import__": _may("", "import_module says the same in the open"),
}  # fmt: skip

# Names of confined modules that do what the module is confined for not at all: addresses to bytes and back.
HARMLESS = frozenset({"socket.AF_INET", "socket.AF_INET6", "socket.inet_ntop", "socket.inet_pton"})


def part_of(module: str) -> str:
    """Return the part that a module of ours belongs to."""
    return module.split(".")[1] if "." in module else module


def imported(source: Source, known: frozenset[str]) -> Iterator[str]:
    """Yield the dotted name of everything a file imports, wherever in the file, relative names made whole."""
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(source, node)
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                ours = base.split(".")[0] == "groupwall"
                yield whole if not ours or whole in known else base


def _absolute(source: Source, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    above = source.module.split(".")
    above = above[: len(above) - node.level + source.is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def named(source: Source) -> Iterator[str]:
    """Yield ``date.today`` for each attribute in the code, and of an import function the name alone."""
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Attribute):
            owner = node.value
            yield f"{getattr(owner, 'attr', getattr(owner, 'id', ''))}.{node.attr}"
        name = getattr(node, "attr", getattr(node, "id", ""))
        if name in {"import_module", "__import__"}:
            yield name


def arrow_faults(files: Iterable[Source]) -> list[str]:
    """Return the imports between parts that the table does not allow."""
    files = list(files)
    known = frozenset(source.module for source in files)
    return [
        f"{source.path} imports {name}, but {part} may not: {allowed.why}"
        for source in files
        for part in [part_of(source.module)]
        for allowed in [PARTS.get(part, Allowed(frozenset(), "it has no line in the table"))]
        for name in sorted(set(imported(source, known)))
        if name.split(".")[0] == "groupwall" and part_of(name) not in {part, *allowed.parts}
    ]


def confinement_faults(files: Iterable[Source]) -> list[str]:
    """Return the uses of what is kept at the edge, outside of its place."""
    return [
        f"{source.path} uses {name}: {allowed.why}"
        for source in files
        for name, allowed in CONFINED.items()
        if part_of(source.module) not in allowed.parts
        if _uses(source, name)
    ]


def _uses(source: Source, name: str) -> bool:
    inside = {one for one in imported(source, frozenset()) if one == name or one.startswith(f"{name}.")}
    return bool(inside - HARMLESS) or name in named(source)


def late_imports(files: Iterable[Source]) -> list[str]:
    """Return the imports that stand inside a function, where they hide an arrow and cost time at run time."""
    return [
        f"{source.path}:{inner.lineno} imports inside {node.name}"
        for source in files
        for node in ast.walk(tree(source))
        if isinstance(node, Function)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]


def cycle(files: Iterable[Source]) -> list[str]:
    """Return the modules of one circle of imports, empty when there is none. A package's __init__ is a module too."""
    files = list(files)
    known = frozenset(source.module for source in files)
    arrows = {source.module: known.intersection(imported(source, known)) - {source.module} for source in files}
    return _circle(arrows)


def _circle(arrows: Mapping[str, frozenset[str]]) -> list[str]:
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        modules: list[str] = error.args[1]
        return modules
    return []


PRODUCT = sources("groupwall")


def test_every_part_has_a_line() -> None:
    """Every file and folder of the package has its line in the table (inferred)."""
    assert sorted({part_of(source.module) for source in PRODUCT} - PARTS.keys()) == []


def test_imports_follow_the_table() -> None:
    """No part imports a part that its line does not name (inferred)."""
    assert arrow_faults(PRODUCT) == []


@pytest.mark.parametrize(("part", "folders"), [("ops", NOUNS), ("enforce", STEPS)])
def test_folders_follow_the_table(part: str, folders: Mapping[str, Allowed]) -> None:
    """Each folder of a part builds on those that its line names, and on the files beside the folders (inferred)."""
    known = frozenset(source.module for source in PRODUCT)
    start = f"groupwall.{part}."
    faults = [
        f"{source.path} imports {name}: {allowed.why}"
        for source in PRODUCT
        for folder, allowed in folders.items()
        if source.module.startswith(f"{start}{folder}.")
        for name in sorted(set(imported(source, known)))
        for other in [name.removeprefix(start).partition(".")[0]]
        if name.startswith(start) and other in folders and other not in {folder, *allowed.parts}
    ]
    assert faults == []
    deep = (module.split(".") for module in known if module.startswith(start))
    assert {place[2] for place in deep if place[3:]} == folders.keys()


def test_edges_are_kept() -> None:
    """Clients, SQL, sockets, programs, time and chance are used only in their places (inferred)."""
    assert confinement_faults(PRODUCT) == []


def test_python_is_started_safely() -> None:
    """Whoever starts a Python of ours says -P: nothing in the working folder is run, as root or not (inferred)."""
    started = [
        line
        for source in PRODUCT
        for line in source.text.splitlines()
        if re.search(r"\[(python|sys\.executable),", line)
    ]
    assert started
    assert [line for line in started if not re.search(r'\[[a-z.]+, "-P", "-[mc]", ', line)] == []


def test_imports_stand_at_the_top() -> None:
    """No import stands inside a function (inferred)."""
    assert late_imports(PRODUCT) == []


def test_no_cycles() -> None:
    """No two modules import each other, on whatever detour (inferred)."""
    assert cycle(PRODUCT) == []


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("rules/planted.py", "from groupwall.store import changes", arrow_faults),
        ("rules/planted.py", "from ..store.changes import Change", arrow_faults),
        ("rules/planted.py", "def late():\n    import groupwall.store", arrow_faults),
        ("ops/planted.py", "from groupwall import wire", arrow_faults),
        ("ops/planted.py", "def late():\n    import sqlite3", confinement_faults),
        ("store/planted.py", "from datetime import datetime\nwhen = datetime.now()", confinement_faults),
        ("app.py", "import time as clock", confinement_faults),
        ("app.py", "import importlib\nops = importlib.import_module('groupwall.server')", confinement_faults),
        ("wire/planted.py", "class Late:\n    def __init__(self):\n        from groupwall import errors", late_imports),
    ],
)
def test_planted_faults_are_found(name: str, text: str, found: object) -> None:
    """Each forbidden import is found when it is planted, late and relative ones too (inferred)."""
    assert callable(found)
    assert found([*PRODUCT, Source(f"groupwall/{name}", text)])


def test_planted_circle_is_found() -> None:
    """A circle closed by a late import is found when it is planted (inferred)."""
    first = Source("groupwall/rules/first.py", "from groupwall.rules import second")
    second = Source("groupwall/rules/second.py", "def late():\n    from groupwall.rules.first import name")
    assert set(cycle([*PRODUCT, first, second])) == {"groupwall.rules.first", "groupwall.rules.second"}
