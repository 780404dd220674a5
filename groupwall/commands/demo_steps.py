"""What the demo promises, step by step: each makes its calls, looks at the answers, and says whether they are right.

A step that fails in any other way has broken its promise too. Every step has a group of its own, so that none rests on
another's success.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from groupwall.commands.demo_stage import Answer, Stage


class Proof(NamedTuple):
    """A promise, and what was seen of it."""

    name: str
    promise: str
    seen: str
    ok: bool


class Seen(NamedTuple):
    """What a step found out."""

    ok: bool
    text: str


def code_of(answer: Answer) -> str:
    """Return the code of the error that an answer is, empty when it is none."""
    return str(answer.get("Error", {}).get("Code", ""))


def tcp(port: int, *cidrs: str, description: str | None = None, last: int | None = None) -> Answer:
    """Return a permission for one TCP port, or those up to ``last``, and several sources."""
    told = {} if description is None else {"Description": description}
    ranges = [{"CidrIp": cidr, **told} for cidr in cidrs]
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": last or port, "IpRanges": ranges}


OFFICE, HOME, PARTNER = "192.0.2.0/24", "198.51.100.7/32", "203.0.113.0/24"


def created(stage: Stage) -> Seen:
    """Create a group in the default VPC and authorize two ports for it."""
    group_id = stage.group(tcp(22, HOME), tcp(443, OFFICE, PARTNER))
    rules = stage.rules(group_id)
    ports = [rule["FromPort"] for rule in rules]
    ids = {rule["SecurityGroupRuleId"] for rule in rules}
    return Seen(ports == [22, 443, 443] and len(ids) == len(rules), f"{len(ids)} rules with ids, of ports {ports}")


def by_properties(stage: Stage) -> Seen:
    """Revoke a rule by what it is."""
    group_id = stage.group(tcp(22, HOME), tcp(443, OFFICE))
    answer = _revoke(stage, group_id, tcp(443, OFFICE))
    left = _ports(stage, group_id)
    return Seen(_revoked(answer) == [443] and left == [22], f"revoked {_revoked(answer)}, left {left}")


def by_rule_id(stage: Stage) -> Seen:
    """Revoke a rule by its id."""
    group_id = stage.group(tcp(22, HOME), tcp(443, OFFICE))
    rule_id = stage.rules(group_id)[0]["SecurityGroupRuleId"]
    answer = stage.ec2("revoke_security_group_ingress", GroupId=group_id, SecurityGroupRuleIds=[rule_id])
    told = [rule["SecurityGroupRuleId"] for rule in answer.get("RevokedSecurityGroupRules", [])]
    left = _ports(stage, group_id)
    return Seen(told == [rule_id] and left == [443], f"revoked {len(told)} of this id, left {left}")


def partly_in_default_vpc(stage: Stage) -> Seen:
    """Revoke one rule that is there and one that is not, in the default VPC."""
    group_id = stage.group(tcp(22, HOME), tcp(443, OFFICE))
    answer = _revoke(stage, group_id, tcp(443, OFFICE), tcp(8080, PARTNER))
    unknown, left = _unknown(answer), _ports(stage, group_id)
    ok = unknown == [8080] and _revoked(answer) == [443] and left == [22]
    return Seen(ok, f"unknown {unknown}, revoked {_revoked(answer)}, left {left}")


def whole_in_other_vpc(stage: Stage) -> Seen:
    """Ask the same of a group in a VPC that is not the default one."""
    vpc_id = stage.ec2("create_vpc", CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    group_id = stage.group(tcp(22, HOME), tcp(443, OFFICE), vpc_id=vpc_id)
    answer = _revoke(stage, group_id, tcp(443, OFFICE), tcp(8080, PARTNER))
    left = _ports(stage, group_id)
    return Seen(
        code_of(answer) == "InvalidPermission.NotFound" and left == [22, 443], f"{_outcome(answer)}, left {left}"
    )


def description_when_given(stage: Stage) -> Seen:
    """Revoke with another description, then with none."""
    group_id = stage.group(tcp(443, OFFICE, description="office"))
    unknown = _unknown(_revoke(stage, group_id, tcp(443, OFFICE, description="cellar")))
    kept = _ports(stage, group_id)
    revoked = _revoked(_revoke(stage, group_id, tcp(443, OFFICE)))
    left = _ports(stage, group_id)
    ok = unknown == [443] and kept == [443] and revoked == [443] and left == []
    return Seen(ok, f"another: unknown {unknown}, left {kept}; none: revoked {revoked}, left {left}")


def dry_run(stage: Stage) -> Seen:
    """Ask whether a revoke would be allowed."""
    group_id = stage.group(tcp(443, OFFICE))
    permissions = [tcp(443, OFFICE)]
    answer = stage.ec2("revoke_security_group_ingress", GroupId=group_id, IpPermissions=permissions, DryRun=True)
    left = _ports(stage, group_id)
    return Seen(code_of(answer) == "DryRunOperation" and left == [443], f"{_outcome(answer)}, left {left}")


def wrong_signature(stage: Stage) -> Seen:
    """Sign a revoke with a wrong secret."""
    group_id = stage.group(tcp(443, OFFICE))
    members = {"GroupId": group_id, "IpPermissions": [tcp(443, OFFICE)]}
    answer = stage.ask(stage.clients.stranger, "revoke_security_group_ingress", **members)
    left = _ports(stage, group_id)
    return Seen(code_of(answer) == "AuthFailure" and left == [443], f"{_outcome(answer)}, left {left}")


def after_a_kill(stage: Stage) -> Seen:
    """Kill the server right after a revoke was answered, and start it again on the same folder."""
    group_id = stage.group(tcp(22, HOME), tcp(443, OFFICE))
    _revoke(stage, group_id, tcp(443, OFFICE))
    before = stage.ec2("describe_security_groups")["SecurityGroups"]
    told = stage.restart()
    after = stage.ec2("describe_security_groups")["SecurityGroups"]
    left = _ports(stage, group_id)
    return Seen(before == after and left == [22], f"{told}: {len(after)} groups as before, left {left}")


def history(stage: Stage) -> Seen:
    """Read what changed, and what it was before."""
    group_id = stage.group(tcp(443, OFFICE))
    _revoke(stage, group_id, tcp(443, OFFICE))
    start = stage.ask(stage.clients.history, "describe_changes", MaxResults=1)["Revision"] - 3
    changes = stage.ask(stage.clients.history, "describe_changes", After=start)["Changes"]
    told = [change["Operation"] for change in changes]
    lost = [json.loads(delta["Before"])["peer"] for delta in changes[-1]["Deltas"] if "After" not in delta]
    chained = all(one["Hash"] == other["PreviousHash"] for one, other in pairwise(changes))
    expected = ["CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]
    linked = "each linked to the one before" if chained else "NOT linked"
    return Seen(told == expected and lost == [OFFICE] and chained, f"{', '.join(told)}, {linked}; revoked: {lost}")


def _revoke(stage: Stage, group_id: str, *permissions: Answer) -> Answer:
    return stage.ec2("revoke_security_group_ingress", GroupId=group_id, IpPermissions=list(permissions))


def _revoked(answer: Answer) -> list[int]:
    return [rule["FromPort"] for rule in answer.get("RevokedSecurityGroupRules", [])]


def _unknown(answer: Answer) -> list[int]:
    return [permission["FromPort"] for permission in answer.get("UnknownIpPermissions", [])]


def _ports(stage: Stage, group_id: str) -> list[int]:
    return [rule["FromPort"] for rule in stage.rules(group_id)]


def _outcome(answer: Answer) -> str:
    return code_of(answer) or "done"


class Step(NamedTuple):
    """One row of the demo. kills: it ends the server, which must be ours."""

    name: str
    promise: str
    run: Callable[[Stage], Seen]
    kills: bool = False


STEPS = (
    Step("created", "a group is created, and each of its rules has an id", created),
    Step("by properties", "the rule with these properties goes, the other stays", by_properties),
    Step("by rule id", "the rule of this id goes, the other stays", by_rule_id),
    Step(
        "default VPC",
        "what is not there comes back in UnknownIpPermissions, the rest is revoked",
        partly_in_default_vpc,
    ),
    Step("other VPC", "InvalidPermission.NotFound, and nothing is revoked", whole_in_other_vpc),
    Step("description", "it is compared only when it is given", description_when_given),
    Step("dry run", "DryRunOperation, and nothing changes", dry_run),
    Step("wrong signature", "AuthFailure, and nothing changes", wrong_signature),
    Step("killed", "after SIGKILL and a new start everything acknowledged is there", after_a_kill, kills=True),
    Step("history", "every change is told, with what it removed and linked to the one before", history),
)


def prove(step: Step, stage: Stage) -> Proof:
    """Play one step; whatever goes wrong in it is a broken promise."""
    try:
        seen = step.run(stage)
    except Exception as error:  # noqa: BLE001 - a wrong server can answer anything
        seen = Seen(ok=False, text=f"{type(error).__name__}: {error}")
    return Proof(step.name, step.promise, seen.text, seen.ok)
