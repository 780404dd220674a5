"""Expectations: kept, checked, and the changes that are refused because they would break one [inferred]."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.naive import Flow, passes, picture
from tests.scenes import Json, allow, create_group, create_vpc, tcp
from tests.strategies import EXAMPLES
from tests.worlds import changed, flows, random_call, random_world, seeded

OFFICE = "198.51.100.7"


@pytest.fixture
def web(wall: Wall, web: str) -> str:
    """Return the group, which admits HTTPS from the office."""
    allow(wall, web, tcp(443, "198.51.100.0/24"))
    return web


def _expected(web: str, **others: Any) -> Json:  # noqa: ANN401 - members of an expectation
    return {"Name": "office", "From": OFFICE, "To": web, "FromPort": 443, **others}


def _revoke(wall: Wall, web: str) -> None:
    wall.call("RevokeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(443, "198.51.100.0/24")])


def test_a_change_that_breaks_one_is_refused_whole(wall: Wall, web: str) -> None:
    """The refusal names the expectation and why, and nothing is changed (inferred)."""
    wall.call("PutExpectations", Expectations=[_expected(web)])
    before = wall.store.read(lambda tx: tx.head)
    with pytest.raises(ApiError, match=r"ExpectationBroken: .*'office'.*accept tcp 443.*no ingress rule of web"):
        _revoke(wall, web)
    assert wall.store.read(lambda tx: tx.head) == before
    assert wall.call("CheckExpectations")["Hold"]


def test_a_change_that_opens_what_is_denied_is_refused(wall: Wall, web: str) -> None:
    """The rule that would let the traffic in is named (inferred)."""
    wall.call("PutExpectations", Expectations=[_expected(web, Verdict="deny", FromPort=22)])
    with pytest.raises(ApiError, match="admitted by ingress sgr-"):
        wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, "0.0.0.0/0")])
    wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, "203.0.113.0/24")])


def test_force_with_a_reason_makes_the_change(wall: Wall, web: str) -> None:
    """ApplyChanges with Force makes it, and the reason stands in the history; without a reason it does not."""
    wall.call("PutExpectations", Expectations=[_expected(web)])
    parameters = json.dumps({"GroupId": web, "IpPermissions": [tcp(443, "198.51.100.0/24")]})
    calls = [{"Operation": "RevokeSecurityGroupIngress", "Parameters": parameters}]
    with pytest.raises(ApiError, match="ExpectationBroken"):
        wall.call("ApplyChanges", Calls=calls)
    with pytest.raises(ApiError, match="Reason"):
        wall.call("ApplyChanges", Calls=calls, Force=True)
    wall.call("ApplyChanges", Calls=calls, Force=True, Reason="closing the office")
    assert json.loads(wall.call("DescribeChanges")["Changes"][-1]["Request"])["Reason"] == "closing the office"
    told = wall.call("CheckExpectations")
    assert not told["Hold"]
    assert [(one["State"], "no ingress rule" in one["Reason"]) for one in told["Expectations"]] == [("broken", True)]


def test_forced_stops_of_instances_break_nothing_by_force(wall: Wall, web: str) -> None:
    """EC2's own Force is no word on expectations (inferred)."""
    instance = wall.call(
        "RunInstances", ImageId="ami-12345678", MinCount=1, MaxCount=1, SecurityGroupIds=[web]
    )["Instances"][0]["InstanceId"]  # fmt: skip
    wall.call("PutExpectations", Expectations=[_expected(instance)])
    wall.call("StopInstances", InstanceIds=[instance], Force=True)
    assert wall.call("CheckExpectations")["Hold"]


def test_what_is_broken_already_stands_in_nobodys_way(wall: Wall, web: str) -> None:
    """Only what held before a change counts as broken by it (inferred)."""
    with pytest.raises(ApiError, match="does not hold now"):
        wall.call("PutExpectations", Expectations=[_expected(web, FromPort=80)])
    told = wall.call("PutExpectations", Expectations=[_expected(web, FromPort=80)], AllowBroken=True)
    assert told["Expectations"][0]["State"] == "broken"
    _revoke(wall, web)


