"""``groupwall status``: what hosts enforce, what rules let in there, and what a group's rules do to real packets."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.text import Text

from groupwall.commands.asking import Where, connected
from groupwall.commands.building import Listed, Verb, documentation, parameters, run
from groupwall.commands.printing import print_json, print_shown
from groupwall.commands.refused import refused
from groupwall.commands.rooted import NAMES, ended_by_sigterm, refuse_unable
from groupwall.commands.shown import counters, enforcement
from groupwall.commands.shown.columns import columns
from groupwall.enforce.policy.compile import State
from groupwall.enforce.policy.desired import NOTHING, Facts, Kind, folded, rules_of, texts_of
from groupwall.enforce.probes.proving import Proof, prove
from groupwall.enforce.probes.shots import WITH_PORTS
from groupwall.rules.flows import PORTS, services_text
from groupwall.rules.spans import Span

Json = dict[str, Any]

_VERB = Verb("status", "DescribePropagation", enforcement.propagation)
_COUNTERS = Verb("status", "DescribeCounters", counters.counters)
_OF_COUNTERS = ("GroupIds", "SecurityGroupRuleIds", "Unused", "max_items")
_TITLES = ("DIRECTION", "OTHER END", "SERVICE", "RULES SAY", "PACKET")
_PROVE = (
    "A security group: send real packets about its rules between scratch namespaces, and tell which passed. For root "
    "of a Linux; no interface of the group is touched."
)
_COUNTED = "Tell what each rule let in, where hosts count it; of all rules, or of those that the next options name."


@refused
def _status(group_id: str | None, names: str, *, counted: bool, **given: Any) -> None:  # noqa: ANN401 - the options, by name
    if not counted and any(given[name] for name in _OF_COUNTERS):
        raise click.UsageError("which rules, and how many, is told together with --counters only")
    if counted:
        run(replace(_COUNTERS, show=counters.unused) if given["Unused"] else _COUNTERS, given)
    elif group_id is None:
        run(_VERB, given)
    else:
        _prove(group_id, names, given)


def _prove(group_id: str, names: str, given: Json) -> None:
    refuse_unable("groupwall status --prove")
    with connected(Where(*(given[name] for name in Where._fields))) as client:
        told, _ = folded(NOTHING, client.call("DescribeDesired", {}))
    known = _state(group_id, told.facts)
    if not known.groups[group_id]:
        raise click.UsageError(f"no rules are known of {group_id}: there is nothing to prove")
    with ended_by_sigterm():
        proofs = prove(group_id, known, names)
    if given["as_json"]:
        print_json({"GroupId": group_id, "Revision": told.revision, "Packets": [_told(one) for one in proofs]})
    else:
        print_shown(_shown, {"Proofs": proofs})
    if not all(one.holds for one in proofs):
        sys.exit(1)


def _state(group_id: str, facts: Facts) -> State:
    """Return the group's rules, and all that they may mean: of members, those in any VPC."""
    members: dict[str, list[str]] = {}
    for key in facts:
        if key.kind is Kind.MEMBERS:
            members.setdefault(key.id, []).extend(texts_of(facts, key))
    entries = {key.id: texts_of(facts, key) for key in facts if key.kind is Kind.LIST}
    return State({group_id: rules_of(facts, group_id)}, members, entries)


def _told(one: Proof) -> Json:
    first = one.shot.flow.service
    last = first if one.shot.protocol in WITH_PORTS else first + PORTS - 1
    return {
        "Direction": one.shot.direction.value,
        "OtherAddress": str(one.shot.other),
        "Service": services_text((Span(first, last),)),
        "Permitted": one.permitted,
        "Passed": one.passed,
    }


def _shown(result: Json) -> RenderableType:
    proofs: list[Proof] = result["Proofs"]
    wrong = sum(not one.holds for one in proofs)
    passed = sum(one.passed for one in proofs)
    headline = f"{len(proofs)} packets sent, {passed} passed: "
    ending = f"{wrong} did what the rules do not say" if wrong else "each as the rules say"
    return Group(columns(_TITLES, map(_row, proofs), ""), Text(headline + ending, "red" if wrong else "green"))


def _row(one: Proof) -> tuple[str, str, str, str, Text]:
    told = _told(one)
    said = "accept" if one.permitted else "drop"
    packet = Text("passed" if one.passed else "did not pass", "" if one.holds else "bold red")
    return told["Direction"], told["OtherAddress"], told["Service"], said, packet


status = Listed(
    "status",
    params=[
        click.Option(["group_id", "--prove"], metavar="GROUP_ID", help=_PROVE),
        click.Option(
            ["--names"],
            default=NAMES,
            show_default=True,
            envvar="GROUPWALL_NAMES",
            help="With --prove: how the names of the scratch namespaces begin.",
        ),
        click.Option(["counted", "--counters"], is_flag=True, help=_COUNTED),
        *(one for one in parameters(_COUNTERS) if one.name in _OF_COUNTERS),
        *parameters(_VERB),
    ],
    callback=_status,
    help=documentation(_VERB.operation)[0],
    short_help=documentation(_VERB.operation)[0].split(". ")[0].rstrip(".") + ".",
)
