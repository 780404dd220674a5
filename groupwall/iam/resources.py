"""What a policy may ask of a resource: the condition keys of each kind, from what the store keeps [reference 22, docs].

Keys that nothing here could ever have, such as those of IPAM pools, are absent, as they are in AWS for a resource
without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from groupwall.regions import zone_id
from groupwall.rules.values import Rule
from groupwall.store.entities import Group, Instance, Interface, Peering, PrefixList, Subnet, Vpc, World
from groupwall.store.integrity import OF_PREFIX
from groupwall.store.transaction import Transaction

Tags = Mapping[str, str]
NO_TAGS: Tags = {}

ANY = "*"
"""In the place of an id: all of the kind, or one that is only made. As a kind: no resource at all."""

Arn = Callable[[str], str]
"""The ARN of a resource of the world that is looked at, such as ``vpc/vpc-…``."""


class Kind(NamedTuple):
    """A kind of resource: what it is in the store, and its condition keys beside its tags'."""

    entity: type[Any]
    keys: Mapping[str, Callable[[Any, Touched], str]]


class Touched:
    """The resources that a call touches, as (kind, id): what a policy asks of one is read at once for all of a kind."""

    __slots__ = ("_arn", "_found", "_ids", "_tags", "_tx", "_zones")

    def __init__(self, resources: Iterable[tuple[str, str]], tx: Transaction, arn: Arn) -> None:
        self._ids: dict[str, list[str]] = {}
        for kind, resource_id in resources:
            if resource_id != ANY:
                self._ids.setdefault(kind, []).append(resource_id)
        self._tx = tx
        self._arn = arn
        self._found: dict[str, Mapping[str, Any]] = {}
        self._tags: Mapping[str, Tags] | None = None
        self._zones: Mapping[str, str] | None = None

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource such as ``vpc/vpc-…``; an image's has no account [docs: EC2's ARNs]."""
        arn = self._arn(resource)
        return _of_account(arn, "") if resource.startswith("image/") else arn

    def entity(self, kind: str, resource_id: str) -> Any | None:  # noqa: ANN401 - any entity
        """Return what the store has of a resource; None for one that is only made."""
        if resource_id == ANY:
            return None
        if kind not in self._found:
            self._found[kind] = self._tx.by_id(KINDS[kind].entity, self._ids[kind])
        return self._found[kind].get(resource_id)

    def tags(self, resource_id: str) -> Tags:
        """Return the tags of a resource."""
        if self._tags is None:
            found = self._tx.tags_of([one for ids in self._ids.values() for one in ids])
            self._tags = {one: {tag.key: tag.value for tag in tags} for one, tags in found.items()}
        return self._tags.get(resource_id, NO_TAGS)

    def zone(self, subnet_id: str) -> str:
        """Return the zone that an interface is in, by its subnet; "" where that is not known."""
        if self._zones is None:
            subnet_ids = [one.subnet_id for one in self._found.get("network-interface", {}).values()]
            self._zones = {one.id: one.zone for one in self._tx.by_id(Subnet, subnet_ids).values()}
        return self._zones.get(subnet_id, "")


def _of_account(arn: str, account: str, region: str | None = None) -> str:
    """Return an ARN with another account in it, and another region where one is given."""
    parts = arn.split(":", 5)
    return ":".join([*parts[:3], parts[3] if region is None else region, account, parts[5]])


def peer_arn(arn: str, world: World) -> str:
    """Return the ARN of a resource of another account's, perhaps in another region."""
    return _of_account(arn, world.account, world.region)


def _flag(value: bool) -> str:  # noqa: FBT001 - the flag is what is told
    return "true" if value else "false"


KINDS: Mapping[str, Kind] = {
    "security-group": Kind(
        Group,
        {
            "ec2:securitygroupid": lambda group, _: str(group.id),
            "ec2:vpc": lambda group, touched: touched.arn(f"vpc/{group.vpc_id}"),
        },
    ),
    "security-group-rule": Kind(Rule, {}),
    "prefix-list": Kind(PrefixList, {}),
    "vpc": Kind(
        Vpc,
        {
            "ec2:vpcid": lambda vpc, _: str(vpc.id),
            "ec2:tenancy": lambda vpc, _: str(vpc.tenancy),
        },
    ),
    "subnet": Kind(
        Subnet,
        {
            "ec2:subnetid": lambda subnet, _: str(subnet.id),
            "ec2:availabilityzone": lambda subnet, _: str(subnet.zone),
            "ec2:availabilityzoneid": lambda subnet, _: zone_id(subnet.zone),
            "ec2:vpc": lambda subnet, touched: touched.arn(f"vpc/{subnet.vpc_id}"),
        },
    ),
    "network-interface": Kind(
        Interface,
        {
            "ec2:availabilityzone": lambda interface, touched: touched.zone(interface.subnet_id),
            "ec2:networkinterfaceid": lambda interface, _: str(interface.id),
            "ec2:subnet": lambda interface, touched: touched.arn(f"subnet/{interface.subnet_id}"),
            "ec2:vpc": lambda interface, touched: touched.arn(f"vpc/{interface.vpc_id}"),
        },
    ),
    "instance": Kind(
        Instance,
        {
            "ec2:instanceid": lambda instance, _: str(instance.id),
            "ec2:instancetype": lambda instance, _: str(instance.type),
            "ec2:availabilityzone": lambda instance, _: str(instance.zone),
            "ec2:availabilityzoneid": lambda instance, _: zone_id(instance.zone),
            "ec2:tenancy": lambda instance, _: str(instance.tenancy),
            "ec2:ebsoptimized": lambda instance, _: _flag(instance.ebs_optimized),
            "ec2:instanceprofile": lambda instance, _: str(instance.profile),
        },
    ),
    "vpc-peering-connection": Kind(
        Peering,
        {
            "ec2:vpcpeeringconnectionid": lambda peering, _: str(peering.id),
            "ec2:requestervpc": lambda peering, touched: peer_arn(
                touched.arn(f"vpc/{peering.requester_vpc}"),
                World(peering.requester_account, peering.requester_region),
            ),
            "ec2:acceptervpc": lambda peering, touched: peer_arn(
                touched.arn(f"vpc/{peering.accepter_vpc}"),
                World(peering.accepter_account, peering.accepter_region),
            ),
        },
    ),
}
"""By the word in ARNs, which is also the resource type of tags. Any other kind has no keys."""

_WORD_OF = {kind.entity: word for word, kind in KINDS.items()}
KIND_OF_PREFIX: Mapping[str, str] = {prefix: _WORD_OF[entity] for prefix, entity in OF_PREFIX.items()}
"""The kind that an id is of: its prefix says it."""


class Resource:
    """A resource that an access is on, read when a policy asks for a key of it.

    One that is not there, or is only made, has an ARN and nothing more.
    """

    __slots__ = ("_id", "_kind", "_touched", "arn")

    def __init__(self, kind: str, resource_id: str, touched: Touched) -> None:
        self.arn = touched.arn(f"{kind}/{resource_id}")
        self._kind = kind
        self._id = resource_id
        self._touched = touched

    @property
    def keys(self) -> Mapping[str, Callable[[Any, Touched], str]]:
        """The condition keys that its kind has, and what reads each."""
        return KINDS[self._kind].keys if self._kind in KINDS else {}

    def key(self, name: str) -> str | None:
        """Return a condition key's value; None for a key that it has not."""
        read = self.keys.get(name)
        found = self._touched.entity(self._kind, self._id) if read else None
        return read(found, self._touched) if read and found is not None else None

    @property
    def tags(self) -> Tags:
        """Its tags."""
        return self._touched.tags(self._id)
