"""Expectations: put, described, checked, deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.expectations.check import ACCEPT, BROKEN, DENY, Judged, judge
from groupwall.ops.filters import Paging
from groupwall.ops.flows.asked import properties_asked
from groupwall.ops.flows.ends import addresses
from groupwall.ops.flows.network import Network
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules import parsing
from groupwall.store.entities import Expectation
from groupwall.store.query import Where
from groupwall.store.seen import Seen

MOST = 100
"""Expectations of a world: each change that touches a gate is held against all of them."""

LONGEST_DESCRIPTION = 255
_NAME = re.compile(r"[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,128}")
_IDS = {"eni-": parsing.interface_id, "i-": parsing.instance_id, "sg-": parsing.group_id}


def put_expectations(params: Params, context: Context) -> Result:
    """Keep expectations, in place of those of the same names, or of all others with ``Replace``, which may leave none.

    ExpectationBroken for one that does not hold now, unless ``AllowBroken``. InvalidParameterValue for what is no
    expectation, a name given twice, and more than a world may have. MissingParameter for none without ``Replace``.
    """
    given = [_read(one) for one in params.get("Expectations") or ()]
    if not given and not params.get("Replace"):
        raise errors.missing_parameter("Expectations")
    names = {one.name for one in given}
    if len(names) < len(given):
        raise errors.expectation_twice()
    kept = {one.name: one for one in context.tx.listed(Expectation)}
    leaving = [one for name, one in kept.items() if params.get("Replace") and name not in names]
    if len(kept.keys() | names) - len(leaving) > MOST:
        raise errors.too_many_expectations(MOST)
    judged = judge(given, Network(Seen(context.tx, context.world)))
    broken = [one for one in judged if one.state == BROKEN]
    if not params.get("AllowBroken") and broken:
        raise errors.expectation_not_met(broken[0].expectation.name, broken[0].reason or "")
    context.tx.remove(*leaving)
    for one in given:
        if one.name in kept:
            context.tx.replace(kept[one.name], one)
        else:
            context.tx.add(one)
    return {"Expectations": _states(judged)}


def _read(given: Params) -> Expectation:
    name, verdict = given.get("Name") or "", given.get("Verdict") or ACCEPT
    if not _NAME.fullmatch(name):
        raise errors.expectation_name_invalid(name)
    if verdict not in (ACCEPT, DENY):
        raise errors.expectation_verdict_invalid(verdict)
    description = given.get("Description") or ""
    if len(description) > LONGEST_DESCRIPTION:
        raise errors.expectation_description_too_long(LONGEST_DESCRIPTION)
    protocol, (first, last) = properties_asked(given)
    source, destination = (_end(given.get(member), member) for member in ("From", "To"))
    return Expectation(name, source, destination, protocol, first, last, verdict, description)


def _end(given: str | None, member: str) -> str:
    """Return an end whose form is right; whether it is there is for the check."""
    if not given:
        raise errors.missing_parameter(member)
    for prefix, read in _IDS.items():
        if given.startswith(prefix):
            return read(given)
    addresses(given)
    return given


def describe_expectations(params: Params, context: Context) -> Result:
    """Describe expectations by name."""
    paging = Paging(params, context, "expectations")
    wanted = [Where("name", tuple(params["Names"]))] if params.get("Names") else []
    shown, token = paging.listed(Expectation, wanted, lambda some, _: [_shown(one) for one in some])
    return {"Expectations": shown, "NextToken": token}


def check_expectations(params: Params, context: Context) -> Result:
    """Tell which expectations hold, those that are kept now or others that are given; now or at a time in the past."""
    then = seen(params, context)
    given = params.get("Expectations")
    asked = [_read(one) for one in given] if given else _chosen(params.get("Names"), context)
    if len(asked) > MOST:
        raise errors.too_many_expectations(MOST)
    judged = judge(asked, Network(then))
    return {
        "Hold": not any(one.state == BROKEN for one in judged),
        "Expectations": _states(judged),
        "Revision": revision_asked(params, context),
    }


def _chosen(names: Sequence[str] | None, context: Context) -> list[Expectation]:
    """Return the expectations that are kept, or those of them that are named; InvalidExpectation.NotFound for none."""
    kept = {one.name: one for one in context.tx.listed(Expectation)}
    for name in names or ():
        if name not in kept:
            raise errors.expectation_not_found(name)
    return [kept[name] for name in (dict.fromkeys(names) if names else sorted(kept))]


def delete_expectations(params: Params, context: Context) -> Result:
    """Forget expectations; all of those named or none."""
    found = {one.name: one for one in context.tx.listed(Expectation, [Where("name", tuple(params["Names"]))])}
    names = list(dict.fromkeys(params["Names"]))
    for name in names:
        if name not in found:
            raise errors.expectation_not_found(name)
    context.tx.remove(*(found[name] for name in names))
    return {"Names": names}


def _states(judged: Iterable[Judged]) -> list[dict[str, Any]]:
    return [_shown(one.expectation) | {"State": one.state, "Reason": one.reason} for one in judged]


def _shown(one: Expectation) -> dict[str, Any]:
    return {
        "Name": one.name,
        "From": one.source,
        "To": one.destination,
        "Protocol": one.protocol,
        "FromPort": one.from_port,
        "ToPort": one.to_port,
        "Verdict": one.verdict,
        "Description": one.description or None,
    }


OPERATIONS = (
    Operation("PutExpectations", put_expectations, on=()),
    Operation("DescribeExpectations", describe_expectations, reads=True, on=()),
    Operation("CheckExpectations", check_expectations, reads=True, on=()),
    Operation("DeleteExpectations", delete_expectations, on=()),
)
