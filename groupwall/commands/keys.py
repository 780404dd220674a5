"""``groupwall keys``: the access keys that ``--auth signed`` knows.

They work on the store's file itself, beside a running server or without one, and each leaves a change in the history. A
secret is shown once, when it is made, and stands in a file that only its owner can read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from groupwall.commands.refused import refused
from groupwall.config import Settings
from groupwall.iam import keys as iam
from groupwall.store.entities import AccessKey
from groupwall.store.sqlite import Store, open_beside, open_store
from groupwall.units import Ids, SystemClock

_DEFAULTS = Settings()
_HEADER = ("KEY", "ACCOUNT", "USER", "STATUS")


@click.group(short_help="Keys for serve --auth signed.")
def keys() -> None:
    """Make, list, disable, enable and delete the access keys of --auth signed."""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(refused(command))
    return click.option(
        "--data", default=_DEFAULTS.data, show_default=True, envvar="GROUPWALL_DATA", help="Folder of the store."
    )(command)


@contextmanager
def _opened(data: str, *, create: bool = False) -> Iterator[Store]:
    fresh = create and not (Path(data) / "groupwall.db").exists()
    store = open_store(data, Ids()) if fresh else open_beside(data)
    try:
        yield store
    finally:
        store.close()


@keys.command()
@click.option("--account", default=_DEFAULTS.account, show_default=True, help="The account that the key acts for.")
@click.option("--user", default="", help="The user that the key is of; the account's root without one.")
@_options
def create(data: str, account: str, user: str, *, as_json: bool) -> None:
    """Make a key, and show its secret: now and never again."""
    Settings(account=account, data=data, auth="signed")  # refuses an account that is none, and a store of no folder
    with _opened(data, create=True) as store:
        key, secret = store.run(lambda tx: iam.create(tx, Ids(), SystemClock().now(), account, user))
    if as_json:
        click.echo(json.dumps(_shown(key) | {"SecretAccessKey": secret}))
        return
    click.echo(f"AWS_ACCESS_KEY_ID={key.id}\nAWS_SECRET_ACCESS_KEY={secret}")


@keys.command("list")
@_options
def list_(data: str, *, as_json: bool) -> None:
    """List the keys, without their secrets."""
    with _opened(data) as store:
        found = store.read(lambda tx: tx.access_keys())
    if as_json:
        click.echo(json.dumps([_shown(key) for key in found]))
        return
    for row in _HEADER, *((key.id, key.account, key.user or "root", key.status) for key in found):
        click.echo("{:20}  {:12}  {:20}  {}".format(*row))


@keys.command()
@click.argument("key_id")
@_options
def disable(data: str, key_id: str, *, as_json: bool) -> None:
    """Refuse a key from now on; it can be enabled again."""
    _set_status(data, key_id, iam.INACTIVE, "is disabled", as_json=as_json)


@keys.command()
@click.argument("key_id")
@_options
def enable(data: str, key_id: str, *, as_json: bool) -> None:
    """Take a disabled key again."""
    _set_status(data, key_id, iam.ACTIVE, "is enabled", as_json=as_json)


def _set_status(data: str, key_id: str, status: str, told: str, *, as_json: bool) -> None:
    with _opened(data) as store:
        key = store.run(lambda tx: iam.set_status(tx, Ids(), SystemClock().now(), key_id, status))
    click.echo(json.dumps(_shown(key)) if as_json else f"{key.id} {told}")


@keys.command()
@click.argument("key_id")
@_options
def delete(data: str, key_id: str, *, as_json: bool) -> None:
    """Remove a key and its secret for good."""
    with _opened(data) as store:
        key = store.run(lambda tx: iam.delete(tx, Ids(), SystemClock().now(), key_id))
    click.echo(json.dumps(_shown(key)) if as_json else f"{key.id} is deleted")


def _shown(key: AccessKey) -> dict[str, str]:
    return {"AccessKeyId": key.id, "AccountId": key.account, "UserName": key.user, "Status": key.status}
