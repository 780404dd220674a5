"""What is legal in a policy and likely not what was meant: warnings, each as one sentence (inferred)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from groupwall.iam.conditions import Comparison, Condition, Presence, expands_variables, is_readable
from groupwall.iam.patterns import Pattern, caseless_pattern, is_whole_arn, pattern, variables_of
from groupwall.iam.policy import Statement

_EC2_KIND = re.compile(r"arn:[^:]*:ec2:[^:]*:[^:]*:([a-z-]+)(?:/|$)")


class Known(NamedTuple):
    """What there is to name; what is empty is not judged.

    actions: such as ``ec2:RevokeSecurityGroupIngress``; only actions of the services among them are judged. keys:
    condition keys in lower case; one that ends in ``/``, such as ``aws:resourcetag/``, stands for all that go on.
    general: the actions among them that are about no resource. kinds: of EC2's resources, such as ``security-group``.
    """

    actions: Collection[str] = ()
    keys: Collection[str] = ()
    general: Collection[str] = ()
    kinds: Collection[str] = ()

    def has_key(self, key: str) -> bool:
        """Whether there is a condition key."""
        beginning, slash, _ = key.lower().partition("/")
        return not self.keys or key.lower() in self.keys or (bool(slash) and beginning + slash in self.keys)


def of_action(text: str, known: Known) -> Iterator[str]:
    """Warn of an action that no operation of its service is."""
    service = text.lower().partition(":")[0]
    if any(one.lower().startswith(f"{service}:") for one in known.actions):
        compiled = pattern(text, caseless_pattern, variables=False).compiled
        if compiled and not any(compiled.fullmatch(one) for one in known.actions):
            meant = "".join(f"; is `{near}` meant?" for near in get_close_matches(text, known.actions, 1))
            yield f"`{text}` is no action of {service} here, so this matches nothing{meant}"


def of_resource(some: Pattern, version: str, known: Known) -> Iterator[str]:
    """Warn of an ARN that matches nothing, and of what its variables lack."""
    if not variables_of(some) and not is_whole_arn(some.tokens) and not some.text.endswith("*"):
        yield "an ARN has six parts; one with fewer matches nothing unless it ends in `*`"
    kind = _EC2_KIND.match(some.text)
    if kind and known.kinds and kind[1] not in known.kinds:
        yield f"`{kind[1]}` is no kind of resource of ec2 here, so this matches nothing"
    yield from of_variables(some.text, version, known)


def of_variables(text: str, version: str, known: Known) -> Iterator[str]:
    """Warn of variables that are never replaced, or never have a value."""
    if "${" not in text:
        return
    if version != "2012-10-17":
        yield f"variables are plain text in a policy of version {version}"
        return
    some = pattern(text, caseless_pattern, variables=True)
    for variable in variables_of(some):
        if not known.has_key(variable.key) and variable.default is None:
            yield f"the variable ${{{variable.key}}} never has a value, so this matches nothing"
    if any("${" in token for token in some.tokens if isinstance(token, str)):
        yield "`${` begins no variable here, so it is plain text"


def of_condition(some: Condition, version: str, known: Known) -> Iterator[str]:
    """Warn of a key that no request has, and of values that cannot be read."""
    if not known.has_key(some.key):
        yield f"no request has the key {some.name}"
    if not some.wanted:
        yield f"no values are wanted: {_without_values(some)}"
    for index, value in enumerate(some.wanted):
        if not is_readable(some, index):
            yield f'{some.operator} cannot read "{value[:100]}": an Allow does not match by it, a Deny does'
        elif expands_variables(some):
            yield from of_variables(value, version, known)


def _without_values(some: Condition) -> str:
    if isinstance(some, Comparison) and some.negated:
        return "the condition always holds"
    return "the condition never holds where the request has the key"


def of_statement(some: Statement, known: Known) -> Iterator[str]:
    """Warn of actions that no resource of the statement covers, and of an Allow of more than its author can see."""
    resources = some.resources
    if resources and not resources.negated and not any(one.text == "*" for one in resources.patterns):
        yield from _uncovered(some, known)
    if some.effect != "Allow":
        return
    if some.actions.negated and some.resources is not None and some.resources.negated:
        yield "an Allow with NotAction and NotResource allows every other action, of services to come too"
    present = {one.key for one in some.conditions if isinstance(one, Presence) and one.absent == (False,)}
    for one in some.conditions:
        if isinstance(one, Comparison) and one.operator.lower().startswith("forallvalues:") and one.key not in present:
            yield f'{one.operator} holds where the request has no {one.name}; add "Null": {{"{one.name}": "false"}}'


def _uncovered(some: Statement, known: Known) -> Iterator[str]:
    """Warn of actions that are about no resource, where no Resource is ``*``; of a pattern where most of its are."""
    for action in () if some.actions.negated else some.actions.patterns:
        meant = [one for one in known.actions if action.matches(one, {})]
        general = [one for one in meant if one in known.general]
        if len(general) * 2 > len(meant):
            such = f", such as {general[0]}" if len(meant) > 1 else ""
            yield f"`{action.text}` is about no resource{such}, so only the Resource `*` covers it"
