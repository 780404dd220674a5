"""Nothing of the model is forgotten: each operation, input member and filter is there or is named with a reason."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import botocore.session
import pytest

from groupwall.app import Call
from groupwall.errors import ApiError
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.table import OPERATIONS
from groupwall.wire.shapes import List, Shape, Structure
from tests.driver import ACTIONS, Wall
from tests.ops.examples import EXAMPLES, WITHOUT_EFFECT, WITHOUT_FILTER, filled, set_out
from tests.scenes import Json

MODEL = botocore.session.get_session().get_service_model("ec2")
FILTERED = [name for name, action in ACTIONS.items() if "Filters" in action.input.members and not action.empty]


def test_every_action_has_a_row() -> None:
    """The table of operations and the model name the same operations; the others answer empty lists."""
    assert set(OPERATIONS) == {name for name, action in ACTIONS.items() if not action.empty}
    assert {name for name, row in OPERATIONS.items() if row.name != name} == set()


class Noting(dict[str, Any]):
    """Parameters that note which of their members are looked at, and those of what is in them."""

    def __init__(self, params: Params, seen: set[str], path: str = "") -> None:
        super().__init__(params)
        self._seen = seen
        self._path = path

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - any parameter
        """Return a member."""
        return self._noted(name, super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - any parameter
        """Return a member, or the default."""
        return self._noted(name, super().get(name, default))

    def items(self) -> Any:  # noqa: ANN401 - as a dict gives them
        """Return all members: who hands them on reads each of them."""
        return [(name, self[name]) for name in self]

    def _noted(self, name: str, value: Any) -> Any:  # noqa: ANN401 - any parameter
        path = f"{self._path}{name}"
        self._seen.add(path)
        if isinstance(value, list):
            return [Noting(item, self._seen, f"{path}[].") if isinstance(item, dict) else item for item in value]
        return Noting(value, self._seen, f"{path}.") if isinstance(value, dict) else value


def _run(row: Operation, seen: set[str], params: Params, context: Context) -> Result:
    return row.run(Noting(params, seen), context)


def _read_by(name: str) -> set[str]:
    """Return the paths of the members that an operation looks at over all its examples."""
    seen: set[str] = set()
    row = OPERATIONS[name]
    for example in EXAMPLES[name]:
        with Wall() as wall:
            call = wall.app.prepare(wall.request(ACTIONS[name], **filled(example, set_out(wall, name))))
            _look_early(row, filled(example, defaultdict(lambda: "x")), seen)
            if isinstance(call, Call):
                wall.app.answer([replace(call, operation=replace(row, run=partial(_run, row, seen)))])
    return seen


def _look_early(row: Operation, params: Json, seen: set[str]) -> None:
    try:
        if row.early:
            row.early(Noting(params, seen))
    except ApiError:
        pass


def _members(shape: Shape, path: str = "") -> Iterator[str]:
    if isinstance(shape, List):
        yield from _members(shape.item, path.removesuffix(".") + "[].")
    elif isinstance(shape, Structure):
        for name, member in shape.members.items():
            yield f"{path}{name}"
            yield from _members(member.shape, f"{path}{name}.")


def _has_no_effect(path: str) -> bool:
    return any(path.endswith(end) or (end.endswith(".*") and end[:-1] in path) for end in WITHOUT_EFFECT)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_member_is_read(name: str) -> None:
    """Every input member of the model has an effect, or its row says why it has none; DryRun is app's."""
    read = _read_by(name)
    ignored = OPERATIONS[name].ignored
    members = set(_members(ACTIONS[name].input)) - {"DryRun"}
    assert {path for path in members - read if path not in ignored and not _has_no_effect(f"{name}.{path}")} == set()
    assert {path for path in ignored if path in read or path not in members} == set(), "ignored, but it is read"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_give_every_member(name: str) -> None:
    """The examples leave out no member, so that the test above sees what the operation does with it."""
    given: set[str] = set()
    for example in EXAMPLES[name]:
        _note_all(Noting(example, given))
    members = {path for path in _members(ACTIONS[name].input) if path != "DryRun"}
    assert {path for path in members - given if not _has_no_effect(f"{name}.{path}")} == set()
    assert given <= members


def _note_all(params: Noting) -> None:
    for name in params:
        value = params[name]
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Noting):
                _note_all(part)


def _documented(name: str) -> list[str]:
    """Return the filters that the model's documentation lists for an operation, ``tag:KEY`` as ``tag:k``."""
    text = MODEL.operation_model(name).input_shape.members["Filters"].documentation
    found = re.findall(r"<li>\s*<p>\s*<code>([^<]+)</code>(:)?", text)
    return ["tag:k" if name == "tag" else name for name, _ in found]


@pytest.mark.parametrize("name", [name for name in FILTERED if ACTIONS[name].service == "ec2"])
@pytest.mark.reference("9 filters", "18 DescribeTags", "10 filters and pages")
def test_every_filter_is_supported(wall: Wall, name: str) -> None:
    """Every filter that AWS documents is known, or is listed with the reason why it is refused [model]."""
    documented = _documented(name)
    assert documented
    refused = {one for one in documented if not _is_known(wall, name, one)}
    assert refused == set(WITHOUT_FILTER.get(name, {}))


def _is_known(wall: Wall, name: str, one: str) -> bool:
    value = "sg-00000000" if one == "group-id" else "x"
    reply = wall.send(wall.request(ACTIONS[name], Filters=[{"Name": one, "Values": [value]}]))
    return f"The filter '{one}' is invalid" not in reply.body.decode()