def test_an_address_of_several_interfaces_is_each_of_them(wall: Wall, web: str) -> None:
    """Another interface with the address, in a VPC that overlaps, puts no expectation out of force (inferred)."""
    (server,) = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]
    address = server["PrivateIpAddress"]
    wall.call("PutExpectations", Expectations=[_expected(web, To=address, FromPort=22, Verdict="deny")])
    subnet = wall.call("CreateSubnet", VpcId=create_vpc(wall, "172.31.0.0/16"), CidrBlock="172.31.0.0/16")["Subnet"]
    wall.call("CreateNetworkInterface", SubnetId=subnet["SubnetId"], PrivateIpAddress=address)
    assert [one["State"] for one in wall.call("CheckExpectations")["Expectations"]] == ["holds"]
    with pytest.raises(ApiError, match="ExpectationBroken"):
        wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, "0.0.0.0/0")])


def test_what_is_gone_is_expected_of_nobody(wall: Wall, web: str) -> None:
    """An expectation of a group that was deleted is empty, and no later change is refused for it (inferred)."""
    app = create_group(wall, "app")
    wall.call("PutExpectations", Expectations=[_expected(web, From=app, Name="gone")])
    assert wall.call("CheckExpectations")["Expectations"][0]["State"] == "empty"
    wall.call("DeleteSecurityGroup", GroupId=app)
    told = wall.call("CheckExpectations")
    assert told["Hold"]
    assert [one["State"] for one in told["Expectations"]] == ["empty"]
    _revoke(wall, web)


def test_what_nobody_has_is_denied(wall: Wall) -> None:
    """A group without members denies all; whoever joins it once it is open is refused. An accept may come later."""
    group, subnet = create_group(wall, "app"), wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    kept = [
        _expected(group, Name="closed", Verdict="deny", FromPort=22),
        _expected(group, Name="open", FromPort=80),
    ]
    told = wall.call("PutExpectations", Expectations=kept)["Expectations"]
    assert [one["State"] for one in told] == ["empty", "empty"]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, "0.0.0.0/0")])
    with pytest.raises(ApiError, match=r"ExpectationBroken: .*'closed'"):
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group])
    wall.call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, "0.0.0.0/0")])
    wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group])
    told = wall.call("CheckExpectations")["Expectations"]
    assert {one["Name"]: one["State"] for one in told} == {"closed": "holds", "open": "broken"}


@pytest.mark.parametrize(
    ("end", "refused"),
    [
        ({"From": OFFICE, "To": "web"}, True),
        ({"From": OFFICE, "To": "interface"}, True),
        ({"From": OFFICE, "To": "instance"}, True),
        ({"From": OFFICE, "To": "address"}, True),
        ({"From": OFFICE, "To": "other"}, False),
    ],
    ids=lambda value: value.get("To") if isinstance(value, dict) else "",
)
def test_a_change_of_rules_is_held_against_what_it_touches(wall: Wall, web: str, end: Json, *, refused: bool) -> None:
    """Whatever name an end has, a rule of its group counts, and no rule of another group (inferred)."""
    instance = wall.call("RunInstances", ImageId="ami-12345678", MinCount=1, MaxCount=1, SecurityGroupIds=[web])
    [told] = instance["Instances"]
    other = create_group(wall, "other")
    wall.call("CreateNetworkInterface", SubnetId=told["SubnetId"], Groups=[other])
    names = {
        "web": web, "other": other, "instance": told["InstanceId"], "address": told["PrivateIpAddress"],
        "interface": told["NetworkInterfaces"][0]["NetworkInterfaceId"],
    }  # fmt: skip
    ends = {member: names.get(name, name) for member, name in end.items()}
    kept = {"Name": "closed", **ends, "FromPort": 8080, "Verdict": "deny"}
    wall.call("PutExpectations", Expectations=[kept])
    opened = {"GroupId": web, "IpPermissions": [tcp(8080, "0.0.0.0/0")]}
    assert _code(wall, "AuthorizeSecurityGroupIngress", opened) == ("ExpectationBroken" if refused else "")


