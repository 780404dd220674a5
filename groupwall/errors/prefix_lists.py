"""Prefix lists: reference 3.3, 15."""

from __future__ import annotations

from groupwall.errors.request import ApiError, expecting, invalid_combination, invalid_value


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


def prefix_list_max_entries_exceeded() -> ApiError:
    """Refuse entries beyond MaxEntries: reference 15 [issue: code], text [inferred]."""
    message = "The maximum number of entries of the prefix list has been reached."
    return ApiError("PrefixListMaxEntriesExceeded", message)


def prefix_list_modification_invalid(message: str) -> ApiError:
    """Refuse an odd change of entries: reference 15 [issue: code]; the caller brings the text."""
    return ApiError("InvalidPrefixListModification", message)


def prefix_list_limit_exceeded() -> ApiError:
    """Refuse one more list than a region may have: reference 15 [docs], code and text [inferred]."""
    message = "The maximum number of prefix lists has been reached."
    return ApiError("PrefixListLimitExceeded", message)


def prefix_list_name_invalid(name: str) -> ApiError:
    """Refuse a name that is empty, too long or AWS's own: reference 15 [model], text [inferred]."""
    message = f"Value ({name}) for parameter prefixListName is invalid. Up to 255 characters, not com.amazonaws first."
    return invalid_value(message)


def prefix_list_size_out_of_range(most: int) -> ApiError:
    """Refuse a MaxEntries that no list can have: reference 15 [docs], text [issue: update-aws-ip-ranges 1]."""
    return invalid_value(f"Must specify a max size between 1 and {most}")


def prefix_list_size_with_entries() -> ApiError:
    """Refuse to resize and to change entries at once: reference 15 [model], text [issue: terraform 26034]."""
    message = "You cannot modify the entries and the maximum entries for the prefix list in the same request."
    return invalid_combination(message)


def prefix_list_entries_per_request(most: int) -> ApiError:
    """Refuse too many entries at once: reference 15 [model], text [issue: terraform 17191, 35371]."""
    return invalid_value(f"The number of entries per request cannot exceeds limit ({most}).")


def prefix_list_cidr_in_both(cidr: str) -> ApiError:
    """Refuse a block that is to come and to go: reference 15 and clients 3, text [issue: terraform's source]."""
    message = f"Request cannot contain Cidr {cidr} in both AddPrefixListEntries and RemovePrefixListEntries"
    return invalid_value(message)


def prefix_list_cidr_repeated(cidr: str) -> ApiError:
    """Refuse a block that a request names twice: reference 15, code and text [inferred]."""
    return invalid_value(f"Request cannot contain Cidr {cidr} more than once")


def prefix_list_version_too_low() -> ApiError:
    """Refuse a version below the first: reference 15, text [issue: pulumi-aws 1784], when [inferred]."""
    return invalid_value("The specified value for version is not valid. The value must be greater than (1).")


def prefix_list_version_unknown(version: int) -> ApiError:
    """Refuse a version that is not kept: reference 15, code and text [inferred]."""
    return invalid_value(f"The specified value for version is not valid. There is no version ({version}).")
