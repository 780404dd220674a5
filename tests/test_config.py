"""Settings and quotas: what may be set, and what is refused."""

from __future__ import annotations

import pytest

from groupwall.config import DEFAULT_ACCOUNT, DEFAULT_REGION, Quotas, SettingError, Settings, is_loopback, quotas_from


def test_the_defaults_are_safe() -> None:
    """Nothing set means open to this machine alone, in a folder of the working directory (inferred)."""
    settings = Settings()
    assert (settings.host, settings.port, settings.auth, settings.allow_open) == ("127.0.0.1", 4577, "open", False)
    assert (settings.account, settings.region) == (DEFAULT_ACCOUNT, DEFAULT_REGION)


@pytest.mark.parametrize(
    "account",
    [
        "",
        "1",
        "12345678901",
        "1234567890123",
        "12345678901a",
        "\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11",
        "-12345678901",
    ],
)
def test_an_account_has_twelve_digits(account: str) -> None:
    """Anything but 12 ASCII digits is no account (inferred)."""
    with pytest.raises(SettingError, match="the account must have 12 digits"):
        Settings(account=account)


@pytest.mark.parametrize("days", [-1, 36_501])
def test_the_history_is_kept_for_a_number_of_days(days: int) -> None:
    """The history is kept 400 days unless another number is set; 0 is for ever (inferred)."""
    assert Settings().retention_days == 400
    with pytest.raises(SettingError, match="--retention-days must be 0 to 36500"):
        Settings(retention_days=days)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "::1", "localhost"])
def test_this_machine_may_be_open(host: str) -> None:
    """A loopback address needs no leave (inferred)."""
    assert is_loopback(host)
    Settings(host=host)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "10.0.0.1", "192.0.2.1", "example.com", "localhost.example.com", "", "127.1", "::ffff:7f00:1"],  # noqa: S104
)
def test_the_network_is_let_in_only_on_purpose(host: str) -> None:
    """Any host that is not surely loopback needs --allow-open or --auth signed: users 5.3."""
    assert not is_loopback(host)
    with pytest.raises(SettingError, match="--auth open lets anyone"):
        Settings(host=host)
    Settings(host=host, allow_open=True)
    Settings(host=host, auth="signed")


def test_quotas_come_from_the_environment() -> None:
    """A variable sets its quota, the others keep AWS's default: reference 21 [docs]."""
    assert quotas_from({}) == Quotas(2500, 60, 5, 100, 1000, 50, 25)
    assert quotas_from({"GROUPWALL_QUOTA_RULES_PER_GROUP": "7", "HOME": "/"}) == Quotas(rules_per_group=7)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "many", " 7", "\uff17"])
def test_a_quota_is_a_whole_number(text: str) -> None:
    """What is no number is refused by the name of its variable (inferred)."""
    with pytest.raises(SettingError, match="GROUPWALL_QUOTA_GROUPS_PER_REGION must be a whole number"):
        quotas_from({"GROUPWALL_QUOTA_GROUPS_PER_REGION": text})
