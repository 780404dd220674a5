"""Example calls of every operation, which together give every input member that the model has.

``$name`` in a value stands for what ``set_out`` made. Where a call writes, its first example succeeds. A noun whose
examples need more than groups and a VPC has a ``set_out`` of its own: (wall, ids by name so far) -> further ids. What
of the model a noun leaves out, with the reason, stands beside its examples too: ``WITHOUT_EFFECT``, members within the
parameters by the end of their path, and ``WITHOUT_FILTER``, filters by operation.
"""

from __future__ import annotations

from string import Template
from types import ModuleType
from typing import Any

from tests import scenes
from tests.driver import Wall
from tests.ops.examples import (
    associations,
    changes,
    derived,
    effects,
    enforcement,
    expectations,
    findings,
    flows,
    groups,
    histories,
    instances,
    interfaces,
    others,
    peerings,
    plans,
    prefix_lists,
    rule_changes,
    sessions,
    subnets,
    vpcs,
)
from tests.scenes import Json, tcp

NOUNS: tuple[ModuleType, ...] = (
    groups,
    histories,
    rule_changes,
    associations,
    vpcs,
    subnets,
    interfaces,
    instances,
    derived,
    prefix_lists,
    peerings,
    plans,
    changes,
    effects,
    enforcement,
    expectations,
    findings,
    flows,
    sessions,
    others,
)
EXAMPLES: dict[str, list[Json]] = {name: calls for noun in NOUNS for name, calls in noun.EXAMPLES.items()}
WITHOUT_EFFECT: dict[str, str] = {
    end: why for noun in NOUNS for end, why in getattr(noun, "WITHOUT_EFFECT", {}).items()
}
WITHOUT_FILTER: dict[str, dict[str, str]] = {
    name: refused for noun in NOUNS for name, refused in getattr(noun, "WITHOUT_FILTER", {}).items()
}
_NOUN_OF = {name: noun for noun in NOUNS for name in noun.EXAMPLES}


def set_out(wall: Wall, name: str) -> dict[str, Any]:
    """Make what the examples of an operation name; return the id of each."""
    web, app = scenes.create_group(wall), scenes.create_group(wall, "app")
    scenes.create_group(wall, "other")
    wall.call("CreateTags", Resources=[app], Tags=[{"Key": "kept", "Value": "x"}])
    asked = [tcp(443, "192.0.2.0/24")]
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=asked)["SecurityGroupRules"]
    places = {
        "web": web,
        "app": app,
        "vpc": scenes.create_vpc(wall),
        "subnet": wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"],
        "ingress": made[0]["SecurityGroupRuleId"],
        "egress": scenes.rules_of(wall, web, egress=True)[0]["SecurityGroupRuleId"],
    }
    more = getattr(_NOUN_OF.get(name), "set_out", None)
    return places | more(wall, places) if more else places


def filled(value: Any, places: dict[str, Any]) -> Any:  # noqa: ANN401 - parameters of any form
    """Return parameters with the ids, and the revisions, that their names stand for."""
    if isinstance(value, str) and value[:1] == "$" and value[1:] in places:
        return places[value[1:]]
    if isinstance(value, str):
        return Template(value).substitute(places)
    if isinstance(value, dict):
        return {key: filled(part, places) for key, part in value.items()}
    return [filled(part, places) for part in value] if isinstance(value, list) else value
