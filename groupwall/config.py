"""Settings, read once: from the command line, else from GROUPWALL_* variables, else the defaults below."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"


class SettingError(ValueError):
    """A setting that cannot be used; the message names it."""


class Quotas(NamedTuple):
    """How much of each there may be [reference 21, docs]."""

    groups_per_region: int = 2500
    rules_per_group: int = 60
    groups_per_interface: int = 5


def quotas_from(environment: Mapping[str, str]) -> Quotas:
    """Return the quotas, those of GROUPWALL_QUOTA_* in place of AWS's defaults. SettingError for what is no number."""
    return Quotas(*(_number(environment, f"GROUPWALL_QUOTA_{name.upper()}", value) for name, value in _defaults()))


def _defaults() -> list[tuple[str, int]]:
    return list(Quotas()._asdict().items())


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not (text.isascii() and text.isdigit()):
        message = f"{name} must be a whole number, not {text!r}"
        raise SettingError(message)
    return int(text)
