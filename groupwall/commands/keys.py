"""``groupwall keys``: the access keys that ``--auth signed`` and ``--auth iam`` know.

They work on the store's file itself, beside a running server or without one, and each leaves a change in the history. A
secret is shown once, when it is made, and stands in a file that only its owner can read.
"""

from __future__ import annotations

import json
import os
from typing import Any, NamedTuple

import click

from groupwall.commands.folder import documents, in_folder, of_account, opened, optional_document, tags_of
from groupwall.commands.linting import warn_of
from groupwall.commands.options import Lasting
from groupwall.commands.profile_files import Files, Profile, files_of, refuse_taken, refuse_unwritable, write_profile
from groupwall.config import DEFAULT_REGION, SettingError, Settings
from groupwall.iam import keys as iam
from groupwall.iam.callers import USER
from groupwall.iam.principals import Given, Who, policies_of, put
from groupwall.profiles import DEFAULT_ENDPOINT
from groupwall.store.entities import AccessKey
from groupwall.store.transaction import Transaction
from groupwall.units import Ids, SystemClock, timestamp

_HEADER = ("KEY", "ACCOUNT", "USER", "STATUS", "EXPIRES", "POLICIES")


@click.group(short_help="Keys for serve --auth signed or iam.")
def keys() -> None:
    """Make, list, disable, enable and delete the access keys of --auth signed and --auth iam."""


class _Asked(NamedTuple):
    """What a new key is to be; profile None: its secret is shown."""

    wanted: iam.Wanted
    given: Given | None
    profile: Profile | None
    files: Files


@keys.command()
@of_account
@click.option("--user", default="", help="The user that the key is of; the account's root without one.")
@click.option("--policy", "policies", multiple=True, help="A file: what the user may do. May be repeated.")
@click.option("--boundary", help="A file: what the user may do at most.")
@click.option("--tag", "tags", multiple=True, help="A tag of the user, KEY=VALUE. May be repeated.")
@click.option("--expires", type=Lasting(), help="How long the key is taken: 90s, 10m, 2h, 3d; for ever without.")
@click.option("--profile", help="Write the key into AWS's files, as this profile, and do not show its secret.")
@click.option("--replace", is_flag=True, help="Write over a profile of that name.")
@click.option("--endpoint", default=DEFAULT_ENDPOINT, show_default=True, help="Where the profile asks.")
@click.option("--region", default=DEFAULT_REGION, show_default=True, help="The profile's region.")
@in_folder
def create(data: str, *, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - the options above, by name
    """Make a key, and show its secret, now and never again; what is given of its user replaces what was kept."""
    Settings(account=options["account"], region=options["region"], data=data, auth="signed")
    asked = _asked(options)
    if asked.profile:
        refuse_unwritable(asked.files, asked.profile.name)
        if not options["replace"]:
            refuse_taken(asked.files, asked.profile.name)
    with opened(data, create=True) as store:
        key, secret = store.run(lambda tx: _created(tx, asked))
    warn_of([*options["policies"], options["boundary"]])
    told = {"Profile": options["profile"]} if asked.profile else {"SecretAccessKey": secret}
    if as_json:
        click.echo(json.dumps(_shown(key) | told))
    elif asked.profile:
        click.echo(f"{key.id} is profile {options['profile']}: aws --profile {options['profile']} ec2 describe-vpcs")
    else:
        click.echo(f"AWS_ACCESS_KEY_ID={key.id}\nAWS_SECRET_ACCESS_KEY={secret}")


def _asked(options: dict[str, Any]) -> _Asked:
    """Return what the options ask for. SettingError for what only a user can have."""
    parts = (options["policies"], options["boundary"], options["tags"])
    given = None
    if any(part not in ((), None) for part in parts):
        if not options["user"]:
            raise SettingError("--policy, --boundary and --tag need --user: the root may do everything")
        given = Given(
            policies=documents(options["policies"]) if options["policies"] else None,
            boundary=optional_document(options["boundary"]),
            tags=tags_of(options["tags"]) if options["tags"] else None,
        )
    expires = SystemClock().now() + options["expires"] if options["expires"] else 0
    name, files = options["profile"], files_of(os.environ)
    profile = Profile(name, "", "", options["endpoint"], options["region"]) if name is not None else None
    return _Asked(iam.Wanted(options["account"], options["user"], expires), given, profile, files)


def _created(tx: Transaction, asked: _Asked) -> tuple[AccessKey, str]:
    """Make the user and the key, or neither where the profile cannot be written."""
    ids, now, wanted = Ids(), SystemClock().now(), asked.wanted
    if asked.given:
        put(tx, ids, now, Who(wanted.account, USER, wanted.user), asked.given)
    key, secret = iam.create(tx, ids, now, wanted)
    if asked.profile:
        write_profile(asked.files, asked.profile._replace(key_id=key.id, secret=secret))
    return key, secret


@keys.command("list")
@in_folder
def list_(data: str, *, as_json: bool) -> None:
    """List the keys, without their secrets."""
    with opened(data) as store:
        found, principals = store.read(lambda tx: (tx.access_keys(), tx.principals()))
    names = {(one.account, one.name): list(policies_of(one)) for one in principals if one.kind == USER}
    if as_json:
        click.echo(json.dumps([_shown(key) | {"Policies": names.get((key.account, key.user), [])} for key in found]))
        return
    for row in _HEADER, *(_row(key, names.get((key.account, key.user), [])) for key in found):
        click.echo("{:20}  {:12}  {:20}  {:8}  {:24}  {}".format(*row).rstrip())


def _row(key: AccessKey, policies: list[str]) -> tuple[str, ...]:
    told = ", ".join(policies) if key.user else "(everything)"
    return key.id, key.account, key.user or "(root)", key.status, _expiry(key) or "never", told or "-"


@keys.command()
@click.argument("key_id")
@in_folder
def disable(data: str, key_id: str, *, as_json: bool) -> None:
    """Refuse a key from now on; it can be enabled again."""
    _set_status(data, key_id, iam.INACTIVE, "is disabled", as_json=as_json)


@keys.command()
@click.argument("key_id")
@in_folder
def enable(data: str, key_id: str, *, as_json: bool) -> None:
    """Take a disabled key again."""
    _set_status(data, key_id, iam.ACTIVE, "is enabled", as_json=as_json)


def _set_status(data: str, key_id: str, status: str, told: str, *, as_json: bool) -> None:
    with opened(data) as store:
        key = store.run(lambda tx: iam.set_status(tx, Ids(), SystemClock().now(), key_id, status))
    click.echo(json.dumps(_shown(key)) if as_json else f"{key.id} {told}")


@keys.command()
@click.argument("key_id")
@in_folder
def delete(data: str, key_id: str, *, as_json: bool) -> None:
    """Remove a key and its secret for good."""
    with opened(data) as store:
        key = store.run(lambda tx: iam.delete(tx, Ids(), SystemClock().now(), key_id))
    click.echo(json.dumps(_shown(key)) if as_json else f"{key.id} is deleted")


def _shown(key: AccessKey) -> dict[str, str | None]:
    return {
        "AccessKeyId": key.id, "AccountId": key.account, "UserName": key.user, "Status": key.status,
        "Expires": _expiry(key),
    }  # fmt: skip


def _expiry(key: AccessKey) -> str | None:
    return timestamp(key.expires) if key.expires else None
