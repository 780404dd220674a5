"""PreviewFlows: which flows under way a cut would end, as the hosts find that track them.

The calls are tried as for any preview. What they would alter is asked of the hosts that it concerns, as the facts that
these would follow; each judges its own flows as a cut does, so that no second account of it can be wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.ops.effects.previews import calls_asked, refused_at
from groupwall.ops.effects.touched import naming, standing_before_and_after, touched
from groupwall.ops.enforcement.desired import differing
from groupwall.ops.enforcement.differences import altered_by, differences
from groupwall.ops.enforcement.facts import Json, Key, View, altered
from groupwall.ops.enforcement.propagation import bound_by, is_alive
from groupwall.ops.enforcement.underway import flows_shown
from groupwall.ops.flows.network import Network
from groupwall.ops.operation import Context, News, Operation, Params, Result, Waits
from groupwall.ops.questions import Question
from groupwall.ops.waiting import refuse_long_wait
from groupwall.store.changes import Delta
from groupwall.store.entities import Host, Interface
from groupwall.store.seen import Seen, otherwise_after

COMPLETE, PENDING, INCOMPLETE, NOT_ENFORCED = "complete", "pending", "incomplete", "not-enforced"
PATIENCE = 5
"""Seconds that hosts have to answer, unless who asks says otherwise."""

ANSWERED, AWAITED, DEAD = "answered", "awaited", "dead"

Sides = tuple[Seen, Seen]


class Concerned(NamedTuple):
    """Whom calls concern. hosts: with the interfaces of each that they would alter. others: those that no host has."""

    hosts: Mapping[str, list[str]]
    others: list[str]


def preview_flows(params: Params, context: Context) -> Result:
    """Tell which flows under way would end if calls were made as one change, with a cut; who asks waits for hosts."""
    refuse_long_wait(params)
    calls, tried = calls_asked(params), context.tried
    assert tried is not None  # noqa: S101 - the operation's row says that it tries them
    before = Seen(context.tx, context.world)
    after = before.but(otherwise_after((context.tx.world, one) for one in tried.deltas))
    head: Result = {"Revision": context.tx.head.revision}
    refused = refused_at(calls, tried, after)
    if refused:
        return head | {"State": COMPLETE, "Flows": [], "Omitted": 0, "Hosts": [], "Refused": refused}
    found = _found(tried.deltas, (before, after), context)
    if params.get("Wait") == 0:  # nobody would hear of answers
        context.hosts.questions.close_of(context.world, context.request_id)
    return head | found


def _found(deltas: Sequence[Delta], sides: Sides, context: Context) -> Result:
    before, after = (View(seen) for seen in sides)
    found = differences(before, after, ((context.tx.world, one) for one in deltas))
    concerned = _concerned(deltas, found.keys, sides, context)
    cuts = altered_by(before, after, deltas, sorted(found.keys)) if found.keys else []
    question = _asked(differing(found, cuts), concerned, context)
    answers = question.answers if question else {}
    hosts = [_host(name, concerned, question, context) for name in sorted(concerned.hosts)]
    state = _state(hosts)
    if state != PENDING:
        context.hosts.questions.close_of(context.world, context.request_id)
    flows = [(name, one) for name, told in sorted(answers.items()) for one in told.flows]
    return {
        "State": state,
        "Flows": flows_shown(flows, sides[0]),
        "Omitted": sum(told.count for told in answers.values()) - len(flows),
        "Hosts": hosts,
        "NotEnforced": concerned.others,
    }


def _concerned(deltas: Sequence[Delta], keys: set[Key], sides: Sides, context: Context) -> Concerned:
    """Return whom calls concern: the interfaces that are there before, whose policy they would alter."""
    before, after = sides
    bound = bound_by(context.tx.listed(Host))
    some = touched(deltas, after)
    named = naming(some, before) | naming(some, after)
    standings = standing_before_and_after(some, named, Network(before), Network(after))
    ids = {one.id for interfaces in standings.values() for one in interfaces}.union(*bound.values())
    there = sorted(before.by_id(Interface, sorted(ids)))
    found = {one for seen in sides for one in altered(View(seen), keys, there)} if keys else set()
    hosts = {name: sorted(found & ids) for name, ids in bound.items() if not found.isdisjoint(ids)}
    return Concerned(hosts, sorted(found.difference(*bound.values())))


def _asked(facts: Json, concerned: Concerned, context: Context) -> Question | None:
    """Return what hosts are asked, from now on if they were not; None where none is alive that could answer.

    When a change alters meanwhile what they were asked, or another one is there by now, they are asked again.
    """
    questions, revision = context.hosts.questions, context.tx.head.revision
    told, kept = context.hosts.of(context.world), questions.of(context.world, context.request_id)
    alive = frozenset(name for name in concerned.hosts if name in told and is_alive(told[name], context.now))
    same = _same(facts)
    if kept and alive <= kept.hosts and (kept.revision == revision or kept.same == same):
        return kept
    questions.close_of(context.world, context.request_id)
    if not alive:
        return None
    if not questions.has_room(context.world, context.now):
        raise errors.request_limit_exceeded()  # some seconds later there is room
    asked = Question(context.world, context.request_id, facts, same, revision, context.now, alive)
    digest = hashlib.sha256(f"{context.request_id} {revision} {same}".encode()).hexdigest()
    questions.ask(replace(asked, id=f"question-{digest[:32]}"))
    return questions.of(context.world, context.request_id)


def _same(facts: Json) -> str:
    """Return facts as text, but for the ids of rules, which are others each time that calls are tried."""
    groups = [one | {"Rules": [_without_id(rule) for rule in one["Rules"]]} for one in facts["Groups"]]
    return json.dumps(facts | {"Groups": groups}, sort_keys=True)


def _without_id(rule: Mapping[str, Any]) -> Json:
    return {name: value for name, value in rule.items() if name != "SecurityGroupRuleId"}


def _host(name: str, concerned: Concerned, question: Question | None, context: Context) -> Json:
    answer = question.answers.get(name) if question else None
    told = context.hosts.of(context.world).get(name)
    awaited = bool(question and name in question.awaited and told and is_alive(told, context.now))
    shown: Json = {"Host": name, "InterfaceIds": concerned.hosts[name]}
    if answer:
        return shown | {"State": ANSWERED, "Count": answer.count, "Time": answer.time}
    return shown | {"State": AWAITED if awaited else DEAD}


def _state(hosts: Iterable[Json]) -> str:
    states = {one["State"] for one in hosts}
    if not states:
        return NOT_ENFORCED
    if AWAITED in states:
        return PENDING
    return INCOMPLETE if DEAD in states else COMPLETE


def _is_pending(_params: Params, result: Result) -> bool:
    return bool(result["State"] == PENDING)


OPERATIONS = (
    Operation(
        "PreviewFlows",
        preview_flows,
        tries=calls_asked,
        on=(),
        here=True,
        waits=Waits(_is_pending, News.ANSWERS, unsaid=PATIENCE, once_more=True),
    ),
)
