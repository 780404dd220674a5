"""Asking the server that a user's settings name, a list to its last page."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import click

from groupwall.profiles import setup
from groupwall.remote import Client, EndpointError
from groupwall.wire.model import SERVICES, Action
from groupwall.wire.shapes import Scalar

Json = dict[str, Any]

SIZE = "MaxResults"
_SMALLEST_PAGE, _LARGEST_PAGE = 5, 1000
"""Of lists whose model tells no bounds."""


class Where(NamedTuple):
    """The options that say where to ask and as whom; None leaves it to AWS's variables and files."""

    endpoint: str | None = None
    profile: str | None = None
    region: str | None = None


def connection_options() -> list[click.Option]:
    """Return the options of every command that asks a server."""
    return [
        click.Option(["--endpoint"], help="The server's address; AWS_ENDPOINT_URL_GROUPWALL, else this machine's."),
        click.Option(["--profile"], help="The profile of AWS's files to take keys and region from."),
        click.Option(["--region"], help="The region to ask about."),
    ]


def connected(where: Where) -> Client:
    """Return a client of the server. Raises UsageError for an address that is none, SettingError."""
    found = setup(os.environ, *where)
    try:
        return Client(found.endpoint, found.credentials, found.region, ca_bundle=found.ca_bundle)
    except EndpointError as error:
        raise click.UsageError(str(error)) from None


class Listing(NamedTuple):
    """How an operation lists. items: the result's list. follow: member of the result -> parameter of the next page."""

    items: str
    follow: dict[str, str]
    page: Scalar


def listing(operation: str) -> Listing | None:
    """Return how an operation of ours lists, None when it answers all at once."""
    action: Action = SERVICES["groupwall"].action(operation)
    told = action.output.members if action.output else {}
    follow = {
        name: parameter
        for name in told
        if name.startswith("Next")
        for parameter in (name, name.removeprefix("Next"))
        if parameter in action.input.members
    }
    size = action.input.members.get(SIZE)
    if not follow or size is None or not isinstance(size.shape, Scalar) or action.list_member is None:
        return None
    return Listing(action.list_member, follow, size.shape)


def ask(client: Client, operation: str, params: Json, most: int | None = None) -> Json:
    """Return the result of an operation, of a list all pages as one, or so many items that there are ``most``.

    What is missing is told on standard error: items beyond ``most``, and changes that are not kept any more.
    """
    pages = listing(operation)
    result = _all_pages(client, operation, params, pages, most) if pages else client.call(operation, params)
    oldest = result.get("Oldest", 0)
    if oldest > params.get("After", 0) + 1:
        click.echo(f"Changes before revision {oldest} are not kept any more.", err=True)
    return result


def _all_pages(client: Client, operation: str, params: Json, pages: Listing, most: int | None) -> Json:
    found: list[Any] = []
    more: Json = {}
    while True:
        size = _size(pages.page, None if most is None else most - len(found))
        result = client.call(operation, params | size | more)
        found += result.get(pages.items, [])
        more = {parameter: result[name] for name, parameter in pages.follow.items() if name in result}
        if not more or (most is not None and len(found) >= most):
            return _cut(result, pages, found, most)


def _size(page: Scalar, wanted: int | None) -> Json:
    """Return how large a page is asked for: the largest when everything is wanted, where the model tells one."""
    if wanted is None:
        return {SIZE: page.maximum} if page.maximum else {}
    return {SIZE: min(max(wanted, page.minimum or _SMALLEST_PAGE), page.maximum or _LARGEST_PAGE)}


def _cut(last: Json, pages: Listing, found: list[Any], most: int | None) -> Json:
    """Return the last page with all that was found, up to ``most``; say on standard error when that is not all."""
    if len(found) > (len(found) if most is None else most) or not pages.follow.keys().isdisjoint(last):
        click.echo(f"Shown: {most}; there are more.", err=True)
    if most is not None and len(found) > most:  # what follows the page would skip what is cut off here
        last = {name: value for name, value in last.items() if name not in pages.follow}
    return last | {pages.items: found[:most]}
