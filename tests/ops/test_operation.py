"""The order of checks, dry runs and statuses, as every operation has them [reference 1.3, 2.1, 2.2]."""

from __future__ import annotations

from dataclasses import replace

import pytest

from groupwall.errors import ApiError
from groupwall.ops.table import OPERATIONS
from groupwall.wire.message import Reply
from tests import scenes
from tests.driver import ACTIONS, Wall
from tests.ops.examples import EXAMPLES, filled, set_out
from tests.scenes import EVERYWHERE, Json, Scene, tcp

DRY_RUN = "DryRunOperation: Request would have succeeded, but DryRun flag is set."
DRY = [name for name in OPERATIONS if "DryRun" in ACTIONS[name].input.members]
EMPTY = [name for name, action in ACTIONS.items() if action.empty and "DryRun" in action.input.members]


def _dry_run(wall: Wall, name: str, **params: object) -> tuple[str, int]:
    with pytest.raises(ApiError) as caught:
        wall.call(name, **params, DryRun=True)
    return str(caught.value), caught.value.status


@pytest.mark.parametrize("name", [*DRY, *EMPTY])
@pytest.mark.reference("2.2 allowed", "1.3 other statuses", "4.1 DryRun", "users 4.1 check 7")
def test_a_dry_run_says_what_would_have_been(wall: Wall, name: str) -> None:
    """With DryRun a call that is allowed answers 412 and its text, reads too [reference 2.2, recorded]."""
    params = filled(EXAMPLES[name][0], set_out(wall, name)) if name in EXAMPLES else {}
    assert _dry_run(wall, name, **params) == (DRY_RUN, 412)


@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
@pytest.mark.reference("4.1 DryRun", "users 4.1 check 7", "users 5.2.2 DryRun revokes")
def test_a_dry_run_changes_nothing(anywhere: Scene, verb: str) -> None:
    """After a dry run the rules are what they were [reference 2.2]."""
    anywhere.authorize(tcp(22, EVERYWHERE))
    asked = {"GroupId": anywhere.group, "IpPermissions": [tcp(22 if verb == "Revoke" else 80, EVERYWHERE)]}
    assert _dry_run(anywhere.wall, f"{verb}SecurityGroup{anywhere.side}", **asked) == (DRY_RUN, 412)
    assert len(anywhere.rules()) == 1


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("RevokeSecurityGroupEgress", {"GroupId": "fake-group"}),
        ("RevokeSecurityGroupIngress", {"GroupId": "sg-00000000", "IpPermissions": [tcp(22, "/32")]}),
        ("RevokeSecurityGroupIngress", {"GroupName": "nobody"}),
        ("AuthorizeSecurityGroupEgress", {"GroupId": "x", "IpPermissions": [tcp(22, "sg-00000000")]}),
        ("DeleteSecurityGroup", {"GroupId": "fake-group"}),
        ("CreateSecurityGroup", {"GroupName": "default", "Description": "b", "VpcId": "vpc-00000000"}),
    ],
)
@pytest.mark.reference("2.1 dry run before existence")
def test_a_dry_run_does_not_look(wall: Wall, name: str, given: Json) -> None:
    """Existence, the form of an id and values come after DryRun [reference 2.1, recorded]."""
    assert _dry_run(wall, name, **given) == (DRY_RUN, 412)


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        (
            "AuthorizeSecurityGroupIngress", {"GroupId": ""},
            "InvalidGroupId.Malformed: The security-group ID '' is malformed",
        ),
        (
            "RevokeSecurityGroupEgress", {"GroupId": ""},
            "InvalidGroupId.Malformed: The security-group ID '' is malformed",
        ),
        (
            "RevokeSecurityGroupIngress", {},
            "MissingParameter: The request must contain the parameter groupName or groupId",
        ),
        ("DeleteSecurityGroup", {}, "MissingParameter: The request must contain the parameter groupName or groupId"),
        (
            "CreateSecurityGroup", {"GroupName": "web"},
            "MissingParameter: The request must contain the parameter GroupDescription",
        ),
    ],
)  # fmt: skip
@pytest.mark.reference("2.1 empty id before dry run")
def test_what_comes_before_dry_run(wall: Wall, name: str, given: Json, told: str) -> None:
    """A missing parameter and an empty group id are refused before DryRun [reference 2.1, recorded]."""
    assert _dry_run(wall, name, **given) == (told, 400)


