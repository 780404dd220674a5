"""What stands in for credentials and a region, so that a client can be made where nobody configured any.

Without them botocore looks for a role of this machine on the network, and gives up only after seconds. They stand in
the environment, since that is where a client made by somebody else's code looks.
"""

from __future__ import annotations

import os

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError

ACCESS_KEY_ID = "groupwall"
"""No account's number, so that it means the account of whichever wall answers."""

_SOURCES = frozenset({
    "aws_access_key_id", "credential_process", "login_session", "role_arn", "sso_account_id", "sso_session",
    "sso_start_url", "web_identity_token_file",
})  # fmt: skip
"""Entries of a profile that lead to credentials."""


def configured_region() -> str | None:
    """Return the region that a client gets when it is made without one."""
    try:
        region: str | None = _configuration().get_config_variable("region")
    except BotoCoreError:  # such as a profile that is not there: botocore says so itself when a client is made
        return None
    return region


def _configuration() -> botocore.session.Session:
    """Return a session to read the configuration with; without the handlers that would take milliseconds to set up."""
    return botocore.session.Session(include_builtin_handlers=False)


def has_credentials() -> bool:
    """Tell whether anything is configured that leads to credentials, without following it."""
    if os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return True
    try:
        return not _SOURCES.isdisjoint(_configuration().get_scoped_config())
    except BotoCoreError:
        return True  # as above


class Variables:
    """The variables that let a client be made in a region, and what they were before."""

    def __init__(self, region: str) -> None:
        self._set: dict[str, tuple[str, str | None]] = {}
        if configured_region() != region:
            self._put("AWS_DEFAULT_REGION", region)
        if not has_credentials():
            self._put("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            self._put("AWS_SECRET_ACCESS_KEY", ACCESS_KEY_ID)

    def _put(self, name: str, value: str) -> None:
        self._set[name] = (value, os.environ.get(name))
        os.environ[name] = value

    def restore(self) -> None:
        """Put each back, but for one that somebody else has set in the meantime."""
        for name, (value, before) in self._set.items():
            if os.environ.get(name) != value:
                continue
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before


class DefaultSession:
    """boto3's default session as it was: it would remember for good the credentials that stand in."""

    def __init__(self) -> None:
        self._session = boto3.DEFAULT_SESSION
        self._credentials = self._session and self._session._session._credentials  # noqa: SLF001 - asking could fetch some

    def restore(self) -> None:
        """Put it back, with the credentials that it knew."""
        boto3.DEFAULT_SESSION = self._session
        if self._session:
            self._session._session._credentials = self._credentials  # noqa: SLF001 - as above
