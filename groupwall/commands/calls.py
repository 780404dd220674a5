"""Verbs that take calls of EC2: one, written as the AWS CLI writes it, or several in a file.

    groupwall preview revoke-security-group-ingress --group-id sg-1 --protocol tcp --port 22 --cidr 10.0.0.0/8
    groupwall apply --confirm-within 60 --calls file://plan.json

The options of an EC2 call come from its model. The short forms of rules are the AWS CLI's own [AWS CLI documentation].
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import click

from groupwall.commands.asking import Where
from groupwall.commands.building import Listed, Verb, command, output_options, parameters, run
from groupwall.commands.options import PORTS, Ports, kebab, members_of, options_of
from groupwall.commands.refused import refused
from groupwall.errors import ApiError
from groupwall.wire.given import read_given
from groupwall.wire.model import SERVICES, Action
from groupwall.wire.shapes import Structure

Json = dict[str, Any]

_READS = ("Describe", "Get")
_CALLS = {kebab(name): action for name, action in SERVICES["ec2"].actions.items() if not name.startswith(_READS)}
_READ_WORDS = tuple(f"{kebab(word)}-" for word in _READS)
_FLAT = {*PORTS, "IpProtocol", "CidrIp", "SourceSecurityGroupName", "SourceSecurityGroupOwnerId"}
"""Members for one rule in place of IpPermissions: the AWS CLI has the short forms for them."""
_WITHOUT = {"DryRun"}


class Calls(click.Group):
    """A verb whose words below it are the calls of EC2 that change something; its own options stand before them."""

    def __init__(self, verb: Verb) -> None:
        alone = command(verb)
        super().__init__(
            alone.name,
            params=[_optional(one) for one in parameters(verb)],
            callback=_own(verb),
            invoke_without_command=True,
            subcommand_metavar="[CALL [OPTIONS]]",
            help=f"{alone.help}\n\nOne call of EC2 as the AWS CLI writes it, or several in --calls.",
            short_help=alone.short_help,
        )
        self._verb = verb

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the calls."""
        del ctx
        return sorted(_CALLS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a call."""
        del ctx
        action = _CALLS.get(cmd_name)
        return Call(self._verb, cmd_name, action) if action else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of the call that the first word names. Raises UsageError with those that it may mean."""
        word = kebab(args[0])
        if word in _CALLS:
            return super().resolve_command(ctx, [word, *args[1:]])
        close = [] if word.startswith(_READ_WORDS) else get_close_matches(word, _CALLS)
        close = close or [name for name in _CALLS if name.startswith(word)]
        meant = f"is it {' or '.join(close)}?" if close else f"`{ctx.command_path} --help` lists them"
        raise click.UsageError(f"{args[0]!r} is no call of EC2 that changes something; {meant}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names of the calls alone: EC2's documentation tells what each does."""
        with formatter.section("Calls"):
            for name in self.list_commands(ctx):
                formatter.write(f"{'':{formatter.current_indent}}{name}\n")


class Call(Listed):
    """One call of EC2, for a verb of ours."""

    def __init__(self, verb: Verb, name: str, action: Action) -> None:
        ours = [*_call_options(action), *(verb.beside.options() if verb.beside else ())]
        super().__init__(
            name, params=[*ours, *output_options()], callback=_one(verb, action), help=f"{action.name} of EC2."
        )


def _optional(one: click.Parameter) -> click.Parameter:
    one.required = False
    return one


def _own(verb: Verb) -> Any:  # noqa: ANN401 - a command's function
    @click.pass_context
    @refused
    def own(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - the options, by name
        if ctx.invoked_subcommand is None:
            calls = [call for one in given["Calls"] for call in _listed(one)]
            if not calls:
                raise click.UsageError("name a call, such as revoke-security-group-ingress, or several with --calls")
            run(verb, given | {"Calls": calls})
        elif given["Calls"]:
            raise click.UsageError(f"either --calls or {ctx.invoked_subcommand}")
        ctx.obj = given

    return own


def _listed(given: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    """Return calls from a file: one, a list of them, or an answer of ours that has some; parameters as text or not."""
    if isinstance(given, list):
        return [call for one in given for call in _listed(one)]
    if isinstance(given, dict) and isinstance(given.get("Calls"), list):
        return _listed(given["Calls"])
    if isinstance(given, dict) and isinstance(given.get("Parameters"), dict):
        return [given | {"Parameters": json.dumps(given["Parameters"])}]
    return [given]


def _one(verb: Verb, action: Action) -> Any:  # noqa: ANN401 - a command's function
    @click.pass_obj
    @refused
    def one(above: Json, /, **given: Any) -> None:  # noqa: ANN401 - the options, by name
        params = members_of(action.input, given | {"port": None})
        text = json.dumps(params | _permissions(params, given))
        try:
            read_given(action, text)
        except ApiError as error:
            raise click.UsageError(error.message) from None
        either = (*Where._fields, "as_json", *(verb.beside.names if verb.beside else ()))
        output = {name: given[name] or above[name] for name in either}
        run(verb, above | output | {"Calls": [{"Operation": action.name, "Parameters": text}]})

    return one


def _call_options(action: Action) -> Iterator[click.Option]:
    texts = {name: f"{name}, as EC2 takes it." for name in action.input.members}
    if not _has_short_forms(action.input):
        yield from options_of(action.input, texts, _WITHOUT)
        return
    yield from options_of(action.input, texts, _WITHOUT | _FLAT)
    yield click.Option(["--protocol"], help="Of one rule: tcp, udp, icmp, icmpv6, a number, or all.")
    yield click.Option(
        ["port", "--port"], type=Ports(), help="Its port or range, such as 8000-8080; for ICMP type-code."
    )
    yield click.Option(["--cidr"], help="Its block, of IPv4 or IPv6.")
    yield click.Option(["--source-group"], help="In place of a block a group, by id or name.")
    yield click.Option(["--group-owner"], help="The account of that group.")


def _has_short_forms(shape: Structure) -> bool:
    return {"IpPermissions", "IpProtocol"} <= shape.members.keys()


def _permissions(params: Json, given: Json) -> Json:
    """Return the IpPermissions that the short forms describe, nothing where none is used. UsageError beside others."""
    peers: Json = {}
    if given.get("cidr"):
        name, block = ("Ipv6Ranges", "CidrIpv6") if ":" in given["cidr"] else ("IpRanges", "CidrIp")
        peers[name] = [{block: given["cidr"]}]
    if given.get("source_group"):
        by = "GroupId" if given["source_group"].startswith("sg-") else "GroupName"
        owner = {"UserId": given["group_owner"]} if given["group_owner"] else {}
        peers["UserIdGroupPairs"] = [{by: given["source_group"]} | owner]
    if not peers and not given.get("protocol"):
        return {}
    if "IpPermissions" in params:
        raise click.UsageError("either --ip-permissions or --protocol, --port, --cidr and --source-group")
    protocol = {"IpProtocol": "-1" if given["protocol"] == "all" else given["protocol"]} if given["protocol"] else {}
    return {"IpPermissions": [protocol | (given["port"] or {}) | peers]}
