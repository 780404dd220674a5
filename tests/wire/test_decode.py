"""Requests as they arrive: reading, refusing, and which dialect a refusal is told in: reference 1.1 and 1.4."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.wire.decode import Decoded, dialect_of, read
from groupwall.wire.dialects import EC2, QUERY
from groupwall.wire.limits import BODY_BYTES, PARAMETERS
from groupwall.wire.message import Request
from groupwall.wire.pairs import split
from groupwall.wire.versions import EC2_VERSION, GROUPWALL_VERSION, STS_VERSION

V = "Version=2016-11-15"
VPCS = f"Action=DescribeVpcs&{V}"


def post(body: str | bytes, query: str = "") -> Request:
    """Return a POST of a form."""
    return Request("POST", "/", query, (), body.encode() if isinstance(body, str) else body)


def get(query: str) -> Request:
    """Return a GET with a query string."""
    return Request("GET", "/", query, (), b"")


@pytest.mark.parametrize(
    "request_",
    [
        post(f"{VPCS}&VpcId.1=vpc-1"), get(f"{VPCS}&VpcId.1=vpc-1"), post("VpcId.1=vpc-1", VPCS),
        post(f"&&{VPCS}&VpcId.1=vpc-1&"), post(f"VpcId.1=vpc%2D1&{VPCS}"), post(f"{VPCS}&VpcId.1=vpc-1&X-Amz-Date=x"),
    ],
)  # fmt: skip
def test_form_and_query_string_both_count(request_: Request) -> None:
    """Parameters come in the body, in the query string or in both: reference 1.1 [docs]."""
    action, version, params = read(request_)
    assert (action.name, version, params) == ("DescribeVpcs", EC2_VERSION, {"VpcIds": ["vpc-1"]})


def test_an_old_version_is_kept_for_the_reply() -> None:
    """The version asked is what the reply's namespace echoes: reference 1.2 [recorded]."""
    decoded = read(get("Action=DescribeVpcs&Version=2014-10-01"))
    assert isinstance(decoded, Decoded)
    assert decoded.version == "2014-10-01"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a+b", "a b"), ("a%2Bb", "a+b"), ("a%20b", "a b"), ("a%3Db", "a=b"), ("a=b", "a=b"), ("%C3%A9", "\u00e9"),
        ("\u00e9", "\u00e9"), ("%e2%82%ac", "\u20ac"), ("%F0%9F%98%80", "\U0001f600"), ("%0A%0D%09", "\n\r\t"),
        ("", ""),
        ("%25zz", "%zz"),
    ],
)  # fmt: skip
def test_values_are_decoded(text: str, value: str) -> None:
    """Percent escapes of UTF-8 and plus signs are decoded once: reference 1.1 [recorded]."""
    assert read(post(f"{VPCS}&NextToken={text}")).params == {"NextToken": value}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")), st.booleans())
def test_any_text_is_decoded_as_urllib_does(text: str, plus: bool) -> None:  # noqa: FBT001 - drawn
    """What urllib encodes, with plus signs or without, is what is read."""
    encoded = (quote_plus if plus else quote)(text, safe="")
    assert split(f"{encoded}={encoded}") == {text: text}
    assert split(f"a={quote(text, safe='=')}") == {"a": text}


MALFORMED = "MalformedQueryString"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ("", "MissingAction", "The request is missing an action or operation parameter."),
        ("Action=&Version=2016-11-15", "MissingAction", "The request is missing an action or operation parameter."),
        ("Action=DescribeVpcs", "MissingParameter", "The request must contain the parameter Version"),
        ("Action=DescribeVpcs&Version=1", "NoSuchVersion", "The requested version (1) of the service is not valid."),
        ("Action=X&Version=2016-11-15", "InvalidAction", "The action X is not valid for this web service."),
        (f"Action=AllocateAddress&{V}", "UnsupportedOperation", "The operation AllocateAddress is not supported."),
        (f"{VPCS}&VpcId.1=a&VpcId.1=b", "InvalidQueryParameter", "A parameter may be given only once in a request."),
        (f"{VPCS}&Action=DescribeVpcs", "InvalidQueryParameter", "A parameter may be given only once in a request."),
        (f"{VPCS}&A=%", MALFORMED, None), (f"{VPCS}&A=%4", MALFORMED, None), (f"{VPCS}&A=%4g", MALFORMED, None),
        (f"{VPCS}&%zz=1", MALFORMED, None), (f"{VPCS}&A=%FF", MALFORMED, None), (f"{VPCS}&A=%C3", MALFORMED, None),
        (f"{VPCS}&A=%ED%A0%80", MALFORMED, None), (f"{VPCS}&A=%C0%80", MALFORMED, None),
        (b"Action=\xff&Version=2016-11-15", MALFORMED, None), (b"A=\xc3%A9", MALFORMED, None),
        (f"{VPCS}&A=%00", MALFORMED, None), (f"{VPCS}&A=\x00", MALFORMED, None), (f"{VPCS}&A=%1f", MALFORMED, None),
        (f"{VPCS}&A=%EF%BF%BF", MALFORMED, None), (f"{VPCS}&A=\ufffe", MALFORMED, None),
        (f"{VPCS}&%0B=1", MALFORMED, None),
        ('{"Action": "DescribeVpcs"}', "MissingAction", None),
        (b"a" * (BODY_BYTES + 1), "InvalidParameterValue", "The request is larger than 1048576 bytes."),
        ("&" * PARAMETERS, "InvalidParameterValue", "The request has more than 10000 parameters."),
    ],
)  # fmt: skip
def test_what_is_refused(body: str | bytes, code: str, message: str | None) -> None:
    """A request that cannot be read is refused with 400 and says why: reference 1.4."""
    with pytest.raises(ApiError) as caught:
        read(post(body))
    assert (caught.value.code, caught.value.status) == (code, 400)
    assert message in (None, caught.value.message)


def test_a_query_string_that_is_not_text_is_refused() -> None:
    """A lone surrogate, as a server may make of raw bytes, is malformed and no fault of ours: inferred."""
    with pytest.raises(ApiError, match=MALFORMED):
        read(get(f"{VPCS}&A=\udc80"))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (post("Action=X&Version=2011-06-15"), (QUERY, STS_VERSION)),
        (post("Version=2026-11-01&Action=%zz"), (QUERY, GROUPWALL_VERSION)),
        (get("Action=X&Version=2014-10-01&A"), (EC2, "2014-10-01")),
        (get("Action=X&Version=1999-01-01"), (EC2, EC2_VERSION)),
        (post(b"\xff\xfe"), (EC2, EC2_VERSION)),
        (post(""), (EC2, EC2_VERSION)),
    ],
)
def test_the_dialect_of_a_refusal(request_: Request, expected: tuple[object, str]) -> None:
    """A request that cannot be read is answered by its Version where one is seen, otherwise as EC2 does: inferred."""
    assert dialect_of(request_) == expected
