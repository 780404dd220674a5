"""What stands around a result or an error: one pair of functions for each dialect.

    ec2_frame, ec2_error        EC2: reference 1.2 and 1.3 [recorded]
    query_frame, query_error    STS and groupwall: the layout of AWS's documentation samples [docs]

A frame is what stands before and after the elements that ``xml.members_writer`` wrote, two levels in for query and one
for ec2. has_members: whether the operation has an output shape at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from groupwall.wire.versions import namespace
from groupwall.wire.xml import escape

if TYPE_CHECKING:
    from groupwall.errors import ApiError

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SERVER_FAULT = 500


def ec2_frame(action: str, request_id: str, version: str, *, has_members: bool) -> tuple[str, str]:
    """Return the frame of a reply of EC2; an operation without output answers true: clients 2.3."""
    inner = "" if has_members else "    <return>true</return>\n"
    return (
        f'{_DECLARATION}<{action}Response xmlns="{namespace(version)}">\n'
        f"    <requestId>{request_id}</requestId>\n{inner}"
    ), f"</{action}Response>\n"


def ec2_error(error: ApiError, request_id: str, version: str) -> bytes:  # noqa: ARG001 - EC2's has no namespace
    """Return an error of EC2: in one line, without a namespace."""
    return (
        f"{_DECLARATION}<Response><Errors><Error><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error></Errors><RequestID>{request_id}</RequestID></Response>"
    ).encode()


def query_frame(action: str, request_id: str, version: str, *, has_members: bool) -> tuple[str, str]:
    """Return the frame of a reply of the query dialect."""
    before, after = (f"  <{action}Result>\n", f"  </{action}Result>\n") if has_members else ("", "")
    return f'<{action}Response xmlns="{namespace(version)}">\n{before}', (
        f"{after}  <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n"
        f"</{action}Response>\n"
    )


def query_error(error: ApiError, request_id: str, version: str) -> bytes:
    """Return an error of the query dialect, which says whose fault it was."""
    side = "Receiver" if error.status >= _SERVER_FAULT else "Sender"
    return (
        f'<ErrorResponse xmlns="{namespace(version)}">\n  <Error>\n    <Type>{side}</Type>\n'
        f"    <Code>{escape(error.code)}</Code>\n    <Message>{escape(error.message)}</Message>\n  </Error>\n"
        f"  <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
    ).encode()
