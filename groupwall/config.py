"""Settings, read once: from the command line, else from GROUPWALL_* variables, else the defaults below."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from groupwall.regions import PARTITION_OF

DEFAULT_ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"
MEMORY = ":memory:"
"""A store that is kept nowhere."""


MOST_DIGITS = 10
MOST_DAYS = 36_500
LEAST_RATE, MOST_RATE = 0.001, 1_000_000


class SettingError(ValueError):
    """A setting that cannot be used; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a server runs; SettingError when the values can't stand together.

    auth: ``open`` believes every request, and so listens on loopback only unless ``allow_open``; ``signed`` verifies
    who calls; ``iam`` also holds each call against the caller's policies.
    data: a folder, or ``:memory:``. log: ``text``, ``json`` or ``off``, of requests.
    retention_days: how long changes are kept in the history, 0 for ever.
    tls_cert, tls_key: files in PEM form; "" for a server without TLS.
    enforce: ``nft`` has an agent beside the server make its rules hold on this machine, ``off`` none.
    requests_per_second: of one caller, 0 for as many as it likes; burst: as many at once, 0 for those of two seconds.
    """

    host: str = "127.0.0.1"
    port: int = 4577
    data: str = "groupwall-data"
    account: str = DEFAULT_ACCOUNT
    region: str = DEFAULT_REGION
    auth: str = "open"
    allow_open: bool = False
    log: str = "text"
    retention_days: int = 400
    tls_cert: str = ""
    tls_key: str = ""
    requests_per_second: float = 0
    burst: int = 0
    enforce: str = "off"

    def __post_init__(self) -> None:
        """Refuse what is no account, region or folder, keys that nobody can have, and an open door to the network."""
        if self.region not in PARTITION_OF:
            message = f"there is no region {self.region!r}"
            raise SettingError(message)
        if not self.data:
            message = "--data must name a folder, or :memory:"
            raise SettingError(message)
        if not 0 <= self.retention_days <= MOST_DAYS:
            message = f"--retention-days must be 0 to {MOST_DAYS}, not {self.retention_days}"
            raise SettingError(message)
        if self.auth != "open" and self.data == MEMORY:
            message = f"--auth {self.auth} needs keys, which `groupwall keys` writes to a folder: name one with --data"
            raise SettingError(message)
        if not (len(self.account) == len(DEFAULT_ACCOUNT) and self.account.isascii() and self.account.isdigit()):
            message = f"the account must have 12 digits, not {self.account!r}"
            raise SettingError(message)
        if self.auth == "open" and not self.allow_open and not is_loopback(self.host):
            message = (
                f"--auth open lets anyone who can reach {self.host} change everything; "
                "use --auth signed or --auth iam, or --allow-open if you mean it"
            )
            raise SettingError(message)
        if self.auth == "open" and self.enforce != "off":
            message = "--enforce nft needs --auth signed or --auth iam: not anyone may change what stops packets"
            raise SettingError(message)
        self._check_edge()

    def _check_edge(self) -> None:
        if bool(self.tls_cert) != bool(self.tls_key):
            message = "TLS needs both --tls-cert and --tls-key"
            raise SettingError(message)
        if self.requests_per_second != 0 and not LEAST_RATE <= self.requests_per_second <= MOST_RATE:
            message = f"--requests-per-second must be 0, or {LEAST_RATE:g} to {MOST_RATE:g}"
            raise SettingError(message)
        if not 0 <= self.burst <= MOST_RATE or (self.burst and not self.requests_per_second):
            message = f"--burst must be 0 to {MOST_RATE:g}, and needs --requests-per-second"
            raise SettingError(message)


def is_loopback(host: str) -> bool:
    """Tell whether an address is of this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Quotas(NamedTuple):
    """How much of each there may be [reference 21, for prefix lists 15; docs].

    AWS keeps groups_per_interface x rules_per_group at most 1,000 [17, docs]; we let them be higher (inferred).
    """

    groups_per_region: int = 2500
    rules_per_group: int = 60
    groups_per_interface: int = 5
    prefix_lists_per_region: int = 100
    entries_per_prefix_list: int = 1000
    peerings_per_vpc: int = 50
    peering_requests_per_vpc: int = 25


def quotas_from(environment: Mapping[str, str]) -> Quotas:
    """Return the quotas, those of GROUPWALL_QUOTA_* in place of AWS's defaults. SettingError for what is no number."""
    defaults = {f"GROUPWALL_QUOTA_{name.upper()}": value for name, value in Quotas()._asdict().items()}
    for name in environment:
        if name.startswith("GROUPWALL_QUOTA_") and name not in defaults:
            message = f"there is no setting {name}; the quotas are {', '.join(defaults)}"
            raise SettingError(message)
    return Quotas(*(_number(environment, name, value) for name, value in defaults.items()))


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < MOST_DIGITS):
        message = f"{name} must be a whole number of less than {MOST_DIGITS} digits, not {text[:20]!r}"
        raise SettingError(message)
    return int(text)
