"""What stands around a result or an error: one pair of functions for each dialect.

    ec2_reply, ec2_error        EC2: reference 1.2 and 1.3 [recorded]
    query_reply, query_error    STS and groupwall: the layout of AWS's documentation samples [docs]

``elements`` is what ``xml.members_writer`` wrote, two levels in for query and one for ec2; None for an operation that
has no output shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from groupwall.wire.versions import namespace
from groupwall.wire.xml import escape

if TYPE_CHECKING:
    from groupwall.errors import ApiError

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SERVER_FAULT = 500


def ec2_reply(action: str, elements: str | None, request_id: str, version: str) -> bytes:
    """Return a reply of EC2; an operation without output answers true: clients 2.3."""
    inner = "    <return>true</return>\n" if elements is None else elements
    return (
        f'{_DECLARATION}<{action}Response xmlns="{namespace(version)}">\n'
        f"    <requestId>{request_id}</requestId>\n{inner}</{action}Response>\n"
    ).encode()


def ec2_error(error: ApiError, request_id: str, version: str) -> bytes:  # noqa: ARG001 - EC2's has no namespace
    """Return an error of EC2: in one line, without a namespace."""
    return (
        f"{_DECLARATION}<Response><Errors><Error><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
    ).encode()


def query_reply(action: str, elements: str | None, request_id: str, version: str) -> bytes:
    """Return a reply of the query dialect."""
    inner = "" if elements is None else f"  <{action}Result>\n{elements}  </{action}Result>\n"
    return (
        f'<{action}Response xmlns="{namespace(version)}">\n{inner}'
        f"  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</{action}Response>\n"
    ).encode()


def query_error(error: ApiError, request_id: str, version: str) -> bytes:
    """Return an error of the query dialect, which says whose fault it was."""
    side = "Receiver" if error.status >= _SERVER_FAULT else "Sender"
    return (
        f'<ErrorResponse xmlns="{namespace(version)}">\n  <Error>\n    <Type>{side}</Type>\n'
        f"    <Code>{escape(error.code)}</Code>\n    <Message>{escape(error.message)}</Message>\n  </Error>\n"
        f"  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
    ).encode()
