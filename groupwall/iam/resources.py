"""What a policy may ask of a resource: the condition keys of each kind, from what the store keeps [reference 22, docs].

Keys that nothing here could ever have, such as those of IPAM pools, are absent, as they are in AWS for a resource
without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from groupwall.rules.values import Rule
from groupwall.store.entities import Group, Instance, Interface, Peering, PrefixList, Subnet, Vpc
from groupwall.store.transaction import Transaction

Arn = Callable[[str], str]
"""The ARN of a resource of the world that is looked at, such as ``vpc/vpc-…``."""

Read = Callable[[Any, Arn], str]


class Kind(NamedTuple):
    """A kind of resource: its ids' prefix, what it is in the store, and its condition keys beside its tags'."""

    prefix: str
    entity: type[Any]
    keys: Mapping[str, Read]


def _flag(value: bool) -> str:  # noqa: FBT001 - the flag is what is told
    return "true" if value else "false"


_PEERED: Mapping[str, Read] = {
    "ec2:vpcpeeringconnectionid": lambda peering, _: str(peering.id),
    "ec2:requestervpc": lambda peering, arn: _side(arn, peering.requester_account, peering.requester_vpc),
    "ec2:acceptervpc": lambda peering, arn: _side(arn, peering.accepter_account, peering.accepter_vpc),
}


def _side(arn: Arn, account: str, vpc_id: str) -> str:
    """Return the ARN of a side's VPC, which may be another account's."""
    parts = arn(f"vpc/{vpc_id}").split(":")
    parts[4] = account
    return ":".join(parts)


KINDS: Mapping[str, Kind] = {
    "security-group": Kind(
        "sg",
        Group,
        {
            "ec2:securitygroupid": lambda group, _: str(group.id),
            "ec2:vpc": lambda group, arn: arn(f"vpc/{group.vpc_id}"),
        },
    ),
    "security-group-rule": Kind("sgr", Rule, {}),
    "prefix-list": Kind("pl", PrefixList, {}),
    "vpc": Kind(
        "vpc",
        Vpc,
        {
            "ec2:vpcid": lambda vpc, _: str(vpc.id),
            "ec2:tenancy": lambda vpc, _: str(vpc.tenancy),
        },
    ),
    "subnet": Kind(
        "subnet",
        Subnet,
        {
            "ec2:subnetid": lambda subnet, _: str(subnet.id),
            "ec2:availabilityzone": lambda subnet, _: str(subnet.zone),
            "ec2:vpc": lambda subnet, arn: arn(f"vpc/{subnet.vpc_id}"),
        },
    ),
    "network-interface": Kind(
        "eni",
        Interface,
        {
            "ec2:networkinterfaceid": lambda interface, _: str(interface.id),
            "ec2:subnet": lambda interface, arn: arn(f"subnet/{interface.subnet_id}"),
            "ec2:vpc": lambda interface, arn: arn(f"vpc/{interface.vpc_id}"),
        },
    ),
    "instance": Kind(
        "i",
        Instance,
        {
            "ec2:instanceid": lambda instance, _: str(instance.id),
            "ec2:instancetype": lambda instance, _: str(instance.type),
            "ec2:availabilityzone": lambda instance, _: str(instance.zone),
            "ec2:tenancy": lambda instance, _: str(instance.tenancy),
            "ec2:ebsoptimized": lambda instance, _: _flag(instance.ebs_optimized),
            "ec2:instanceprofile": lambda instance, _: str(instance.profile),
        },
    ),
    "vpc-peering-connection": Kind("pcx", Peering, _PEERED),
}
"""By the word in ARNs, which is also the resource type of tags. Any other kind has no keys."""

KIND_OF_PREFIX: Mapping[str, str] = {kind.prefix: word for word, kind in KINDS.items()}
"""The kind that an id is of: its prefix says it."""


class Resource:
    """A resource that an access is on, read once, when a policy asks for a key of it.

    One that is not there, or is only made, has an ARN and nothing more.
    """

    __slots__ = ("_found", "_id", "_kind", "_make_arn", "_tags", "_tx", "arn")

    def __init__(self, kind: str, resource_id: str, tx: Transaction, make_arn: Arn) -> None:
        self.arn = make_arn(f"{kind}/{resource_id}")
        self._kind = KINDS.get(kind)
        self._id = resource_id
        self._tx = tx
        self._make_arn = make_arn
        self._found: Any = _UNREAD
        self._tags: Mapping[str, str] | None = None

    @property
    def keys(self) -> Iterable[str]:
        """The names of the keys that its kind has."""
        return self._kind.keys if self._kind else ()

    def key(self, name: str) -> str | None:
        """Return a condition key's value; None for a key that it has not."""
        read = self._kind.keys.get(name) if self._kind else None
        if read is None:
            return None
        if self._found is _UNREAD:
            self._found = self._tx.get(self._kind.entity, self._id) if self._kind else None
        return None if self._found is None else read(self._found, self._make_arn)

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags."""
        if self._tags is None:
            found = self._tx.tags_of([self._id]).get(self._id, ())
            self._tags = {tag.key: tag.value for tag in found}
        return self._tags


_UNREAD = object()
