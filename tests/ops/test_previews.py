"""Previews against the calls themselves: what they tell is what happens, and they change nothing [inferred]."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.naive import Flow, Picture, picture, rules_admitting
from tests.scenes import Json
from tests.strategies import EXAMPLES
from tests.told import holds_line
from tests.worlds import Scene, changed, flows, random_call, random_world, seeded

WORLDS = range(EXAMPLES)
IDS = re.compile(r"(?:sgr?|eni)-[0-9a-f]{17}")


class Tried(NamedTuple):
    """The preview of random calls, and the world before and after they are made for real.

    Where one of them would be refused these are those before it; error: how it is refused, None where none was.
    refused: how the preview of all of them told so.
    """

    scene: Scene
    seed: int
    preview: Json
    before: Picture
    after: Picture
    error: ApiError | None
    refused: Json | None


def tables(wall: Wall) -> list[str]:
    """Return all that is stored, as SQL."""
    return list(wall.store._connection.iterdump())  # noqa: SLF001 - only a test needs it


@contextlib.contextmanager
def tried(seed: int) -> Iterator[Tried]:
    """Preview one to three random calls on a random world, which leaves no trace; then make them."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        calls = [random_call(scene, seeded(seed + number)) for number in range(1 + seed % 3)]
        asked = [{"Operation": name, "Parameters": json.dumps(params)} for name, params in calls]
        stored, before = tables(wall), picture(wall, scene.accounts)
        preview = wall.call("PreviewChanges", Calls=asked)
        assert tables(wall) == stored
        refused = preview.get("Refused")
        accepted = len(calls) if refused is None else refused["CallIndex"]
        if refused:
            assert not any(preview[name] for name in ("Rules", "Gates", "References", "Expectations", "Results"))
        if refused and accepted:
            preview = wall.call("PreviewChanges", Calls=asked[:accepted])
            assert "Refused" not in preview
        if accepted == 1:
            wall.call(calls[0][0], **calls[0][1])
        elif accepted:
            wall.call("ApplyChanges", Calls=asked[:accepted])
        error = refusal_of(wall, *calls[accepted]) if refused else None
        yield Tried(scene, seed, preview, before, picture(wall, scene.accounts), error, refused)


def refusal_of(wall: Wall, operation: str, params: Json) -> ApiError:
    """Return how a call is refused."""
    with pytest.raises(ApiError) as caught:
        wall.call(operation, **params)
    return caught.value


def probes(one: Tried) -> Iterator[tuple[str, str, str, tuple[str, int, int]]]:
    """Yield (interface, direction, other address, service): each flow of some at every gate of this account."""
    mine = {each.id for side in (one.before, one.after) for each in side.interfaces.values() if _is_mine(one, each.vpc)}
    about = changed(one.before, one.after)
    sampled = [flow for side in (one.before, one.after) for flow in flows(side, seeded(one.seed), 20, about)]
    asked = {(address, service) for flow in sampled for address, service in _asked(one, flow)}
    for address, service in sorted(asked):
        for interface in sorted(mine):
            for direction in ("ingress", "egress"):
                yield interface, direction, address, service


def _is_mine(one: Tried, vpc: str) -> bool:
    owners = {each.id: each.wall.account for each in one.scene.vpcs}
    return owners.get(vpc, one.scene.wall.account) == one.scene.wall.account


def _asked(one: Tried, flow: Flow) -> Iterator[tuple[str, tuple[str, int, int]]]:
    for end in flow[:2]:
        text = str(end)
        found = [side.interfaces[text].addresses for side in (one.before, one.after) if text in side.interfaces]
        for address in found[0] if found else [text]:
            yield address, (flow.protocol, flow.port, flow.code)


def admitting(seen: Picture, interface: str, *asked: Any) -> set[str]:  # noqa: ANN401 - as rules_admitting takes them
    """Return the ids of the rules that admit a flow at a gate, none where the interface is not there."""
    if interface not in seen.interfaces:
        return set()
    direction, address, service = asked
    return {rule for _, rule in rules_admitting(seen, interface, direction, address, *service)}


def gate_of(one: Tried, interface: str, direction: str) -> Json:
    """Return what a preview tells of a gate, which it tells in one place; a new interface is known by its groups."""
    known = one.before.interfaces
    groups = {} if interface in known else sorted(one.after.interfaces[interface].groups)
    found = [
        told
        for told in one.preview["Gates"]
        if told["IsEgress"] is (direction == "egress")
        and (interface in told["InterfaceIds"] or (told["GroupIds"] == groups and {*told["InterfaceIds"]} - {*known}))
    ]
    assert len(found) <= 1
    return found[0] if found else {"Cut": [], "Opened": [], "StillOpen": []}


@pytest.mark.parametrize("seed", WORLDS)
def test_a_preview_tells_what_the_call_does(seed: int) -> None:
    """A flow is told as cut, opened or still open at a gate exactly when the naive evaluator says so [inferred]."""
    with tried(seed) as one:
        for interface, direction, address, service in probes(one):
            was, now = (admitting(side, interface, direction, address, service) for side in (one.before, one.after))
            gate = gate_of(one, interface, direction)
            where = (interface, direction, address, service)
            assert holds_line(gate["Cut"], address, service) == bool(was and not now), where
            assert holds_line(gate["Opened"], address, service) == bool(now and not was), where
            still = {each["Of"]["SecurityGroupRuleId"]: each for each in gate["StillOpen"]}
            passing = {rule for rule, each in still.items() if holds_line(each["Traffic"], address, service)}
            assert passing == (was - now if now else set()), where
            known = {rule.id for rule in one.before.rules}
            for rule in passing:
                assert now & known <= {each["SecurityGroupRuleId"] for each in still[rule]["Rules"]}, where


@pytest.mark.parametrize("seed", WORLDS)
def test_a_receipt_is_the_preview(seed: int) -> None:
    """What a preview told is what the receipt tells; what would be refused is refused with the same words."""
    with tried(seed) as one:
        wall, made = one.scene.wall, one.preview["Revision"] + 1
        assert (one.refused is None) == (one.error is None)
        if one.error and one.refused:
            assert (one.refused["Code"], one.refused["Message"]) == (one.error.code, one.error.message)
        if wall.app.revision() == made:
            receipt = wall.call("DescribeReceipt", Revision=made)
            known = {each.id for each in one.before.rules} | {*one.before.interfaces, *one.before.groups}
            for member in ("Rules", "Gates", "References"):
                assert settled(receipt[member], known) == settled(one.preview[member], known)
            missing = [each for each in one.preview["Mismatches"] if each["CallIndex"] < len(one.preview["Results"])]
            assert settled(receipt["Mismatches"], known) == settled(missing, known)
        else:
            assert one.preview["Gates"] == one.preview["Rules"] == []


def settled(told: list[Json], known: set[str]) -> list[str]:
    """Return a list with one word for all ids that were not there before, and in no order: chance gives other ones."""
    texts = (json.dumps(one, sort_keys=True) for one in told)
    return sorted(IDS.sub(lambda found: found.group() if found.group() in known else "new", text) for text in texts)
