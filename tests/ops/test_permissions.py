"""What each operation needs permission on: every row, and every example of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from groupwall.errors import ApiError
from groupwall.iam.resources import KINDS
from groupwall.ops.operation import On, Operation
from groupwall.ops.permissions import BY_PREFIX
from groupwall.ops.table import OPERATIONS
from tests.bound import REFUSALS, Refused, allow, bound, deny, refused
from tests.driver import ACTIONS, Wall
from tests.ops.examples import EXAMPLES, filled, set_out
from tests.scenes import Json

RECORDED: dict[str, dict[str, list[str]]] = json.loads(Path(__file__).with_name("permissions.json").read_text("utf-8"))
"""Action -> resource type, with ``*`` where it is required -> its condition keys [reference 22, docs; the others docs].

Those that reference 22 has not are of AWS's service authorization reference, too.
"""

NOT_HERE = {
    "ec2:ipamprefixlistresolvertargetid": "there are no resolvers of IPAM",
    "ec2:ipv4ipampoolid": "there are no pools of IPAM",
    "ec2:ipv6ipampoolid": "there are no pools of IPAM",
    "ec2:managedresourceoperator": "nothing here is managed by a service",
    "ec2:authorizeduser": "there are no permissions on interfaces",
    "ec2:permission": "there are no permissions on interfaces",
    "ec2:cpuoptionsamdsevsnp": "an instance is a record: no hardware runs it",
    "ec2:instanceautorecovery": "an instance is a record: no hardware runs it",
    "ec2:instancebandwidthweighting": "an instance is a record: no hardware runs it",
    "ec2:instancemarkettype": "instances are not bought",
    "ec2:instancemetadatatags": "an instance is a record: nothing runs that would see it",
    "ec2:metadatahttpendpoint": "an instance is a record: nothing runs that would see it",
    "ec2:metadatahttpputresponsehoplimit": "an instance is a record: nothing runs that would see it",
    "ec2:metadatahttptokens": "an instance is a record: nothing runs that would see it",
    "ec2:placementgroup": "there are no placement groups",
    "ec2:productcode": "images are not looked at",
    "ec2:rootdevicetype": "an instance is a record: it has no volumes",
}
"""Condition key -> why no resource here has it."""

NO_SUCH_KIND = {
    "group": "there are no resource groups",
    "ipam-pool": "there are no pools of IPAM",
    "ipv6pool-ec2": "there are no pools of addresses of one's own",
    "license-configuration": "no licences are counted",
}
"""Resource type, which is optional -> why no call here names one."""

OF_THE_CALL = {
    "aws:requesttag/${tagkey}", "aws:tagkeys", "ec2:attribute", "ec2:attribute/${attributename}",
    "aws:resourcetag/${tagkey}", "ec2:resourcetag/${tagkey}",
}  # fmt: skip
EVERY_CALL = [(name, number) for name, examples in EXAMPLES.items() for number, _ in enumerate(examples)]


def _types(on: tuple[On, ...] | None) -> set[str]:
    return {one.kind + ("" if one.optional else "*") for one in on or ()}


def test_no_row_leaves_out_its_resources() -> None:
    """An operation cannot be made without what a caller needs permission on (inferred)."""
    row: Callable[..., Operation] = Operation
    with pytest.raises(TypeError):
        row("RunFleet", lambda _params, _context: {})


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_row_names_the_resource_types_of_its_action(name: str) -> None:
    """What is required and what is optional is as AWS's reference of authorization has it [reference 22, docs]."""
    assert _types(OPERATIONS[name].on) == RECORDED[name].keys() - NO_SUCH_KIND.keys()


@pytest.mark.parametrize("name", ["CreateTags", "DeleteTags"])
def test_tags_are_of_any_kind(name: str) -> None:
    """The kind of what is tagged is that of its id, for each kind that there is [reference 22, docs]."""
    assert _types(OPERATIONS[name].on) == {f"{BY_PREFIX}*"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_kind_has_the_condition_keys_of_its_resource_type(kind: str) -> None:
    """Every key that AWS's reference gives a resource type is known, or there is nothing here to know [22, docs]."""
    given = {key.lower() for types in RECORDED.values() for one, keys in types.items() for key in keys if one == kind}
    given |= {key.lower() for types in RECORDED.values() for key in types.get(f"{kind}*", ())}
    assert given - OF_THE_CALL - NOT_HERE.keys() <= set(KINDS[kind].keys)


def _refusal(wall: Wall, name: str, params: Json) -> Refused | None:
    """Make a call; return what the caller lacks permission for, which leaves nothing; None if it lacks none."""
    before = wall.app.revision()
    try:
        wall.call(name, **params)
    except ApiError as error:
        if error.code not in REFUSALS:
            return None
        assert wall.app.revision() == before
        return refused(error)
    return None


@pytest.mark.parametrize(("name", "number"), EVERY_CALL)
def test_a_call_needs_permission_on_each_resource(wall: Wall, name: str, number: int) -> None:
    """Without permission on any one resource, or with a Deny of it, a call is refused [reference 2.3, recorded].

    It names that one and leaves nothing. A caller that may do what was named, and nothing else, is not refused.
    """
    params = filled(EXAMPLES[name][number], set_out(wall, name))
    given: list[tuple[str, str]] = []
    while lacks := _refusal(bound(wall, *(allow(*one) for one in given)), name, params):
        need = lacks.action, lacks.resource
        assert need not in given
        assert lacks.because == f"because no identity-based policy allows the {lacks.action} action"
        denied = _refusal(bound(wall, allow(), deny(*need)), name, params)
        assert denied is not None
        assert denied[1:4] == (*need, "with an explicit deny in an identity-based policy")
        given.append(need)
    if not given and OPERATIONS[name].on is not None:
        _assert_refused_early(wall, name, params)
        return
    others = {"ec2:CreateTags"} | {f"ec2:{one['Operation']}" for one in params.get("Calls", ())}
    assert {action for action, _ in given} - others == _actions(name)


def _assert_refused_early(wall: Wall, name: str, params: Json) -> None:
    """Assert that a call is refused for its parameters alone, whoever makes it [reference 2.1]."""
    with pytest.raises(ApiError) as by_nobody:
        bound(wall).call(name, **params)
    with pytest.raises(ApiError) as by_root:
        wall.call(name, **params)
    assert str(by_nobody.value) == str(by_root.value)


def _actions(name: str) -> set[str]:
    """Return the permission that an operation itself needs; tags count as those of what is made."""
    return set() if OPERATIONS[name].on is None else {f"{ACTIONS[name].service}:{name}"} - {"ec2:CreateTags"}