def test_put_replaces_by_name_and_wholly(wall: Wall, web: str) -> None:
    """An expectation of the same name is replaced; with Replace all others go; delete names what is not there."""
    for name in ("one", "two"):
        wall.call("PutExpectations", Expectations=[_expected(web, Name=name)])
    wall.call("PutExpectations", Expectations=[_expected(web, Name="two", Description="why")])
    listed = wall.call("DescribeExpectations")["Expectations"]
    assert [(one["Name"], one.get("Description")) for one in listed] == [("one", None), ("two", "why")]
    wall.call("PutExpectations", Expectations=[_expected(web, Name="three")], Replace=True)
    assert [one["Name"] for one in wall.call("DescribeExpectations")["Expectations"]] == ["three"]
    with pytest.raises(ApiError, match=r"InvalidExpectation\.NotFound: The expectation 'one'"):
        wall.call("DeleteExpectations", Names=["three", "one"])
    wall.call("DeleteExpectations", Names=["three"])
    assert wall.call("DescribeExpectations")["Expectations"] == []


def test_none_in_place_of_all(wall: Wall, web: str) -> None:
    """An empty list with Replace forgets all; without it, it is a parameter that is missing (inferred)."""
    wall.call("PutExpectations", Expectations=[_expected(web)])
    for params in ({}, {"Expectations": []}, {"AllowBroken": True}):
        with pytest.raises(ApiError, match=r"MissingParameter: .*Expectations"):
            wall.call("PutExpectations", **params)
    assert wall.call("PutExpectations", Expectations=[], Replace=True)["Expectations"] == []
    assert wall.call("DescribeExpectations")["Expectations"] == []
    wall.call("PutExpectations", Expectations=[_expected(web)])
    wall.call("PutExpectations", Replace=True)
    assert wall.call("DescribeExpectations")["Expectations"] == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Name": ""}, "InvalidParameterValue"),
        ({"Name": "a\u2028b"}, "InvalidParameterValue"),
        ({"Name": "x" * 129}, "InvalidParameterValue"),
        ({"Verdict": "perhaps"}, "InvalidParameterValue"),
        ({"From": ""}, "MissingParameter"),
        ({"To": "sg-x"}, "InvalidGroupId.Malformed"),
        ({"To": "everywhere"}, "InvalidParameterValue"),
        ({"FromPort": 65536}, "InvalidParameterValue"),
        ({"Protocol": "xyz"}, "InvalidParameterValue"),
        ({"Description": "x" * 256}, "InvalidParameterValue"),
    ],
)
def test_what_is_no_expectation(wall: Wall, web: str, members: Json, code: str) -> None:
    """A name, an end, a port, a verdict or a description that is none is refused (inferred)."""
    with pytest.raises(ApiError) as refused:
        wall.call("PutExpectations", Expectations=[_expected(web) | members])
    assert refused.value.code.startswith(code)


def test_there_is_a_most(wall: Wall, web: str) -> None:
    """No more than a hundred are kept, and none twice in a call (inferred)."""
    some = [_expected(web, Name=f"n{number}") for number in range(100)]
    wall.call("PutExpectations", Expectations=some)
    with pytest.raises(ApiError, match="ExpectationLimitExceeded"):
        wall.call("PutExpectations", Expectations=[_expected(web, Name="more")])
    with pytest.raises(ApiError, match="more than once"):
        wall.call("PutExpectations", Expectations=[some[0], some[0]])


