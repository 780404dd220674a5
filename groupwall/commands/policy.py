"""``groupwall policy``: what users and roles may do. They work on the store's folder, as ``groupwall keys`` does."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from groupwall.commands.folder import document, documents, in_folder, of_account, opened, optional_document, tags_of
from groupwall.commands.linting import action_of, faults_of, lines_of, warn_of
from groupwall.commands.refused import refused
from groupwall.commands.simulate import Question, answer_told, context_of, decided, who_of
from groupwall.commands.visible import visible
from groupwall.config import DEFAULT_REGION, SettingError, Settings
from groupwall.iam import principals
from groupwall.iam.callers import ROLE, USER
from groupwall.iam.documents import Fault
from groupwall.iam.principals import Given, Who, policies_of
from groupwall.regions import PARTITION_OF
from groupwall.store.entities import Principal
from groupwall.units import Ids, SystemClock

_HEADER = ("KIND", "NAME", "ACCOUNT", "POLICIES", "BOUNDARY")


@click.group(short_help="What users and roles may do, with --auth iam.")
def policy() -> None:
    """Check, try, keep and forget the policies of users and roles, which --auth iam holds every call against."""


def _of_one(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--role", help="The role.")(of_account(command))
    return click.option("--user", help="The user.")(command)


def _who(account: str, user: str | None, role: str | None) -> Who:
    Settings(account=account)
    if (user is None) == (role is None):
        raise SettingError("name either --user or --role")
    return Who(account, USER, user) if user is not None else Who(account, ROLE, str(role))


@policy.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--trust", is_flag=True, help="They are trust policies, of roles.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@refused
def check(files: tuple[str, ...], *, trust: bool, as_json: bool) -> None:
    """Tell by line what is wrong with policies; the exit code is 1 where one would be refused."""
    found = {file: faults_of(document(file), trust=trust) for file in files}
    told = [{"File": file, **_fault(one)} for file, some in found.items() for one in some]
    if as_json:
        click.echo(json.dumps(told))
    else:
        for file, some in found.items():
            click.echo("\n".join(lines_of(file, some)) or visible(f"{file}: nothing is wrong"))
    sys.exit(int(any(one.grave for some in found.values() for one in some)))


def _fault(one: Fault) -> dict[str, Any]:
    return {"Line": one.line, "Path": one.path, "Message": one.message, "Grave": one.grave}


@policy.command()
@click.option("--as", "name", required=True, help="Who asks: a user's name, or role/NAME.")
@click.option("--action", required=True, help="What is asked, such as ec2:RevokeSecurityGroupIngress.")
@click.option("--resource", default="*", show_default=True, help="On what: an ARN, or an id such as sg-...")
@click.option("--context", multiple=True, help="A condition key, aws:SourceIp=192.0.2.1. May be repeated.")
@click.option("--policy", "policies", multiple=True, help="A file to try in place of what is kept. May be repeated.")
@click.option("--region", default=DEFAULT_REGION, show_default=True, help="The region of the resource.")
@of_account
@in_folder
def simulate(data: str, *, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - the options above, by name
    """Tell whether a call would be allowed, and why; the exit code is 0 if so and 1 if not. Nothing is done."""
    Settings(account=options["account"], region=options["region"])
    who = who_of(options["name"], options["account"])
    policies = documents(options["policies"]) if options["policies"] else None
    action, context = action_of(options["action"]), context_of(options["context"])
    question = Question(who, action, options["resource"], options["region"], context, policies)
    with opened(data) as store:
        answer = store.read(lambda tx: decided(tx, question, SystemClock().now()))
    allowed = answer.decision.allowed
    if as_json:
        click.echo(json.dumps(answer_told(answer)))
    else:
        click.echo(visible(f"{'allowed' if allowed else 'denied'}: {answer.decision.why}"))
    sys.exit(0 if allowed else 1)


@policy.command("set")
@_of_one
@click.option("--policy", "policies", multiple=True, help="A file: what it may do. May be repeated.")
@click.option("--boundary", help="A file: what it may do at most.")
@click.option("--trust", help="A file: who may assume the role.")
@click.option("--tag", "tags", multiple=True, help="A tag, KEY=VALUE. May be repeated.")
@in_folder
def set_(data: str, *, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - the options above, by name
    """Keep a user or a role; each part that is given replaces what was kept of it, and the others stay."""
    who = _who(options["account"], options["user"], options["role"])
    given = Given(
        documents(options["policies"]) if options["policies"] else None,
        optional_document(options["boundary"]),
        optional_document(options["trust"]),
        tags_of(options["tags"]) if options["tags"] else None,
    )
    with opened(data, create=True) as store:
        one = store.run(lambda tx: principals.put(tx, Ids(), SystemClock().now(), who, given))
    warn_of([*options["policies"], options["boundary"]])
    warn_of([options["trust"]], trust=True)
    click.echo(json.dumps(_shown(one)) if as_json else f"{_name(one)} is kept, {_summary(one)}")


@policy.command("list")
@in_folder
def list_(data: str, *, as_json: bool) -> None:
    """List the users and the roles that have policies, and the names of these."""
    with opened(data) as store:
        found = store.read(lambda tx: tx.principals())
    if as_json:
        click.echo(json.dumps([_shown(one) for one in found]))
        return
    rows = [(one.kind, one.name, one.account, ", ".join(policies_of(one)) or "-", _has(one.boundary)) for one in found]
    for row in (_HEADER, *rows):
        click.echo("{:4}  {:20}  {:12}  {:20}  {}".format(*row).rstrip())


@policy.command()
@_of_one
@in_folder
def show(data: str, *, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - the options above, by name
    """Show the policies of a user or a role as they were given."""
    who = _who(options["account"], options["user"], options["role"])
    with opened(data) as store:
        one = store.read(lambda tx: principals.kept(tx, who))
    if as_json:
        click.echo(json.dumps(_shown(one)))
        return
    parts = {f"policy {name}": text for name, text in policies_of(one).items()}
    parts |= {"boundary": one.boundary, "trust": one.trust}
    click.echo(f"{_name(one)}, {_summary(one)}")
    for title, text in parts.items():
        if text:
            lines = "\n".join(visible(line) for line in text.rstrip().splitlines())
            click.echo(f"\n{title}\n{lines}")


@policy.command()
@_of_one
@in_folder
def remove(data: str, *, as_json: bool, **options: Any) -> None:  # noqa: ANN401 - the options above, by name
    """Forget a user's or a role's policies; with --auth iam it may then do nothing. Its keys stay."""
    who = _who(options["account"], options["user"], options["role"])
    with opened(data) as store:
        one = store.run(lambda tx: principals.remove(tx, Ids(), SystemClock().now(), who))
    click.echo(json.dumps(_shown(one)) if as_json else f"{_name(one)} is forgotten")


def _name(one: Principal) -> str:
    return f"{one.kind} {one.name} of {one.account}"


def _has(text: str) -> str:
    return "yes" if text else "-"


def _summary(one: Principal) -> str:
    names = ", ".join(policies_of(one))
    policies = f"with {names}" if names else "without policies"
    return f"{policies}{' within a boundary' if one.boundary else ''}"


def _shown(one: Principal) -> dict[str, Any]:
    return {
        "Arn": Who(one.account, one.kind, one.name).arn(PARTITION_OF[DEFAULT_REGION]),
        "Policies": {name: json.loads(text) for name, text in policies_of(one).items()},
        "Boundary": json.loads(one.boundary) if one.boundary else None,
        "Trust": json.loads(one.trust) if one.trust else None,
        "Tags": json.loads(one.tags),
    }
