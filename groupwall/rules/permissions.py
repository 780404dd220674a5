"""The wire's bundles to rules and back: reference 4.1, 4.2, 4.5, 4.8, 5.1 and 9.

A permission is one protocol and port range with many peers. Read, it becomes one Asked for each peer; written, rules
with equal protocol and ports come together again. Both sides have the form that boto3 uses for ``IpPermissions``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from groupwall import errors
from groupwall.rules import parsing
from groupwall.rules.values import EVERY_PORT, NO_PORTS, Asked, Peer, PeerKind, PortRange, Properties, Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Permission = dict[str, Any]
    GroupOfName = Callable[[str], str]


class _Form(NamedTuple):
    """How the wire writes one kind of peer: its list in a permission, its member there, and its canonical text."""

    sources: str
    member: str
    canonical: Callable[[str], str]


_FORMS = {
    PeerKind.IPV4: _Form("IpRanges", "CidrIp", parsing.ipv4_cidr),
    PeerKind.IPV6: _Form("Ipv6Ranges", "CidrIpv6", parsing.ipv6_cidr),
    PeerKind.PREFIX_LIST: _Form("PrefixListIds", "PrefixListId", parsing.prefix_list_id),
    PeerKind.GROUP: _Form("UserIdGroupPairs", "GroupId", parsing.group_id),
}
MEMBERS = {
    PeerKind.IPV4: "CidrIpv4",
    PeerKind.IPV6: "CidrIpv6",
    PeerKind.PREFIX_LIST: "PrefixListId",
    PeerKind.GROUP: "ReferencedGroupId",
}
"""The member of a single rule, as SecurityGroupRuleRequest and RevokedSecurityGroupRule have it, for each peer."""

_WITH_PORTS = frozenset({"tcp", "udp", "icmp", "icmpv6"})
_FLAT_RULE = ("IpProtocol", "FromPort", "ToPort", "CidrIp")
_NAMED_GROUP = "SourceSecurityGroupName"


def read_asked(params: Mapping[str, Any], group_of_name: GroupOfName | None) -> list[Asked]:
    """Return the rules that a request names by their properties, in its order; none if it names none.

    params: the operation's parameters in boto3's form, with ``IpPermissions`` or the flat members. group_of_name: gives
    the id of the default VPC's group of that name, or raises; None where names are not allowed.
    Raises InvalidParameterCombination for both forms together (reference 4.2 [inferred]), InvalidParameterValue for the
    same rule twice, whatever its descriptions (5.3 [issue], for revoke 4.6 [inferred]), and what reading raises.
    """
    permissions = params.get("IpPermissions")
    flat = any(params.get(name) is not None for name in (*_FLAT_RULE, _NAMED_GROUP))
    if permissions and flat:
        raise errors.invalid_combination("IpPermissions may not be used together with the members of a single rule")
    asked = read_flat(params, group_of_name) if flat else read_permissions(permissions or [], group_of_name)
    if len({one.properties for one in asked}) < len(asked):
        raise errors.same_permission_twice()
    return asked


def read_permissions(permissions: Sequence[Permission], group_of_name: GroupOfName | None) -> list[Asked]:
    """Return one Asked for each source, in the order of the request.

    A permission without sources is checked and passed over; if no permission has any: MissingParameter (reference 4.2
    [inferred]). Raises what rules.parsing raises for a bad value.
    """
    asked = [one for permission in permissions for one in _read_permission(permission, group_of_name)]
    if permissions and not asked:
        raise errors.missing_source()
    return asked


def read_rule(rule: Mapping[str, Any]) -> Asked:
    """Return what a SecurityGroupRuleRequest asks for: protocol, then ports, then its one source (reference 11).

    MissingParameter for no source, InvalidParameterCombination for several [live-test], and what rules.parsing raises.
    """
    protocol = parsing.protocol(rule.get("IpProtocol"))
    ports = parsing.ports(protocol, rule.get("FromPort"), rule.get("ToPort"))
    sources = [(kind, rule[member]) for kind, member in MEMBERS.items() if rule.get(member) is not None]
    if not sources:
        raise errors.missing_source()
    if len(sources) > 1:
        raise errors.several_sources()
    kind, text = sources[0]
    told = rule.get("Description")
    peer = Peer(kind, _FORMS[kind].canonical(text))
    return Asked(Properties(protocol, ports, peer), None if told is None else parsing.description(told))


def read_flat(params: Mapping[str, Any], group_of_name: GroupOfName | None) -> list[Asked]:
    """Return the one rule of the flat form, or the three of ``SourceSecurityGroupName``: reference 4.1 [model].

    The name excludes the other members: InvalidParameterCombination (reference 4.2 [docs: forbidden][inferred: code]).
    ``SourceSecurityGroupOwnerId`` is accepted and not looked at (4.1).
    """
    name = params.get(_NAMED_GROUP)
    if name is None:
        permission = {key: params.get(key) for key in ("IpProtocol", "FromPort", "ToPort")}
        cidr = params.get("CidrIp")
        return read_permissions([permission | {"IpRanges": [] if cidr is None else [{"CidrIp": cidr}]}], None)
    if any(params.get(key) is not None for key in _FLAT_RULE):
        raise errors.invalid_combination(f"{_NAMED_GROUP} may not be used together with {', '.join(_FLAT_RULE)}")
    return [Asked(properties, None) for properties in _everything_from(_group_named(name, group_of_name))]


def write_permissions(rules: Sequence[Rule], describe_group: Callable[[str], dict[str, Any]]) -> list[Permission]:
    """Return rules of one direction as DescribeSecurityGroups shows them: reference 9 [live-test][recorded].

    One permission for each protocol and port range, in the order of first appearance, its four lists always present;
    no ports for protocol -1 [recorded], nor for other protocols by number [inferred]. describe_group: a group id to
    the other members of its pair (``UserId``, and across a peering ``VpcId`` and so on).
    """
    return _merged(rules, describe_group)


def write_asked(unknown: Sequence[Asked]) -> list[Permission]:
    """Return ``UnknownIpPermissions``: nested and normalised, whatever the request's form: reference 4.5 [inferred]."""
    return _merged(unknown, lambda _: {})


