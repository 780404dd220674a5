"""A request -> the action it asks for and its parameters: reference 1.1 and 1.4.

In this order: size and encoding, Action, Version, the action's existence, its parameters.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from groupwall.errors import missing_parameter
from groupwall.wire.model import SERVICES, Action, find
from groupwall.wire.pairs import pairs
from groupwall.wire.refusals import missing_action
from groupwall.wire.versions import EC2_VERSION, service_of

if TYPE_CHECKING:
    from groupwall.wire.dialects import Dialect
    from groupwall.wire.message import Request

_VERSION = re.compile(r"(?:^|&)Version=([0-9-]{10})(?:&|$)")
_ACTION = re.compile(r"(?:^|&)Action=([A-Za-z0-9]+)(?:&|$)")
_SEEN = 4096
"""Bytes of a body that are searched for its Action and Version: clients send them among the first parameters."""


class Decoded(NamedTuple):
    """A request that was understood. params: in boto3's names. version: as asked, to be echoed in the reply."""

    action: Action
    version: str
    params: dict[str, Any]


def read(request: Request) -> Decoded:
    """Return what a request asks for. Raises ApiError with a 4xx status for every request that cannot be read."""
    given = pairs(request)
    name, version = given.get("Action"), given.get("Version")
    if not name:
        raise missing_action()
    if not version:
        raise missing_parameter("Version")
    action = find(name, version)
    return Decoded(action, version, action.decode(given.items()))


def dialect_of(request: Request) -> tuple[Dialect, str]:
    """Return the dialect and version to refuse a request in: by its Version where one is seen, otherwise EC2's."""
    for text in _beginnings(request):
        seen = _VERSION.search(text)
        service = service_of(seen[1]) if seen else None
        if seen and service:
            return SERVICES[service].dialect, seen[1]
    return SERVICES["ec2"].dialect, EC2_VERSION


def action_of(request: Request) -> str:
    """Return the action that a request seems to ask for, ``-`` where AWS has none of that name: safe to be logged."""
    for text in _beginnings(request):
        seen = _ACTION.search(text)
        if seen and any(seen[1] in service.actions or seen[1] in service.others for service in SERVICES.values()):
            return seen[1]
    return "-"


def _beginnings(request: Request) -> tuple[str, str]:
    return request.query, request.body[:_SEEN].decode("latin-1")
