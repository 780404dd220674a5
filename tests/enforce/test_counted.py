"""Flows through real instances: counted by an agent, told to the server, shown by its commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.enforce.servers import Enforcing, enforcing, enforcing_on, environment, until

PORT = 8080
RULE = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": "172.31.0.0/16"}]}
OTHER = RULE | {"FromPort": PORT + 1, "ToPort": PORT + 1}


@pytest.fixture(autouse=True)
def _often() -> Iterator[None]:
    """Have agents look at counters more often than anyone would want."""
    with environment(GROUPWALL_COUNTERS_EVERY="0.1"):
        yield


class Scene:
    """Two instances: a client of the default group, and a server in a group that lets it in. rules: of that group."""

    def __init__(self, one: Enforcing) -> None:
        self.one = one
        self.group = str(one.ec2.create_security_group(GroupName="web", Description="of a test")["GroupId"])
        asked = {"GroupId": self.group, "IpPermissions": [RULE, OTHER]}
        made = one.ec2.authorize_security_group_ingress(**asked)["SecurityGroupRules"]
        self.rules = [each["SecurityGroupRuleId"] for each in made]
        [self.client] = one.run_instances(1)
        [self.server] = one.run_instances(1, SecurityGroupIds=[self.group])
        until(lambda: set(self.rules) <= self.flows().keys())

    def flows(self) -> dict[str, int]:
        """Return how many flows each rule let in that is counted."""
        return {each["SecurityGroupRuleId"]: each["Flows"] for each in self.counters()}

    def counters(self, **asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as boto3 takes it
        """Return the counters that are asked for."""
        return list(self.one.own.describe_counters(**asked)["Counters"])

    def bytes_of(self, rule_id: str) -> int:
        """Return how many bytes were seen in the flows that a rule admits."""
        return int(self.counters(SecurityGroupRuleIds=[rule_id])[0].get("Bytes", 0))

    def leaving(self) -> int:
        """Return how many flows the client's own rule let out."""
        group = self.client["SecurityGroups"][0]["GroupId"]
        rules = self.one.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
        egress = {each["SecurityGroupRuleId"] for each in rules["SecurityGroupRules"] if each["IsEgress"]}
        return sum(flows for rule_id, flows in self.flows().items() if rule_id in egress)

    def connect(self, times: int) -> None:
        """Open connections, each of which says something, and close them."""
        for _ in range(times):
            with self.one.connection(self.client, self.server, PORT) as there:
                assert all(there.speaks() for _ in range(5))

    def told(self, *words: str) -> dict[str, Any]:
        """Return what a command tells."""
        key = {name.upper(): value for name, value in self.one.key.items()}
        with environment(AWS_ENDPOINT_URL_GROUPWALL=self.one.server.url, AWS_REGION="us-east-1", **key):
            ended = self.one.command(*words, "--json")
        assert ended.code == 0, ended.err
        return dict(json.loads(ended.out))


def test_flows_are_counted_once_at_each_gate() -> None:
    """A connection counts once where it leaves and once where it enters, however much is said in it (issue 6).

    Status, its list of unused rules, and explain tell it.
    """
    with enforcing() as one:
        scene = Scene(one)
        used, unused = scene.rules
        before = scene.leaving()
        scene.connect(3)
        until(lambda: scene.flows()[used] == 3 and scene.leaving() == before + 3)
        [counted] = scene.told("status", "--counters", "--security-group-rule-ids", used)["Counters"]
        assert (counted["Flows"], counted["LastHit"] >= counted["Since"], len(counted["Hosts"])) == (3, True, 1)
        listed = scene.told("status", "--counters", "--unused", "--group-ids", scene.group)["Counters"]
        assert unused in {each["SecurityGroupRuleId"] for each in listed}
        assert used not in {each["SecurityGroupRuleId"] for each in listed}
        ends = ("--from", scene.client["PrivateIpAddress"], "--to", scene.server["InstanceId"], "--port", str(PORT))
        [course] = scene.told("explain", *ends)["Courses"]
        flows = {rule["SecurityGroupRuleId"]: rule["Flows"] for gate in course["Gates"] for rule in gate["Rules"]}
        assert (flows.pop(used), list(flows.values())) == (3, [before + 3])


def test_a_restart_counts_nothing_twice_and_loses_nothing() -> None:
    """Flows while server and agent are gone are counted when they are back, and none is counted again (issue 6)."""
    with enforcing() as one:
        scene = Scene(one)
        used = scene.rules[0]
        scene.connect(2)
        until(lambda: scene.flows()[used] == 2)
        one.server.kill()
        scene.connect(3)
        with enforcing_on(one.root, one.names) as again:
            scene.one = again
            until(lambda: scene.flows()[used] == 5)
            scene.connect(1)
            until(lambda: scene.flows()[used] == 6)


def test_a_rule_begins_anew_with_its_id() -> None:
    """Revoked and authorized again, a rule begins at nothing; the count of the one before ends and stays (issue 6)."""
    with enforcing() as one:
        scene = Scene(one)
        used = scene.rules[0]
        scene.connect(2)
        until(lambda: scene.flows()[used] == 2)
        one.applied(one.ec2.revoke_security_group_ingress(GroupId=scene.group, IpPermissions=[RULE]))
        until(lambda: "Until" in scene.counters(SecurityGroupRuleIds=[used])[0])
        made = one.ec2.authorize_security_group_ingress(GroupId=scene.group, IpPermissions=[RULE])
        one.applied(made)
        scene.connect(1)
        again = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        until(lambda: scene.flows().get(again) == 1)
        assert scene.flows()[used] == 2


def test_bytes_of_flows_that_are_there() -> None:
    """The bytes of a flow, both ways, count for each rule that admits it, again and again while it is there (issue 6).

    The kernel accounts for them in the routers that are made here.
    """
    with enforcing() as one:
        scene = Scene(one)
        used, unused = scene.rules
        with one.connection(scene.client, scene.server, PORT) as there:
            for size in (20_000, 40_000):
                there.calling.sendall(bytes(20_000))
                there.hears(20_000)
                until(lambda least=size: scene.bytes_of(used) > least)  # type: ignore[misc]  # what it is now
        told = scene.counters(SecurityGroupRuleIds=[used, unused])
        assert {each["SecurityGroupRuleId"]: each["Flows"] for each in told} == {used: 1, unused: 0}
        assert scene.bytes_of(used) < 60_000
        assert all("Bytes" not in each for each in told if each["SecurityGroupRuleId"] == unused)