def _read_permission(permission: Permission, group_of_name: GroupOfName | None) -> Iterator[Asked]:
    protocol = parsing.protocol(permission.get("IpProtocol"))
    ports = parsing.ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
    for kind, form in _FORMS.items():
        for source in permission.get(form.sources) or ():
            properties = Properties(protocol, ports, _peer(kind, source, group_of_name))
            told = source.get("Description")
            yield Asked(properties, None if told is None else parsing.description(told))


def _peer(kind: PeerKind, source: Mapping[str, str], group_of_name: GroupOfName | None) -> Peer:
    """Return the peer of one source; a pair's other members do no harm and are not compared: reference 4.3 [recorded].

    A CIDR or prefix list id that is missing is told as "null", as a missing protocol is (4.3) [inferred].
    """
    form = _FORMS[kind]
    if kind is PeerKind.GROUP and form.member not in source:
        return Peer(kind, _group_named(source.get("GroupName"), group_of_name))
    return Peer(kind, form.canonical(source.get(form.member, "null")))


def _group_named(name: str | None, group_of_name: GroupOfName | None) -> str:
    if name is None:
        raise errors.source_group_missing()
    if group_of_name is None:
        raise errors.group_not_referable_by_name(name)
    return group_of_name(name)


def _everything_from(group_id: str) -> Iterator[Properties]:
    """Yield the three rules that stand for all traffic of a group: reference 4.8 [inferred: three, not one]."""
    peer = Peer(PeerKind.GROUP, group_id)
    for protocol, ports in (("tcp", EVERY_PORT), ("udp", EVERY_PORT), ("icmp", NO_PORTS)):
        yield Properties(protocol, ports, peer)


def _merged(rules: Iterable[Rule | Asked], describe_group: Callable[[str], dict[str, Any]]) -> list[Permission]:
    merged: dict[tuple[str, PortRange], Permission] = {}
    for rule in rules:
        protocol, ports, peer = rule.properties
        permission = merged.get((protocol, ports))
        if permission is None:
            permission = merged[protocol, ports] = _without_sources(protocol, ports)
        form = _FORMS[peer.kind]
        others = describe_group(peer.text) if peer.kind is PeerKind.GROUP else {}
        told = {"Description": rule.description} if rule.description else {}
        permission[form.sources].append({form.member: peer.text, **others, **told})
    return list(merged.values())


def _without_sources(protocol: str, ports: PortRange) -> Permission:
    permission: Permission = {"IpProtocol": protocol}
    if protocol in _WITH_PORTS:
        permission |= {"FromPort": ports.first, "ToPort": ports.last}
    return permission | {form.sources: [] for form in _FORMS.values()}
