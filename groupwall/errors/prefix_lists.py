"""Prefix lists: reference 3.3, 15."""

from __future__ import annotations

from groupwall.errors.request import ApiError, expecting


def prefix_list_not_found(prefix_list_id: str) -> ApiError:
    """Say that no prefix list has this id: reference 3.3 [live-test][issue]."""
    return ApiError("InvalidPrefixListID.NotFound", f"The prefix list ID '{prefix_list_id}' does not exist")


def service_prefix_list_not_found(prefix_list_id: str) -> ApiError:
    """Say the same for DescribePrefixLists, whose code ends in ``Id``: reference 3.3 [live-test]."""
    return ApiError("InvalidPrefixListId.NotFound", f"The prefix list ID '{prefix_list_id}' does not exist")


def prefix_list_id_malformed(text: str) -> ApiError:
    """Refuse what is not a prefix list id: reference 3.3 [live-test: code], text [inferred]."""
    return expecting("InvalidPrefixListId.Malformed", text, "pl-")


def prefix_list_version_mismatch() -> ApiError:
    """Refuse a change made from an outdated version: reference 15 [issue]."""
    return ApiError("PrefixListVersionMismatch", "The prefix list has the incorrect version number")


def prefix_list_busy(prefix_list_id: str, state: str) -> ApiError:
    """Refuse while an earlier change is under way: reference 15 [issue: the part from ``in the current state``]."""
    message = f"The prefix list '{prefix_list_id}' cannot be changed in the current state ({state})"
    return ApiError("IncorrectState", message)


def prefix_list_max_entries_exceeded() -> ApiError:
    """Refuse entries beyond MaxEntries: reference 15 [issue: code], text [inferred]."""
    message = "The maximum number of entries of the prefix list has been reached."
    return ApiError("PrefixListMaxEntriesExceeded", message)


def prefix_list_modification_invalid(message: str) -> ApiError:
    """Refuse an odd change of entries: reference 15 [issue: code]; the caller brings the text."""
    return ApiError("InvalidPrefixListModification", message)
