"""Errors of changes that are undone or confirmed: all of them groupwall's own (inferred)."""

from __future__ import annotations

from groupwall.errors.request import ApiError


def cannot_undo(revision: int, reason: str) -> ApiError:
    """Refuse to undo a change (inferred)."""
    return ApiError("CannotUndo", f"The change '{revision}' cannot be undone: {reason}.")


def confirmation_not_found(revision: int) -> ApiError:
    """Say that a change was never to be confirmed, or is not there (inferred)."""
    return ApiError(
        "InvalidConfirmation.NotFound", f"The change '{revision}' was not to be confirmed, or does not exist"
    )


def confirmation_too_late(revision: int) -> ApiError:
    """Refuse to confirm a change whose time is over (inferred)."""
    return ApiError(
        "IncorrectState", f"The change '{revision}' was not confirmed in time; DescribeConfirmations tells the rest."
    )
