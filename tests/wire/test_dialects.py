"""Errors and failed signatures in the two dialects: reference 1.3 and 1.4."""

from __future__ import annotations

import pytest
from botocore.parsers import create_parser
from hypothesis import given

from groupwall.errors import ApiError, permission_duplicate
from groupwall.wire.dialects import EC2, QUERY, Dialect
from groupwall.wire.parse import read_error
from groupwall.wire.sigv4 import Reason, SignatureError
from groupwall.wire.versions import EC2_VERSION, GROUPWALL_VERSION, STS_VERSION
from groupwall.wire.xml import carried
from tests.wire.strategies import ANY_TEXT

REQUEST_ID = "0b0a4d57-00f7-46d1-9be2-4da85221a3db"


def test_an_error_of_ec2_in_its_recorded_form() -> None:
    """One line, no namespace, RequestID, double quotes as they are: reference 1.3 [recorded]."""
    error = permission_duplicate("peer: sg-8b3b99f3, TCP, from port: 0, to port: 65535, ALLOW")
    assert EC2.error(error, REQUEST_ID, EC2_VERSION).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<Response><Errors><Error><Code>InvalidPermission.Duplicate</Code><Message>the specified rule "
        '"peer: sg-8b3b99f3, TCP, from port: 0, to port: 65535, ALLOW" already exists</Message></Error></Errors>'
        "<RequestID>0b0a4d57-00f7-46d1-9be2-4da85221a3db</RequestID></Response>"
    )


@pytest.mark.parametrize(("status", "side"), [(400, "Sender"), (403, "Sender"), (500, "Receiver"), (503, "Receiver")])
def test_an_error_of_the_query_dialect(status: int, side: str) -> None:
    """The query form says whose fault it was and has the namespace of its service [docs]."""
    assert QUERY.error(ApiError("Code", "a < b", status), REQUEST_ID, STS_VERSION).decode() == (
        '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n'
        "  <Error>\n"
        f"    <Type>{side}</Type>\n"
        "    <Code>Code</Code>\n"
        "    <Message>a &lt; b</Message>\n"
        "  </Error>\n"
        f"  <RequestId>{REQUEST_ID}</RequestId>\n"
        "</ErrorResponse>\n"
    )


@pytest.mark.parametrize(("dialect", "version"), [(EC2, EC2_VERSION), (QUERY, STS_VERSION), (QUERY, GROUPWALL_VERSION)])
@given(message=ANY_TEXT)
def test_every_error_can_be_read(dialect: Dialect, version: str, message: str) -> None:
    """Both botocore's parser and our own client get code and message back, whatever text is in them."""
    body = dialect.error(ApiError("Some.Code", message), REQUEST_ID, version)
    theirs = create_parser(dialect.name).parse({"body": body, "headers": {}, "status_code": 400}, None)
    ours = read_error(body, 400)
    expected = ("Some.Code", carried(message))
    assert (theirs["Error"]["Code"], theirs["Error"]["Message"] or "") == expected
    assert (ours.code, ours.message) == expected
    assert theirs["ResponseMetadata"]["RequestId"] == REQUEST_ID


@pytest.mark.parametrize(
    ("reason", "ec2", "query"),
    [
        (Reason.UNSIGNED, ("MissingAuthenticationToken", 403), ("MissingAuthenticationToken", 403)),
        (Reason.INCOMPLETE, ("IncompleteSignature", 403), ("IncompleteSignature", 403)),
        (Reason.UNKNOWN_KEY, ("AuthFailure", 401), ("InvalidClientTokenId", 403)),
        (Reason.MISMATCH, ("AuthFailure", 401), ("SignatureDoesNotMatch", 403)),
        (Reason.SCOPE, ("AuthFailure", 401), ("SignatureDoesNotMatch", 403)),
        (Reason.EXPIRED, ("RequestExpired", 400), ("SignatureDoesNotMatch", 403)),
    ],
)
def test_failed_signatures(reason: Reason, ec2: tuple[str, int], query: tuple[str, int]) -> None:
    """Each dialect has its own code and status for a failed signature: reference 1.4 [docs][inferred: status]."""
    answers = [dialect.refuse(SignatureError(reason)) for dialect in (EC2, QUERY)]
    assert [(answer.code, answer.status) for answer in answers] == [ec2, query]


def test_every_reason_has_an_answer() -> None:
    """No way to fail a signature is left without an answer."""
    assert set(EC2.refusals) == set(QUERY.refusals) == set(Reason)


def test_the_text_of_an_auth_failure() -> None:
    """EC2's text for a key or signature that is wrong: reference 1.4 [docs]."""
    failure = EC2.refuse(SignatureError(Reason.MISMATCH))
    assert failure.message == "AWS was not able to validate the provided access credentials"
