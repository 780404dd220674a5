"""DescribeFlowQuestions and TellFlows: what agents are asked of flows under way, and what they answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from groupwall import errors
from groupwall.ops.operation import Context, News, Operation, Params, Result, Waits
from groupwall.ops.questions import MOST_FLOWS, Question, Told
from groupwall.ops.waiting import refuse_long_wait
from groupwall.rules.underway import UnderWay, read
from groupwall.store.entities import Host

MOST_COUNTED = 1 << 31


def describe_flow_questions(params: Params, context: Context) -> Result:
    """Tell what a host is asked that it has not answered: what calls would alter, as DescribeDesired tells facts."""
    refuse_long_wait(params)
    some = context.hosts.questions.awaiting(context.world, params["Host"], context.now)
    return {"Questions": [{"QuestionId": one.id, "Revision": one.revision, **one.facts} for one in some]}


def tell_flows(params: Params, context: Context) -> Result:
    """Keep the flows that a host says would end, for who asked.

    InvalidFlowQuestion.NotFound for what it was not asked, or not lately. InvalidParameterValue for too many flows,
    for what is no flow, and for one at an interface that the host does not enforce.
    """
    name, flows = params["Host"], params.get("Flows", [])
    count = params.get("Count", len(flows))
    question = context.hosts.questions.get(context.world, params["QuestionId"])
    if question is None or name not in question.hosts:
        raise errors.flow_question_not_found(params["QuestionId"])
    if len(flows) > MOST_FLOWS or not len(flows) <= count < MOST_COUNTED:
        raise errors.too_many_flows(MOST_FLOWS)
    enforced = _enforced(name, context)
    told = tuple(_read(one, enforced) for one in flows)
    context.hosts.questions.tell(question, name, Told(context.now, told[: _room(question, name)], count))
    return {}


def _room(question: Question, name: str) -> int:
    again = question.answers.get(name)
    return question.room + (len(again.flows) if again else 0)


def _enforced(name: str, context: Context) -> frozenset[str]:
    return frozenset(one for host in context.tx.of(Host, "name", name) for one in json.loads(host.interfaces))


def _read(given: Mapping[str, Any], enforced: frozenset[str]) -> UnderWay:
    if given["InterfaceId"] not in enforced:
        raise errors.flow_of_another_host(given["InterfaceId"])
    try:
        return read(given)
    except ValueError as error:
        raise errors.flow_invalid(str(error)) from None


def _none(_params: Params, result: Result) -> bool:
    return not result["Questions"]


OPERATIONS = (
    Operation(
        "DescribeFlowQuestions",
        describe_flow_questions,
        reads=True,
        on=(),
        here=True,
        waits=Waits(_none, News.QUESTIONS),
    ),
    Operation("TellFlows", tell_flows, reads=True, on=(), here=True),
)
