"""Where to ask, as whom and about which region: from options, else AWS's variables, else AWS's files, else defaults.

What boto3 and the AWS CLI read is read in their order, so that what is set up for them serves here too. Keys alone
are read: what would have to be fetched first (a role, single sign-on, a program) is not.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from groupwall.config import DEFAULT_ACCOUNT, DEFAULT_REGION, SettingError
from groupwall.wire.sigv4 import Credentials

DEFAULT_ENDPOINT = "http://127.0.0.1:4577"
_ENDPOINTS = ("AWS_ENDPOINT_URL_GROUPWALL", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
_KEY, _SECRET, _TOKEN = "aws_access_key_id", "aws_secret_access_key", "aws_session_token"
_FETCHED = ("role_arn", "sso_session", "sso_account_id", "credential_process", "web_identity_token_file")
_ON_THE_LINE = re.compile(r"[\x21-\x7e]+")
_REGION = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class Setup:
    """What a client is made of. ca_bundle: a file of certificates to trust in place of the system's."""

    endpoint: str
    credentials: Credentials
    region: str
    ca_bundle: str | None = None


def setup(
    environment: Mapping[str, str], endpoint: str | None = None, profile: str | None = None, region: str | None = None
) -> Setup:
    """Return where to ask and as whom, what is given before what is configured. SettingError without a secret in it.

    Without any key the id is the default account's number, which a server believes unless it verifies signatures.
    """
    name = profile or environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE")
    entries = _profile(environment, name)
    found = region or _first(environment, _REGIONS) or entries.get("region") or DEFAULT_REGION
    if not _REGION.fullmatch(found):
        raise SettingError(f"{found[:64]!r} is the name of no region")
    return Setup(
        endpoint or _first(environment, _ENDPOINTS) or entries.get("endpoint_url") or DEFAULT_ENDPOINT,
        _credentials(environment, entries, name, explicit=bool(profile)),
        found,
        environment.get("AWS_CA_BUNDLE") or entries.get("ca_bundle"),
    )


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _credentials(
    environment: Mapping[str, str], entries: Mapping[str, str], name: str | None, *, explicit: bool
) -> Credentials:
    """Return the keys of a profile that an option names, else those of the variables, else those of the profile."""
    variables = {entry: environment.get(entry.upper(), "") for entry in (_KEY, _SECRET, _TOKEN)}
    given, where = entries, f"profile {name or 'default'}"
    if not explicit and variables[_KEY]:
        given, where = variables, "the environment"
    if not given.get(_KEY):
        if name and not set(_FETCHED).isdisjoint(entries):
            raise SettingError(f"profile {name} names no access key: roles and sign-on are not followed here")
        return Credentials(DEFAULT_ACCOUNT, "any")
    if not given.get(_SECRET):
        raise SettingError(f"{where} has an access key id without a secret access key")
    token = given.get(_TOKEN) or None
    if not all(_ON_THE_LINE.fullmatch(text) for text in (given[_KEY], token or "-")):
        raise SettingError(f"the access key id or the session token of {where} holds characters that none has")
    return Credentials(given[_KEY], given[_SECRET], token)


def _profile(environment: Mapping[str, str], name: str | None) -> dict[str, str]:
    """Return the entries of a profile, those of the file of credentials before those of the configuration."""
    keys = _sections(environment.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials")
    settings = _sections(environment.get("AWS_CONFIG_FILE") or "~/.aws/config")
    wanted = name or "default"
    below = {wanted, f"profile {wanted}"} if wanted == "default" else {f"profile {wanted}"}
    found = [section for title, section in settings.items() if " ".join(title.split()).replace('"', "") in below]
    found += [keys[wanted]] if wanted in keys else []
    if name and not found:
        raise SettingError(f"there is no profile {name!r} in AWS's files")
    return {entry: value for section in found for entry, value in section.items()}


def _sections(path: str) -> dict[str, dict[str, str]]:
    """Return the sections of one of AWS's files, none where there is no file. SettingError, without its content."""
    file = Path(os.path.expanduser(path))  # noqa: PTH111 - Path's own raises where there is no home
    parser = configparser.RawConfigParser(default_section="", strict=False)
    try:
        parser.read_string(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, configparser.Error):
        raise SettingError(f"{path} cannot be read as one of AWS's files") from None
    return {title: dict(parser[title]) for title in parser.sections()}
