"""What is wrong with a policy that somebody hands to a command, by all that there is to name in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from groupwall.commands.folder import document
from groupwall.commands.visible import visible
from groupwall.config import SettingError
from groupwall.iam.documents import Fault, faults
from groupwall.iam.known import KEYS
from groupwall.iam.lint import Known, of_action
from groupwall.iam.resources import KINDS
from groupwall.ops.table import OPERATIONS
from groupwall.wire.model import SERVICES

_ACTION = re.compile("[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ACTIONS = tuple(f"{name}:{one}" for name, service in SERVICES.items() for one in (*service.actions, *service.others))
_GENERAL = frozenset(
    f"{name}:{one}"
    for name, service in SERVICES.items()
    for one in service.actions
    if one not in OPERATIONS or OPERATIONS[one].on == ()
)
"""What is not in the table answers an empty list, and is about no resource either."""

KNOWN = Known(_ACTIONS, KEYS, _GENERAL, frozenset(KINDS))


def faults_of(text: str, *, trust: bool = False) -> list[Fault]:
    """Return what is wrong with a policy, by line; warnings too."""
    return faults(text, KNOWN, trust=trust)


def lines_of(file: str, some: Sequence[Fault]) -> list[str]:
    """Return faults as lines that name the file."""
    return [visible(f"{file}: {'error' if one.grave else 'warning'}: {one}") for one in some]


def warn_of(files: Sequence[str | None], *, trust: bool = False) -> None:
    """Tell on standard error what policies that were taken can hardly have been meant to say; None is no file."""
    for file in files:
        for line in lines_of(file, faults_of(document(file), trust=trust)) if file else ():
            click.echo(line, err=True)


def action_of(text: str) -> str:
    """Return an action that somebody asks about; one that is of no call is told on standard error.

    SettingError for what is none: it has no wildcards, as in IAM's SimulatePrincipalPolicy [docs].
    """
    if not _ACTION.fullmatch(text):
        raise SettingError(f"{text[:100]!r} is no action: write one, such as ec2:RevokeSecurityGroupIngress")
    for warning in of_action(text, KNOWN):
        click.echo(visible(f"warning: {warning}"), err=True)
    return text