@pytest.mark.parametrize("dry_run", [False, None])
@pytest.mark.reference("2.2 DryRun false or absent")
def test_no_dry_run(anywhere: Scene, *, dry_run: bool | None) -> None:
    """DryRun that is false or absent is no dry run [reference 2.2, model]."""
    anywhere.authorize(tcp(22, EVERYWHERE), DryRun=dry_run)
    anywhere.revoke(tcp(22, EVERYWHERE), DryRun=dry_run)
    assert anywhere.rules() == set()


def _send(wall: Wall, name: str, **params: object) -> Reply:
    return wall.send(wall.request(ACTIONS[name], **params))


@pytest.mark.reference("1.2 headers", "1.2 requestId comes first", "0.2 the form of errors and results")
def test_a_reply_names_its_request(wall: Wall) -> None:
    """A result's first child and an error's last tell the id that the header has too [reference 1.2, 1.3]."""
    for reply, element in (
        (_send(wall, "DescribeVpcs"), "<requestId>{}</requestId>"),
        (_send(wall, "DeleteVpc", VpcId="x"), "</Errors><RequestID>{}</RequestID></Response>"),
    ):
        headers = dict(reply.headers)
        assert element.format(headers["x-amzn-requestid"]) in reply.body.decode()
        assert headers["content-type"] == "text/xml;charset=UTF-8"


@pytest.mark.reference(
    "users 5.1.11 namespace and request id", "clients 2.1 namespace", "clients 2.2 errors without one"
)
def test_namespaces(wall: Wall) -> None:
    """A result has the namespace of the version asked, an error has none, and ids differ [clients 2.1, 2.2]."""
    first, second = _send(wall, "DescribeVpcs"), _send(wall, "DescribeVpcs")
    assert b'<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">' in first.body
    assert b"xmlns" not in _send(wall, "DeleteVpc", VpcId="x").body
    assert dict(first.headers)["x-amzn-requestid"] != dict(second.headers)["x-amzn-requestid"]


@pytest.mark.parametrize("name", ["DeleteSecurityGroup", "DeleteVpc", "DeleteSubnet", "CreateTags", "DeleteTags"])
@pytest.mark.reference("clients 2.3 return true")
def test_boolean_answers(wall: Wall, name: str) -> None:
    """What answers with a Boolean says ``<return>true</return>`` [clients 2.3]."""
    params = filled(EXAMPLES[name][0], set_out(wall, name))
    assert b"<return>true</return>" in _send(wall, name, **params).body


@pytest.mark.reference("1.3 codes without a prefix", "2.3 code without a prefix", "1.3 minified, without a namespace")
def test_codes_have_no_prefix(wall: Wall) -> None:
    """Codes are told bare; ``Client.`` belongs to CloudTrail [reference 1.3, issue]."""
    body = _send(wall, "DeleteVpc", VpcId="vpc-00000000").body
    assert b"<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>" in body
    assert body.count(b"\n") == 1


@pytest.mark.reference("2.3 older text", "1.3 other statuses")
def test_a_browsers_request_is_refused(wall: Wall) -> None:
    """A request that a page made is UnauthorizedOperation, 403, in the older text [reference 2.3; use: inferred]."""
    request = wall.request(ACTIONS["DescribeVpcs"])
    headers = (*request.headers, ("origin", "https://example.com"))
    reply = wall.send(replace(request, headers=headers))
    assert reply.status == 403
    text = b"<Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation.</Message>"
    assert text in reply.body


@pytest.mark.reference("clients 2.22 an absent egress rule", "4.4 non-default, none match")
def test_a_group_without_egress_rules(wall: Wall) -> None:
    """Revoking from a group without egress rules is an error in a VPC that is not the default one [clients 2.22]."""
    scene = scenes.scene(wall, "Egress", default=False)
    assert scene.refused("Revoke", tcp(22, EVERYWHERE)).startswith("InvalidPermission.NotFound: ")


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
@pytest.mark.reference("clients 2.15 content type")
def test_the_content_type_does_not_matter(wall: Wall, content_type: str | None) -> None:
    """A form is read with or without a charset, and whatever it says to be [clients 2.15; others inferred]."""
    request = wall.request(ACTIONS["DescribeVpcs"])
    others = [header for header in request.headers if header[0] != "content-type"]
    headers = [*others, ("content-type", content_type)] if content_type else others
    assert wall.send(replace(request, headers=tuple(headers))).status == 200
