"""What the store keeps, beside the rules of groupwall.rules: one value for each noun.

A member with a default came with a later version of the tables: a delta from before has no such column.
"""

from __future__ import annotations

from typing import NamedTuple


class World(NamedTuple):
    """One account in one region; everything else but access keys and principals lives in exactly one."""

    account: str
    region: str


class Vpc(NamedTuple):
    """A VPC; ``cidr`` is its primary IPv4 block."""

    id: str
    cidr: str
    tenancy: str
    is_default: bool
    dhcp_options_id: str
    dns_support: bool = True
    dns_hostnames: bool = False
    address_metrics: bool = False


class VpcCidr(NamedTuple):
    """One block of a VPC, IPv4 or IPv6; ``id`` is the association's."""

    id: str
    vpc_id: str
    cidr: str


class Subnet(NamedTuple):
    """A subnet; ``is_default`` says that it is its zone's default."""

    id: str
    vpc_id: str
    zone: str
    cidr: str
    is_default: bool
    public_ips: bool
    ipv6_on_creation: bool = False
    dns64: bool = False
    hostname_type: str = "ip-name"
    dns_a_record: bool = False
    dns_aaaa_record: bool = False


class SubnetCidr(NamedTuple):
    """The IPv6 block of a subnet; ``id`` is the association's."""

    id: str
    subnet_id: str
    cidr: str


class Interface(NamedTuple):
    """A network interface. The timeouts are in seconds, 0 for AWS's default."""

    id: str
    subnet_id: str
    vpc_id: str
    description: str
    mac: str
    kind: str
    source_dest_check: bool
    tcp_established: int
    udp_stream: int
    udp: int


class Address(NamedTuple):
    """One address of an interface. number: an IPv4 one as an integer, 0 for IPv6. place: its order in the interface."""

    subnet_id: str
    address: str
    number: int
    interface_id: str
    place: int
    is_primary: bool


class Member(NamedTuple):
    """That an interface is a member of a group. place: the group's order among those of the interface."""

    interface_id: str
    group_id: str
    place: int


class Attachment(NamedTuple):
    """That an interface is an instance's device number ``device``; time is in milliseconds since 1970."""

    id: str
    interface_id: str
    instance_id: str
    device: int
    time: int
    delete_on_termination: bool


class Instance(NamedTuple):
    """An instance as a record: nothing runs. state is what was last asked for, ``since`` when, in milliseconds.

    launch_index: its place in its reservation. script: a digest of the UserData, which no
    delta may carry, "" for none. profile: an ARN, or "".
    subnet_id and vpc_id are empty once it is terminated.
    """

    id: str
    reservation_id: str
    launch_index: int
    image_id: str
    type: str
    key_name: str
    zone: str
    subnet_id: str
    vpc_id: str
    launched: int
    state: str
    since: int
    script: str
    profile: str
    tenancy: str
    monitoring: bool
    ebs_optimized: bool
    termination_protected: bool
    stop_protected: bool
    shutdown_behavior: str


class PrefixList(NamedTuple):
    """A managed prefix list. family: ``IPv4`` or ``IPv6``. state is what the last change came to."""

    id: str
    name: str
    family: str
    max_entries: int
    version: int
    state: str
    message: str


class PrefixListEntry(NamedTuple):
    """An entry in the versions ``first`` to ``last`` of its list; ``last`` 0 while it is in the list."""

    list_id: str
    cidr: str
    description: str
    first: int
    last: int


class Peering(NamedTuple):
    """A peering connection between two VPCs, each in a world of its own. created: in milliseconds since 1970.

    status and message are what was last done to it; whether it has expired since is told by the time. dns, multipath:
    what each side allows to the other.
    """

    id: str
    requester_account: str
    requester_region: str
    requester_vpc: str
    accepter_account: str
    accepter_region: str
    accepter_vpc: str
    status: str
    message: str
    created: int
    requester_dns: bool
    accepter_dns: bool
    requester_multipath: bool
    accepter_multipath: bool


class Reference(NamedTuple):
    """Where the referenced group of a rule is, when it is in another VPC; it stays when that group or peering goes.

    peering_id: the connection by which the rule was made; another one between the two VPCs may have taken its place.
    "" for a rule that was made by an association of its group with the VPC.
    """

    rule_id: str
    account: str
    vpc_id: str
    peering_id: str


class VpcAssociation(NamedTuple):
    """That a group may be used in a VPC beside its own."""

    group_id: str
    vpc_id: str


class Token(NamedTuple):
    """A client token and what it made, so that a repeated call makes nothing anew. digest: of the call's parameters."""

    operation: str
    token: str
    digest: str
    resource_id: str


class Group(NamedTuple):
    """A security group."""

    id: str
    vpc_id: str
    name: str
    description: str


class Tag(NamedTuple):
    """One tag of one resource."""

    resource_id: str
    key: str
    value: str
    resource_type: str


class Expectation(NamedTuple):
    """What a world's owner expects of traffic: that all of it passes (``accept``), or none of it (``deny``).

    source, destination: ends as ops.flows.ends reads them. protocol, from_port, to_port: as those of a rule.
    """

    name: str
    source: str
    destination: str
    protocol: str
    from_port: int
    to_port: int
    verdict: str
    description: str


class Confirmation(NamedTuple):
    """That a change undoes itself at a time unless it is confirmed before. deadline: in milliseconds since 1970.

    revision: the change's, as text, since ids are. state: ``waiting``, ``confirmed``, ``undone``, or ``refused`` when
    it could not be undone for the reason that ``message`` tells.
    """

    revision: str
    deadline: int
    state: str
    message: str


class Host(NamedTuple):
    """A host that enforces something. interfaces: a JSON list of the ids of the interfaces that it does it for."""

    name: str
    interfaces: str


class AccessKey(NamedTuple):
    """An access key without its secret, which no delta may carry. ``user`` is empty for the account's root.

    created, expires: in milliseconds since 1970; ``expires`` 0 for never.
    """

    id: str
    account: str
    user: str
    status: str
    created: int
    expires: int = 0


class Principal(NamedTuple):
    """What a user or a role of an account may do. kind: ``user`` or ``role``.

    id: as IAM's unique ids, ``AIDA…`` or ``AROA…``. policies: a JSON list of [name, document]. boundary, trust: a
    document each, "" for none; only a role is trusted. tags: a JSON object.
    """

    id: str
    account: str
    kind: str
    name: str
    policies: str
    boundary: str
    trust: str
    tags: str
