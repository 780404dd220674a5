"""The two places where botocore asks a wall instead of the network, while there is one.

    BaseClient._make_request    right after the event ``before-call``: a call, with its parameters serialized
    Endpoint._send              right after the event ``before-send``: an HTTP request, signed

They stand on botocore's classes and not on a client's events, so clients made before a wall are answered too, nothing
is left on any of them, and a Stubber or an observer that somebody registered has its turn first, as before the network.
A client that a wall made itself asks that wall: its endpoint names it, and has a ``_send`` of its own (wall.py).
A third place, ``BaseClient._convert_to_request_dict``, only saves time.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.client import BaseClient
from botocore.credentials import RefreshableCredentials
from botocore.endpoint import Endpoint

from groupwall.inprocess.answers import Caller
from groupwall.inprocess.environment import DefaultSession, Variables
from groupwall.inprocess.wall import Wall
from groupwall.wire.model import SERVICES

Method = Callable[..., Any]


_AGENT = "set_user_agent_header"


def _without_agent(original: Method) -> Method:
    """Return ``_convert_to_request_dict`` without the user agent: a sixth of a whole call, for nobody to read."""

    def _convert_to_request_dict(client: Any, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - botocore has no types
        wall = _asked(client)
        if wall and not wall.wire and client.meta.service_model.service_name in SERVICES:
            options[_AGENT] = False
        return original(client, *args, **options)

    return _convert_to_request_dict


def _call_or(original: Method) -> Method:
    """Return ``_make_request`` for a class whose own is ``original``."""

    def _make_request(client: Any, operation: Any, request: dict[str, Any], context: dict[str, Any]) -> Any:  # noqa: ANN401 - botocore has no types
        service = operation.service_model.service_name
        wall = _asked(client)
        if wall is None or wall.wire or not _speaks(service, request["body"]):
            return original(client, operation, request, context)
        return wall.answers.call(service, request["body"], _caller(client, context))

    return _make_request


def _speaks(service: str, body: Any) -> bool:  # noqa: ANN401 - any service's
    """Whether a call can be answered at once: an API version older than our tables needs botocore's own parser."""
    return service in SERVICES and body["Version"] == SERVICES[service].version


def _caller(client: Any, context: dict[str, Any]) -> Caller:  # noqa: ANN401 - botocore has no types
    signer = client._request_signer  # noqa: SLF001 - the only place that knows whose client it is
    credentials = signer._credentials  # noqa: SLF001 - as above
    anonymous = credentials is None or isinstance(credentials, RefreshableCredentials)  # those are fetched, from afar
    region = context.get("signing", {}).get("region") or signer.region_name
    return Caller("", region) if anonymous else Caller(credentials.access_key, region, credentials.token or "")


def _send_or(original: Method) -> Method:
    """Return ``_send`` for a class whose own is ``original``."""

    def _send(endpoint: Any, request: Any) -> Any:  # noqa: ANN401 - botocore has no types
        wall = _innermost()
        if wall is None or endpoint._endpoint_prefix not in SERVICES:  # noqa: SLF001 - the request itself only names a host
            return original(endpoint, request)
        return wall.answers.request(request)

    return _send


class _Patch(NamedTuple):
    owner: type
    name: str
    original: Method
    ours: Method

    @classmethod
    def put(cls, owner: type, name: str, wrap: Callable[[Method], Method]) -> _Patch:
        original = getattr(owner, name)
        patch = cls(owner, name, original, wrap(original))
        setattr(owner, name, patch.ours)
        return patch

    def restore(self) -> None:
        """Put the original back, unless somebody wrapped ours in the meantime: it lets everything past from now on."""
        if getattr(self.owner, self.name) is self.ours:
            setattr(self.owner, self.name, self.original)


_walls: list[Wall] = []
_before_the_first: list[_Patch | DefaultSession] = []
_variables: list[Variables] = []
_turn = threading.Lock()


def _asked(client: Any) -> Wall | None:  # noqa: ANN401 - botocore has no types
    """Return the wall that made the client, else the innermost."""
    return getattr(client._endpoint, "groupwall", None) or _innermost()  # noqa: SLF001 - marked by the wall's session


def _innermost() -> Wall | None:
    try:
        return _walls[-1]
    except IndexError:
        return None


def begin(wall: Wall) -> None:
    """Let a wall answer every client of this process, in every thread, until it ends or another begins."""
    with _turn:
        if not _walls:
            _before_the_first.append(DefaultSession())
            _before_the_first.append(_Patch.put(BaseClient, "_make_request", _call_or))
            _before_the_first.append(_Patch.put(Endpoint, "_send", _send_or))
            if _AGENT in inspect.signature(BaseClient._convert_to_request_dict).parameters:  # noqa: SLF001 - older botocores lack it
                _before_the_first.append(_Patch.put(BaseClient, "_convert_to_request_dict", _without_agent))
        _walls.append(wall)
        _settle()


def end(wall: Wall) -> None:
    """Let the wall outside of this one answer again, or the network; walls may end in any order."""
    with _turn:
        _walls.remove(wall)
        _settle()
        while _before_the_first and not _walls:
            _before_the_first.pop().restore()


def _settle() -> None:
    """Make the variables the innermost wall's."""
    while _variables:
        _variables.pop().restore()
    if _walls:
        _variables.append(Variables(_walls[-1].region))
