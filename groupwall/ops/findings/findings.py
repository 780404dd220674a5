"""DescribeFindings: rules that are shadowed, redundant in effect, wide open, unused by any member, or stale.

Whoever revokes all shadowed rules at once, or any one redundant rule, changes no traffic. So a rule is redundant by
others only that are not shadowed themselves, and two rules of equal effect do not excuse each other. Two rules of
different groups may be redundant by each other, since each is judged alone: so what must stay then is told.

A default group begins with rules that mean nothing until it has a member, and cannot be deleted with them: that those
are unused, as long as nobody has changed them, is left out (inferred).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from operator import attrgetter
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.filters import Paging
from groupwall.ops.flows.network import Network, Standing
from groupwall.ops.flows.shown import Json, group_names, properties_text, rule_shown
from groupwall.ops.groups.groups import DEFAULT_NAME
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.ops.peerings.references import Pair, stale_rules
from groupwall.rules import parsing
from groupwall.rules.findings import redundant, shadows, wide_open
from groupwall.rules.flows import services_text
from groupwall.rules.values import ALL_PROTOCOLS, Direction, PeerKind, Rule
from groupwall.rules.verdict import Grant
from groupwall.store.entities import Group
from groupwall.store.rows import PART
from groupwall.store.seen import Seen

SHADOWED, REDUNDANT, WIDE_OPEN, UNUSED, STALE = KINDS = ("shadowed", "redundant", "wide-open", "unused", "stale")


class Finding(NamedTuple):
    """What is to be said of a rule, and the rules that make it so."""

    kind: str
    rule: Rule
    by: tuple[Rule, ...]
    reason: str

    @property
    def place(self) -> str:
        """Where it stands among the findings: by group, rule and kind."""
        return f"{self.rule.group_id}/{self.rule.id}/{self.kind}"


def describe_findings(params: Params, context: Context) -> Result:
    """Describe what is to be said of rules, by group, rule and kind; now or at a time in the past.

    InvalidGroup.NotFound for a group that is not there, InvalidParameterValue for a kind that there is not.
    """
    kinds = set(params.get("Kinds") or KINDS)
    for kind in sorted(kinds.difference(KINDS)):
        raise errors.finding_kind_unknown(kind, KINDS)
    paging, then = Paging(params, context, "findings"), seen(params, context)
    after, limit = paging.page()
    groups = [group for group in _groups(params, then) if group.id >= after.partition("/")[0]]
    parts = (
        [one for one in _of_groups(groups[start : start + PART], then, kinds, context) if one.kind in kinds]
        for start in range(0, len(groups), PART)
    )
    if limit is None:
        told, token = chain.from_iterable(_shown(part, then) for part in _after(parts, after)), None
    else:
        page, token = paging.split(list(islice(chain.from_iterable(_after(parts, after)), limit)), attrgetter("place"))
        told = chain(_shown(page, then))
    return {"Findings": told, "NextToken": token, "Revision": revision_asked(params, context)}


def _after(parts: Iterable[Sequence[Finding]], place: str) -> Iterator[list[Finding]]:
    return ([one for one in part if one.place > place] for part in parts)


def _groups(params: Params, then: Seen) -> list[Group]:
    ids = [parsing.group_id(group_id) for group_id in params.get("GroupIds") or ()]
    if not ids:
        return then.all(Group)
    found = then.by_id(Group, ids)
    for group_id in ids:
        if group_id not in found:
            raise errors.group_not_found(group_id)
    return [found[group_id] for group_id in sorted(found)]


def _of_groups(groups: Sequence[Group], then: Seen, kinds: Collection[str], context: Context) -> Iterator[Finding]:
    """Yield the findings of groups in order; what they depend on is read for all of them together.

    kinds: those wanted. Redundant ones, which cost most, are looked for only if they are; others may be among the rest.
    """
    network = Network(then)
    worn = _worn([group.id for group in groups], network)
    bare = [Standing(then.world, group.vpc_id, (group.id,)) for group in groups]
    network.learn({*bare, *(one for some in worn.values() for one in some)})
    rules = network.rules([group.id for group in groups])
    stale = stale_rules([rule for some in rules.values() for rule in some], then, context.now)
    for group in groups:
        context.tx.look()
        said = [*_static(rules[group.id], stale), *_of_gates(group, worn[group.id], network, kinds)]
        yield from sorted(said, key=attrgetter("place"))


def _worn(group_ids: Sequence[str], network: Network) -> dict[str, list[Standing]]:
    """Return how the members of groups stand, by group: each way once."""
    members = network.members(group_ids)
    interfaces = {one.id: one for some in members.values() for one in some}
    network.addresses(interfaces)  # or each rule that names one of these groups would ask for them by itself
    standings = network.standings(list(interfaces.values()))
    return {group_id: sorted({standings[one.id] for one in members[group_id]}) for group_id in group_ids}


def _static(rules: Iterable[Rule], stale: Mapping[str, Pair]) -> Iterator[Finding]:
    """Yield which rules are stale, as DescribeStaleSecurityGroups has them [reference 13]."""
    for rule in rules:
        if rule.id in stale:
            yield Finding(STALE, rule, (), _why_stale(rule.properties.peer.text, stale[rule.id]))


def _why_stale(peer: str, pair: Pair) -> str:
    if "PeeringStatus" not in pair:
        return f"{peer} is no longer associated with the VPC of the rule's group"
    if "UserId" not in pair:
        return f"{peer} is gone"
    return f"{pair['VpcPeeringConnectionId']}, which led to {peer}, is {pair['PeeringStatus']}"


def _of_gates(group: Group, worn: Sequence[Standing], network: Network, kinds: Collection[str]) -> Iterator[Finding]:
    """Yield what follows from what a group's rules admit: at its members' gates, or as if it had one in its VPC."""
    vpcs = sorted({one.vpc_id for one in worn} or {group.vpc_id})
    alone = [Standing(network.seen.world, vpc_id, (group.id,)) for vpc_id in vpcs]
    for direction in Direction:
        places = [network.gate(one, direction) for one in alone]
        rules, shadowed = {one.rule.id: one.rule for one in places[0]}, shadows(places)
        gates = ([one for one in network.gate(each, direction) if one.rule.id not in shadowed] for each in worn)
        yield from _wide_open(places[0])
        yield from _unused(group, places) if worn else _without_member(group, rules.values())
        for rule_id, wider in shadowed.items():
            yield Finding(SHADOWED, rules[rule_id], (wider,), _admitted_by([wider]))
        others = rules.keys() - shadowed.keys() if REDUNDANT in kinds else ()
        for rule_id, by in redundant(others, gates).items():
            yield Finding(REDUNDANT, rules[rule_id], by, f"{_admitted_by(by)}, as long as {_stay(by)}")


def _wide_open(grants: Sequence[Grant]) -> Iterator[Finding]:
    for one in grants:
        if family := wide_open(one):
            what = services_text(one.box.services)
            yield Finding(WIDE_OPEN, one.rule, (), f"open to every {family} address: {what}")


def _without_member(group: Group, rules: Iterable[Rule]) -> Iterator[Finding]:
    """Yield the rules of a group that has no member, but for those that a default group begins with."""
    for rule in rules:
        if not (group.name == DEFAULT_NAME and _as_given(rule)):
            yield Finding(UNUSED, rule, (), f"no network interface is a member of {group.id}")


def _as_given(rule: Rule) -> bool:
    """Tell whether a rule of a default group is one that such a group begins with [reference 7]."""
    protocol, _, peer = rule.properties
    peers = ("0.0.0.0/0", "::/0") if rule.direction.is_egress else (rule.group_id,)
    return protocol == ALL_PROTOCOLS and peer.text in peers and rule.description is None


def _unused(group: Group, places: Sequence[Sequence[Grant]]) -> Iterator[Finding]:
    """Yield the rules of a group with members that admit nothing at any of them."""
    admitting = {one.rule.id for grants in places for one in grants if one.box.addresses}
    for rule in (one.rule for one in places[0] if one.rule.id not in admitting):
        peer = rule.properties.peer
        if peer.kind is PeerKind.PREFIX_LIST:
            yield Finding(UNUSED, rule, (), f"{peer.text} has no entry")
        else:
            yield Finding(UNUSED, rule, (), f"{peer.text} has no member that {group.id} could meet")


MOST_TOLD = 3
"""Rules in a line that gives a reason; all of them stand beside it."""


def _admitted_by(by: Sequence[Rule]) -> str:
    told = [f"{one.id} ({properties_text(one.properties, one.direction)})" for one in by[:MOST_TOLD]]
    told += [f"{len(by) - MOST_TOLD} more"] if len(by) > MOST_TOLD else []
    return f"all that it admits is admitted by {' and '.join(told)}"


def _stay(by: Sequence[Rule]) -> str:
    return "that one stays" if len(by) == 1 else "those stay"


def _shown(some: Sequence[Finding], then: Seen) -> list[Json]:
    names = group_names(then, (rule.group_id for one in some for rule in (one.rule, *one.by)))
    return [
        {
            "Kind": one.kind,
            "Rule": rule_shown(one.rule, names),
            "By": [rule_shown(rule, names) for rule in one.by],
            "Reason": one.reason,
        }
        for one in some
    ]


OPERATIONS = (Operation("DescribeFindings", describe_findings, reads=True, on=()),)
