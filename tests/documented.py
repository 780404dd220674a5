"""What docs/operations.md promises, so that what is seen can be held against it."""

from __future__ import annotations

import re

from groupwall.ops.table import OPERATIONS
from tests.sources import ROOT

_PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
OF_ANY_CALL = frozenset({
    "MissingParameter", "InvalidParameterValue", "UnknownParameter", "MalformedQueryString", "InvalidQueryParameter",
    "DryRunOperation", "InternalError", "ExpectationBroken", "UnauthorizedOperation", "AccessDenied",
    "AuthFailure", "SignatureDoesNotMatch", "InvalidClientTokenId", "RequestExpired", "ExpiredToken",
})  # fmt: skip
"""Codes that the page tells once for all operations."""


def codes(operation: str) -> set[str]:
    """Return the error codes that the page lists for an operation, none for one that it does not describe."""
    section = re.search(rf"^### {operation}\n(.*?)(?=^##|\Z)", _PAGE, re.MULTILINE | re.DOTALL)
    errors = re.search(r"^- Errors: (.*?)(?=^$|^- )", section[1], re.MULTILINE | re.DOTALL) if section else None
    return set(re.findall(r"`([^`]+)`", errors[1])) if errors else set()


def undocumented(operation: str, code: str, *, empty: bool) -> bool:
    """Tell whether a call was refused in a way that the page does not tell of."""
    if empty:
        return not code.endswith((".NotFound", ".Unknown", "NotFound")) and code not in OF_ANY_CALL
    if operation in OPERATIONS and OPERATIONS[operation].calls:
        return f"`{code}`" not in _PAGE and code not in OF_ANY_CALL
    return code not in OF_ANY_CALL | codes(operation)
