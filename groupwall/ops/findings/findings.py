"""DescribeFindings: rules that are shadowed, redundant in effect, wide open, unused by any member, or stale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.filters import Paging
from groupwall.ops.flows.gates import called
from groupwall.ops.flows.network import Network, Standing
from groupwall.ops.flows.shown import Json, group_names, rule_shown
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules import parsing
from groupwall.rules.findings import covering, shadows
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, services_text
from groupwall.rules.spans import difference
from groupwall.rules.values import Direction, PeerKind, Rule
from groupwall.rules.verdict import Grant, grant
from groupwall.store.entities import Group, VpcAssociation
from groupwall.store.seen import Seen

SHADOWED, REDUNDANT, WIDE_OPEN, UNUSED, STALE = KINDS = ("shadowed", "redundant", "wide-open", "unused", "stale")
TOGETHER = 200
"""Groups whose rules and members are read at once."""


class Finding(NamedTuple):
    """What is to be said of a rule, and the rules that make it so."""

    kind: str
    rule: Rule
    by: tuple[Rule, ...]
    reason: str


def describe_findings(params: Params, context: Context) -> Result:
    """Describe what is to be said of rules, by group, rule and kind; now or at a time in the past.

    InvalidGroup.NotFound for a group that is not there, InvalidParameterValue for a kind that there is not.
    """
    kinds = set(params.get("Kinds") or KINDS)
    for kind in sorted(kinds.difference(KINDS)):
        raise errors.finding_kind_unknown(kind, KINDS)
    paging = Paging(params, context, "findings")
    after, limit = paging.page()
    then = seen(params, context)
    groups = [group for group in _groups(params, then) if group.id >= after.partition("/")[0]]
    found: list[Finding] = []
    for start in range(0, len(groups), TOGETHER):
        part = (one for one in _of_groups(groups[start : start + TOGETHER], then) if one.kind in kinds)
        found += [one for one in sorted(part, key=_place) if _place(one) > after]
        if limit is not None and len(found) >= limit:
            break
    shown, token = paging.split(found if limit is None else found[:limit], _place)
    names = group_names(then, (rule.group_id for one in shown for rule in (one.rule, *one.by)))
    return {
        "Findings": [_shown(one, names) for one in shown],
        "NextToken": token,
        "Revision": revision_asked(params, context),
    }


def _place(one: Finding) -> str:
    return f"{one.rule.group_id}/{one.rule.id}/{one.kind}"


def _groups(params: Params, then: Seen) -> list[Group]:
    ids = [parsing.group_id(group_id) for group_id in params.get("GroupIds") or ()]
    if not ids:
        return then.all(Group)
    found = then.by_id(Group, ids)
    for group_id in ids:
        if group_id not in found:
            raise errors.group_not_found(group_id)
    return [found[group_id] for group_id in sorted(set(ids))]


def _of_groups(groups: Sequence[Group], then: Seen) -> Iterator[Finding]:
    """Yield the findings of groups, which are read together."""
    network = Network(then)
    members = network.members([group.id for group in groups])
    interfaces = {one.id: one for some in members.values() for one in some}
    standings = network.standings(list(interfaces.values())) if interfaces else {}
    bare = [Standing(then.world, group.vpc_id, (group.id,)) for group in groups]
    network.learn([*bare, *standings.values()])
    stale = _stale(groups, network)
    for group, alone in zip(groups, bare, strict=True):
        worn = sorted({standings[one.id] for one in members[group.id]})
        yield from _of_group(group, [alone, *worn], network, stale)


def _of_group(
    group: Group, standings: Sequence[Standing], network: Network, stale: Mapping[str, str]
) -> Iterator[Finding]:
    """Yield the findings of one group; the first standing is that of its own rules alone, the others are worn."""
    alone, *worn = standings
    for direction in Direction:
        grants = network.gate(alone, direction)
        shadowed = shadows(grants)
        for one in grants:
            yield from _of_rule(one, stale)
            if not worn:
                yield Finding(UNUSED, one.rule, (), f"no network interface is a member of {group.id}")
            if one.rule.id in shadowed:
                by = shadowed[one.rule.id].rule
                yield Finding(SHADOWED, one.rule, (by,), f"{by.id} admits all that it does")
            elif one.box.addresses and worn:
                yield from _redundant(one, worn, direction, network)


def _of_rule(one: Grant, stale: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is to be said of a rule by itself."""
    rule, (addresses, services) = one
    if rule.id in stale:
        yield Finding(STALE, rule, (), stale[rule.id])
    if not addresses:
        yield Finding(UNUSED, rule, (), f"{rule.properties.peer.text} stands for no address")
    if rule.direction is Direction.INGRESS:
        for family, name in ((EVERY_IPV4, "IPv4"), (EVERY_IPV6, "IPv6")):
            if not difference(family, addresses):
                yield Finding(WIDE_OPEN, rule, (), f"{services_text(services)} from every {name} address")
                return


def _redundant(one: Grant, standings: Sequence[Standing], direction: Direction, network: Network) -> Iterator[Finding]:
    """Yield that a rule says nothing of its own at any gate where it counts."""
    by: dict[str, Rule] = {}
    for standing in standings:
        mine = grant(one.rule, lambda peer, vpc_id=standing.vpc_id: network.addresses_of(peer, vpc_id))  # type: ignore[misc]
        covered = covering(mine, network.gate(standing, direction))
        if covered is None:
            return
        by |= {other.rule.id: other.rule for other in covered}
    ids = ", ".join(sorted(by))
    yield Finding(REDUNDANT, one.rule, tuple(by[rule_id] for rule_id in sorted(by)), f"{ids} admit all that it does")


def _stale(groups: Sequence[Group], network: Network) -> dict[str, str]:
    """Return by rule why it is stale: its group is gone, or the way to it [reference 13, model]."""
    then = network.seen
    rules = network.rules([group.id for group in groups])
    naming = [rule for some in rules.values() for rule in some if rule.properties.peer.kind is PeerKind.GROUP]
    peers = sorted({rule.properties.peer.text for rule in naming})
    homes = then.anywhere(Group, peers)
    associated = {
        (one.group_id, one.vpc_id) for some in then.by(VpcAssociation, "group_id", peers).values() for one in some
    }
    vpcs = {group.id: group.vpc_id for group in groups}
    found = {}
    for rule in naming:
        peer, mine = rule.properties.peer.text, vpcs[rule.group_id]
        if peer not in homes:
            found[rule.id] = f"{peer} does not exist"
        elif homes[peer][1].vpc_id not in network.beside(mine) and (peer, mine) not in associated:
            found[rule.id] = f"no active peering and no association leads to {peer}"
    return found


def _shown(one: Finding, names: Mapping[str, str]) -> Json:
    return {
        "Kind": one.kind,
        "Rule": rule_shown(one.rule, names),
        "By": [rule_shown(rule, names) for rule in one.by],
        "Reason": f"{one.reason} ({called(one.rule.group_id, names)})",
    }


OPERATIONS = (Operation("DescribeFindings", describe_findings, reads=True),)
