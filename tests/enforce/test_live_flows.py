"""What a preview tells of connections that are there: those that a cut then ends, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.enforce.servers import Conversation, Enforcing, enforcing, environment, until

PORT, OTHER = 8080, 8081


def _rule(port: int, peer: str = "172.31.0.0/16") -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": peer}]}


def _group(one: Enforcing, *rules: dict[str, Any], name: str = "web") -> str:
    group_id = str(one.ec2.create_security_group(GroupName=name, Description="of a test")["GroupId"])
    one.ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=list(rules))
    return group_id


def _calls(group_id: str, *rules: dict[str, Any]) -> list[dict[str, str]]:
    given = json.dumps({"GroupId": group_id, "IpPermissions": rules})
    return [{"Operation": "RevokeSecurityGroupIngress", "Parameters": given}]


def _ends(flow: dict[str, Any]) -> tuple[str, int, str, int]:
    return flow["Source"], flow["SourcePort"], flow["Destination"], flow["DestinationPort"]


def _listed(one: Enforcing, calls: list[dict[str, str]]) -> list[tuple[str, int, str, int]]:
    return [_ends(each) for each in one.own.preview_flows(Calls=calls, Wait=20)["Flows"]]


def _of(there: Conversation) -> tuple[str, int, str, int]:
    return (*there.calling.getsockname(), *there.calling.getpeername())


@contextmanager
def _connections(
    one: Enforcing, server: dict[str, Any], asked: list[tuple[dict[str, Any], int]]
) -> Iterator[list[Conversation]]:
    """Connect clients to ports of a server."""
    with ExitStack() as held:
        listening = {port: held.enter_context(one.listening(server, port)) for port in {port for _, port in asked}}
        there = []
        for client, port in asked:
            calling = one.connected(client, server, port)
            assert calling
            there.append(Conversation(held.enter_context(calling), held.enter_context(listening[port].accept()[0])))
        yield there


def test_a_preview_lists_what_a_cut_then_ends() -> None:
    """Of the connections of two clients exactly those are listed that the same calls, applied with a cut, end.

    One lives on by a rule for its client alone, one by a rule for its port (inferred).
    """
    with enforcing() as one:
        [kept, lost, server] = one.run_instances(3)
        own = _rule(PORT, f"{kept['PrivateIpAddress']}/32")
        group_id = _group(one, _rule(PORT), own, _rule(OTHER))
        interface = server["NetworkInterfaces"][0]["NetworkInterfaceId"]
        one.applied(one.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[group_id]))
        asked = [(kept, PORT), (lost, PORT), (kept, OTHER), (lost, OTHER)]
        with _connections(one, server, asked) as there:
            calls = _calls(group_id, _rule(PORT))
            told = one.own.preview_flows(Calls=calls, Wait=20)
            assert (told["State"], [host["State"] for host in told["Hosts"]]) == ("complete", ["answered"])
            [flow] = told["Flows"]
            assert _ends(flow) == _of(there[1])
            assert (flow["InterfaceId"], flow["IsEgress"], flow["Protocol"]) == (interface, False, 6)
            assert [rule["Text"] for rule in flow["Rules"]] == [f"tcp {PORT} from 172.31.0.0/16"]
            assert all(each.speaks() for each in there)
            one.applied(one.own.apply_changes(Calls=calls, ExistingFlows="cut"))
            assert [each.speaks() for each in there] == [True, False, True, True]


def test_a_connection_that_was_closed_is_not_listed() -> None:
    """The kernel remembers a TCP connection for a while after both ends closed it; nobody is connected (inferred)."""
    with enforcing() as one:
        [client] = one.run_instances(1)
        group_id = _group(one, _rule(PORT))
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        calls = _calls(group_id, _rule(PORT))
        with _connections(one, server, [(client, PORT)] * 2) as there:
            there[0].calling.close()
            assert there[0].answering.recv(1) == b""
            there[0].answering.close()
            until(lambda: _listed(one, calls) == [_of(there[1])])


def test_the_command_shows_flows_under_way() -> None:
    """``groupwall preview --live-flows`` has a line for each, wherever among its words the option stands (inferred)."""
    with enforcing() as one:
        [client] = one.run_instances(1)
        group_id = _group(one, _rule(PORT))
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        call = ("revoke-security-group-ingress", "--group-id", group_id, "--protocol", "tcp", "--port", str(PORT))
        key = {
            "AWS_SHARED_CREDENTIALS_FILE": str(one.root / "data" / "root.credentials"),
            "AWS_PROFILE": "groupwall-root",
            "AWS_ENDPOINT_URL_GROUPWALL": one.server.url,
            "AWS_REGION": "us-east-1",
        }
        with _connections(one, server, [(client, PORT)]) as [there], environment(**key):
            source, port, destination, _ = _of(there)
            for words in (("--live-flows", "--wait", "20", *call), (*call, "--wait", "20", "--live-flows")):
                ended = one.command("preview", *words, "--cidr", "172.31.0.0/16")
                assert (ended.code, ended.err) == (0, "")
                assert f"\ntcp {source}:{port} -> {destination}:{PORT} " in ended.out


def test_a_flow_that_stops_anyhow_is_marked() -> None:
    """A connection that is untracked is told as one that ends without a cut, as it then does: reference 20 [docs]."""
    with enforcing() as one:
        [client] = one.run_instances(1)
        everyone = _rule(PORT, "0.0.0.0/0")
        group_id = _group(one, everyone, _rule(OTHER))
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        with _connections(one, server, [(client, PORT), (client, OTHER)]) as there:
            calls = _calls(group_id, everyone, _rule(OTHER))
            told = one.own.preview_flows(Calls=calls, Wait=20)["Flows"]
            assert {_ends(flow): flow["Stops"] for flow in told} == {_of(there[0]): True, _of(there[1]): False}
            one.applied(one.own.apply_changes(Calls=calls))
            assert [each.speaks() for each in there] == [False, True]


def test_a_flow_that_a_tag_cuts_is_marked() -> None:
    """At an interface in a group whose tag cuts, a flow is told as one that ends unasked, as it then does (inferred).

    The same flow is judged at another interface without that tag.
    """
    with enforcing() as one:
        [client] = one.run_instances(1)
        group_id, other = _group(one, _rule(PORT)), _group(one, _rule(PORT), name="other")
        one.ec2.create_tags(Resources=[group_id], Tags=[{"Key": "groupwall:existing-flows", "Value": "cut"}])
        servers = [one.run_instances(1, SecurityGroupIds=[each])[0] for each in (group_id, other)]
        with (
            _connections(one, servers[0], [(client, PORT)]) as [cut],
            _connections(one, servers[1], [(client, PORT)]) as [kept],
        ):
            calls = [*_calls(group_id, _rule(PORT)), *_calls(other, _rule(PORT))]
            told = one.own.preview_flows(Calls=calls, Wait=20)["Flows"]
            marks = {_ends(flow): (flow["Stops"], flow["ByTag"]) for flow in told}
            assert marks == {_of(cut): (True, True), _of(kept): (False, False)}
            one.applied(one.own.apply_changes(Calls=calls))
            assert [each.speaks() for each in (cut, kept)] == [False, True]


def test_a_flow_that_lives_on_without_a_rule_is_listed() -> None:
    """A connection whose rule went before, and that lives on, would end with the next cut there (inferred)."""
    with enforcing() as one:
        [client] = one.run_instances(1)
        group_id = _group(one, _rule(PORT), _rule(OTHER))
        [server] = one.run_instances(1, SecurityGroupIds=[group_id])
        with one.connection(client, server, PORT) as old:
            one.applied(one.ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=[_rule(PORT)]))
            calls = _calls(group_id, _rule(OTHER))
            told = one.own.preview_flows(Calls=calls, Wait=20)
            assert [(_ends(flow), flow.get("Rules", [])) for flow in told["Flows"]] == [(_of(old), [])]
            assert old.speaks()
            one.applied(one.own.apply_changes(Calls=calls, ExistingFlows="cut"))
            assert not old.speaks()
