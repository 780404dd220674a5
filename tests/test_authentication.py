"""Who calls, and for which world: believed or verified."""

from __future__ import annotations

import pytest

from groupwall.authentication import Identity, Open, Signed, refuse_browsers
from groupwall.errors import ApiError
from groupwall.store.entities import AccessKey, World
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Credentials, Reason, SignatureError, sign
from tests.driver import NOW

DEFAULT = "123456789012"
KEY = AccessKey("AKIAEXAMPLE", "210987654321", "alice", "Active", 0)


def request(*headers: tuple[str, str], query: str = "") -> Request:
    """Return a request without a signature."""
    return Request("POST", "/", query, (("host", "localhost"), *headers), b"")


def signed(key_id: str = "AKIAEXAMPLE", region: str = "us-east-1", service: str = "ec2", **given: str) -> Request:
    """Return a signed request."""
    credentials = Credentials(key_id, given.get("secret", "secret"), given.get("token"))
    return sign(request(), credentials, region, service, NOW)


def believed(asked: Request) -> Identity:
    """Return who an open server takes the caller for."""
    return Open(DEFAULT, "eu-west-1", lambda: b"seal")(asked, "ec2", NOW)


def verified(asked: Request, key: AccessKey | None = KEY) -> Identity:
    """Return who a server that knows one key takes the caller for."""
    known = {key.id: (key, "secret")} if key else {}
    return Signed(known.get, lambda: b"seal", bound=False)(asked, "ec2", NOW)


@pytest.mark.parametrize(
    ("key_id", "account"),
    [("111122223333", "111122223333"), ("AKIAEXAMPLE", DEFAULT), ("11112222333", DEFAULT), ("1111222233334", DEFAULT)],
)
def test_twelve_digits_are_the_account(key_id: str, account: str) -> None:
    """An open server takes an access key id of 12 digits for the account (inferred)."""
    identity = believed(signed(key_id, "ap-south-1", secret="whatever"))  # noqa: S106 - none
    assert identity.world == World(account, "ap-south-1")
    assert identity.caller.arn == f"arn:aws:iam::{account}:root"


@pytest.mark.parametrize("header", ["", "Basic YTpi", "AWS4-HMAC-SHA256 nonsense", "AWS 111122223333:signature"])
def test_what_cannot_be_read_is_the_default(header: str) -> None:
    """An open server takes a request that is unsigned, or signed in a way it cannot read, for its own (inferred)."""
    assert believed(request(("authorization", header))).world == World(DEFAULT, "eu-west-1")
    assert believed(request()).world == World(DEFAULT, "eu-west-1")


def test_partitions_follow_the_region() -> None:
    """The ARN of a caller in China names China's partition (inferred)."""
    assert believed(signed(region="cn-north-1")).caller.arn == f"arn:aws-cn:iam::{DEFAULT}:root"


@pytest.mark.parametrize("answer", [believed, verified])
def test_an_unknown_region_is_refused(answer: object) -> None:
    """A region that AWS does not have is refused, open or not (inferred)."""
    assert callable(answer)
    with pytest.raises(SignatureError) as caught:
        answer(signed(region="nowhere-1"))
    assert caught.value.reason is Reason.SCOPE


def test_a_verified_caller_is_the_keys_user() -> None:
    """The key tells account and user, the signature the region (inferred)."""
    identity = verified(signed(region="eu-west-1"))
    assert identity.world == World("210987654321", "eu-west-1")
    assert identity.caller.arn == "arn:aws:iam::210987654321:user/alice"


@pytest.mark.parametrize(
    ("asked", "key", "reason"),
    [
        (request(), KEY, Reason.UNSIGNED),
        (signed(service="sts"), KEY, Reason.SCOPE),
        (signed("AKIAOTHER"), KEY, Reason.UNKNOWN_KEY),
        (signed(), KEY._replace(status="Inactive"), Reason.UNKNOWN_KEY),
        (signed(token="a-token"), KEY, Reason.UNKNOWN_KEY),  # noqa: S106 - none
        (signed(secret="wrong"), KEY, Reason.MISMATCH),  # noqa: S106 - none
        (request(("authorization", "AWS4-HMAC-SHA256 nonsense")), KEY, Reason.INCOMPLETE),
    ],
)  # fmt: skip
def test_who_cannot_be_verified_is_refused(asked: Request, key: AccessKey, reason: Reason) -> None:
    """Each way of not being a known caller has its reason: reference 1.4 [docs]."""
    with pytest.raises(SignatureError) as caught:
        verified(asked, key)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    "headers",
    [
        [("origin", "null")],
        [("referer", "https://example.com/")],
        [("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "none"), ("origin", "https://example.com")],
        [("sec-fetch-site", "none"), ("sec-fetch-mode", "cors")],
        [("sec-fetch-dest", "image")],
        [("sec-fetch-mode", "no-cors")],
        [("origin", "")],
    ],
)
def test_a_page_is_refused(headers: list[tuple[str, str]]) -> None:
    """A request with any mark of having been sent by a page is refused by an open server (inferred)."""
    with pytest.raises(ApiError) as caught:
        believed(request(*headers))
    assert (caught.value.code, caught.value.status) == ("UnauthorizedOperation", 403)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("sec-fetch-site", "none")],
        [("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        [("user-agent", "Mozilla/5.0")],
    ],
)
def test_no_page_no_refusal(headers: list[tuple[str, str]]) -> None:
    """A request without such a mark is no page's (inferred)."""
    refuse_browsers(request(*headers))


def named(*hosts: str) -> Identity:
    """Return who an open server takes the caller for that came under these names."""
    asked = Request("GET", "/", "", tuple(("host", host) for host in hosts), b"")
    return Open(DEFAULT, "eu-west-1", lambda: b"seal", loopback_only=True)(asked, "ec2", NOW)


@pytest.mark.parametrize("host", ["localhost", "LocalHost:4577", "127.0.0.1", "127.1.2.3:80", "[::1]:4577", "[::1]"])
def test_this_machine_is_served(host: str) -> None:
    """Names that mean this machine alone are served at any port, and so is no name at all (inferred)."""
    assert named(host) == named()


@pytest.mark.parametrize(
    "hosts",
    [
        ["evil.example"], ["127.0.0.1.evil.example:4577"], ["localhost.evil.example"], ["evil.example@localhost"], [""],
        ["192.168.0.1"], ["0.0.0.0:80"], ["[::]"], ["localhost:80:80"], ["[::1"], ["localhost", "evil.example"],
        ["2130706433"],
    ],
)  # fmt: skip
def test_another_name_is_refused(hosts: list[str]) -> None:
    """A page that has its own name point to this machine gets nothing: DESIGN.md decision 12."""
    with pytest.raises(ApiError, match="--allow-open") as caught:
        named(*hosts)
    assert (caught.value.code, caught.value.status) == ("UnauthorizedOperation", 403)


def test_a_key_is_remembered_for_a_moment() -> None:
    """Within a second a key is looked up once; then again, also when the clock was set back (inferred)."""
    asked: list[str] = []

    def find(key_id: str) -> tuple[AccessKey, str]:
        asked.append(key_id)
        return KEY, "secret"

    authenticate = Signed(find, lambda: b"seal", bound=False)
    for now, lookups in ((NOW, 1), (NOW + 999, 1), (NOW + 1000, 2), (NOW - 1000, 3)):
        authenticate(signed(), "ec2", now)
        assert len(asked) == lookups
