"""The two dialects as values: how each writes a reply and an error, and what it calls a failed signature.

Statuses and codes of failed signatures: reference 1.4 [docs][inferred: status]. Their texts are what the SDKs' users
see from AWS [inferred], except for EC2's AuthFailure, whose text stands in the reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from groupwall.errors import ApiError
from groupwall.wire.envelopes import ec2_error, ec2_frame, query_error, query_frame
from groupwall.wire.sigv4 import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from groupwall.wire.sigv4 import SignatureError

Refusal = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one protocol writes.

    indent, depth: of the members of a result. frame: (action, request id, version, has_members) -> what stands before
    and after them. error: (error, request id, version) -> body. refusals: code, message and HTTP status by reason.
    """

    name: str
    content_type: str
    indent: str
    depth: int
    frame: Callable[..., tuple[str, str]]
    error: Callable[[ApiError, str, str], bytes]
    refusals: dict[Reason, Refusal]

    def refuse(self, failure: SignatureError) -> ApiError:
        """Return the error that a failed signature is answered with."""
        return ApiError(*self.refusals[failure.reason])


_FORM: dict[Reason, Refusal] = {
    Reason.UNSIGNED: ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
    Reason.INCOMPLETE: ("IncompleteSignature", "The request signature does not conform to AWS standards.", 403),
}
_AUTH_FAILURE = ("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
_MISMATCH = (
    "SignatureDoesNotMatch",
    (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    ),
    403,
)
_TOKEN_INVALID = ("InvalidClientTokenId", "The security token included in the request is invalid.", 403)

EC2 = Dialect(
    "ec2", "text/xml;charset=UTF-8", "    ", 1, ec2_frame, ec2_error,
    {
        **_FORM,
        Reason.UNKNOWN_KEY: _AUTH_FAILURE,
        Reason.MISMATCH: _AUTH_FAILURE,
        Reason.SCOPE: _AUTH_FAILURE,
        Reason.EXPIRED: ("RequestExpired", "Request has expired.", 400),
        Reason.ENDED: ("RequestExpired", "Request has expired.", 400),  # inferred: the nearest of reference 1.4
    },
)  # fmt: skip

QUERY = Dialect(
    "query", "text/xml", "  ", 2, query_frame, query_error,
    {
        **_FORM,
        Reason.UNKNOWN_KEY: _TOKEN_INVALID,
        Reason.MISMATCH: _MISMATCH,
        Reason.SCOPE: ("SignatureDoesNotMatch", "Credential should be scoped to a valid region and service.", 403),
        Reason.EXPIRED: ("SignatureDoesNotMatch", "Signature expired or not yet valid.", 403),
        Reason.ENDED: ("ExpiredToken", "The security token included in the request is expired", 403),  # inferred
    },
)  # fmt: skip