def test_expectations_of_the_past(wall: Wall, web: str) -> None:
    """A check of a revision holds the expectations that are kept now against the rules of then (inferred)."""
    revision = wall.call("CheckExpectations")["Revision"]
    _revoke(wall, web)
    wall.call("PutExpectations", Expectations=[_expected(web)], AllowBroken=True)
    then = wall.call("CheckExpectations", AtRevision=revision, Names=["office"])
    assert [(one["Name"], one["State"]) for one in then["Expectations"]] == [("office", "holds")]
    assert (then["Revision"], wall.call("CheckExpectations")["Hold"]) == (revision, False)
    wall.call("DeleteExpectations", Names=["office"])
    assert wall.call("CheckExpectations", AtRevision=revision)["Expectations"] == []


def _expectation(flow: Flow, name: str, *, accept: bool) -> Json | None:
    ends = [end[0] if isinstance(end, tuple) else end for end in (flow.source, flow.destination)]
    if flow.protocol not in ("tcp", "udp") or not any(end.startswith("eni-") for end in ends):
        return None
    return {
        "Name": name, "From": ends[0], "To": ends[1], "Protocol": flow.protocol, "FromPort": flow.port,
        "Verdict": "accept" if accept else "deny",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 4, 25)))
def test_a_call_is_refused_exactly_when_an_expected_flow_turns(seed: int) -> None:
    """The naive evaluator says of each flow before and after; a change that turns an expected one is refused."""
    with Wall() as wall, Wall() as free:
        scenes = [random_world(each, seeded(seed)) for each in (wall, free)]
        ours = {one["NetworkInterfaceId"] for one in wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]}
        chance = seeded(seed + 1000)
        for _ in range(4):
            before = picture(free, scenes[1].accounts)
            operation, params = random_call(scenes[1], chance)
            try:
                free.call(operation, **params)
            except ApiError:
                continue
            after = picture(free, scenes[1].accounts)
            probes = [
                one
                for one in flows(before, seeded(seed), about=changed(before, after))
                if _is_single(one, before, ours) and _is_single(one, after, ours)
            ]
            expected = [
                _expectation(flow, f"n{place}", accept=passes(before, *flow)) for place, flow in enumerate(probes)
            ]
            kept = [one for one in expected if one][:20]
            turned = [
                flow for flow, one in zip(probes, expected, strict=True)
                if one in kept and _still(flow, after) and passes(before, *flow) != passes(after, *flow)
            ]  # fmt: skip
            if not kept:
                return
            wall.call("PutExpectations", Expectations=kept, Replace=True)
            code = _code(wall, operation, params)
            if code.endswith(".NotFound"):  # what was made since has another id here, where more calls were made
                return
            assert code == ("ExpectationBroken" if turned else ""), (operation, params, turned)
            if turned:
                return


def _code(wall: Wall, operation: str, params: Json) -> str:
    """Make a call; return the code of its refusal, "" when it is accepted."""
    try:
        wall.call(operation, **params)
    except ApiError as error:
        return error.code
    return ""


def _is_single(flow: Flow, seen: Any, ours: set[str]) -> bool:  # noqa: ANN401 - a picture
    """Tell whether a flow's ends are outside or interfaces of ours with one address, so that an id says as much."""
    for end in (flow.source, flow.destination):
        name = end[0] if isinstance(end, tuple) else end
        if name.startswith("eni-") and (
            name not in ours or (name in seen.interfaces and len(seen.interfaces[name].addresses) > 1)
        ):
            return False
        if not name.startswith("eni-") and ":" in name:
            return False
    return True


def _still(flow: Flow, seen: Any) -> bool:  # noqa: ANN401 - a picture
    """Tell whether the interfaces of a flow are there."""
    ends = (end[0] if isinstance(end, tuple) else end for end in (flow.source, flow.destination))
    return all(not end.startswith("eni-") or end in seen.interfaces for end in ends)
