"""Where the demo's steps play: boto3's clients, each call and its answer shown in short."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Answer = dict[str, Any]
_NOISE = frozenset({
    "ResponseMetadata", "SecurityGroupArn", "Results", "Change", "InterfaceIds", "GroupIds", "GroupNames", "IsEgress",
    "Of", "Traffic", "ClientToken",
})  # fmt: skip
_MANY = 4
"""Items of a list that are shown one by one."""


class Clients(NamedTuple):
    """boto3's clients: ``ec2`` and ``history`` sign with the demo's key, ``stranger`` is ec2 with a wrong secret."""

    ec2: Any
    stranger: Any
    history: Any


class Stage:
    """Where the steps play. tell: shows a call and its answer. restart: kills, then starts the server; says so."""

    def __init__(
        self, clients: Clients, tell: Callable[[str, str], None], restart: Callable[[Stage], str] | None
    ) -> None:
        self.clients = clients
        self.tell = tell
        self._restart = restart
        self._groups = 0

    @property
    def may_restart(self) -> bool:
        """Whether the server is ours to kill."""
        return self._restart is not None

    def restart(self) -> str:
        """Kill the server, start it again on the same folder and go on with clients of the new one."""
        assert self._restart  # noqa: S101 - asked for beforehand
        return self._restart(self)

    def ec2(self, call: str, **members: Any) -> Answer:  # noqa: ANN401 - boto3's parameters
        """Make an EC2 call; an error that EC2 answers is an answer too, with the member Error."""
        return self.ask(self.clients.ec2, call, **members)

    def ask(self, client: Any, call: str, **members: Any) -> Answer:  # noqa: ANN401 - a boto3 client and its parameters
        """Make a call of a client, and show it in short."""
        try:
            answer: Answer = getattr(client, call)(**members)
        except client.exceptions.ClientError as error:
            answer = error.response
        self.tell(f"{call}({brief(members)})", told(answer))
        return answer

    def group(self, *permissions: Answer, vpc_id: str | None = None, name: str | None = None) -> str:
        """Create a group with these rules, in the default VPC when none is named; return its id."""
        self._groups += 1
        where = {"VpcId": vpc_id} if vpc_id else {}
        called = name or f"demo-{self._groups}"
        made = self.ec2("create_security_group", GroupName=called, Description="demo", **where)
        self.ec2("authorize_security_group_ingress", GroupId=made["GroupId"], IpPermissions=list(permissions))
        return str(made["GroupId"])

    def rules(self, group_id: str) -> list[Answer]:
        """Return the ingress rules that a group has now, in the order of their ports."""
        wanted = [{"Name": "group-id", "Values": [group_id]}]
        found = self.ec2("describe_security_group_rules", Filters=wanted)["SecurityGroupRules"]
        return sorted((rule for rule in found if not rule["IsEgress"]), key=lambda rule: int(rule["FromPort"]))


def told(answer: Answer) -> str:
    """Return what an answer tells, in short."""
    if "Error" in answer:
        return f"{answer['Error'].get('Code')}: {answer['Error'].get('Message')}"
    return brief(answer)


def brief(value: object) -> str:
    """Return a value as a person would say it: a rule as ``tcp 443 192.0.2.0/24``, a change as its operation."""
    if isinstance(value, list):
        shown = ", ".join(brief(item) for item in value)
        return f"[{shown}]" if len(value) <= _MANY else f"{len(value)} of them"
    if not isinstance(value, dict):
        return str(value)
    form = next((form for member, form in _FORMS.items() if member in value), _members)
    return form(value)


def _members(value: Answer) -> str:
    return ", ".join(f"{name}={_within(item)}" for name, item in value.items() if name not in _NOISE and item != [])


def _within(value: object) -> str:
    return f"{{{brief(value)}}}" if isinstance(value, dict) else brief(value)


def _rule(rule: Answer) -> str:
    """Return a permission or a rule, whichever members it has, in one line."""
    sources = [*rule.get("IpRanges", ()), rule]
    parts = [rule.get("SecurityGroupRuleId"), "egress" if rule.get("IsEgress") else None]
    parts += ["all" if rule["IpProtocol"] == "-1" else rule["IpProtocol"], _ports(rule)]
    parts += [source.get("CidrIp") or source.get("CidrIpv4") for source in sources]
    parts += [f"({source['Description']})" for source in sources if source.get("Description")]
    return " ".join(part for part in parts if part)


def _ports(rule: Answer) -> str:
    """Return ``22``, or ``20-25``; nothing for all ports."""
    ends = dict.fromkeys(rule.get(end, -1) for end in ("FromPort", "ToPort"))
    return "-".join(str(port) for port in ends if port != -1)


_FORMS: dict[str, Callable[[Answer], str]] = {
    "Steps": lambda plan: f"{plan['Text']}: {'; '.join(step['Text'] for step in plan['Steps'])}",
    "Text": lambda some: str(some["Text"]),
    "Courses": lambda told: f"{told['Verdict']}: {'; '.join(course['Reason'] for course in told['Courses'])}",
    "IpProtocol": _rule,
    "Parameters": lambda call: str(call["Operation"]),
    "SubnetArn": lambda subnet: str(subnet["SubnetId"]),
    "NetworkInterface": lambda made: str(made["NetworkInterface"]["NetworkInterfaceId"]),
    "Instances": lambda made: ", ".join(f"{one['InstanceId']} {one['PrivateIpAddress']}" for one in made["Instances"]),
    "Deltas": lambda change: f"{change['Revision']} {change['Operation']}",
    "IpPermissions": lambda one: (
        f"{one['GroupName']} {brief(one['IpPermissions'])}" if "GroupName" in one else _members(one)
    ),
}
"""How a thing is told that has a member of this name."""
