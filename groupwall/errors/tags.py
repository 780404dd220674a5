"""Tags: reference 18."""

from __future__ import annotations

from groupwall.errors.request import ApiError, invalid_value


def invalid_id(text: str) -> ApiError:
    """Refuse to tag what does not exist: reference 18 [live-test: code], text [inferred]."""
    return ApiError("InvalidID", f"The ID '{text}' is not valid")


def tag_resource_type(resource_type: str) -> ApiError:
    """Refuse tags for another type than the call creates: reference 5.3 [moto-test][inferred]."""
    return invalid_value(f"'{resource_type}' is not a valid taggable resource type for this operation.")


def tag_limit_exceeded() -> ApiError:
    """Refuse more than 50 tags of a resource: reference 18 [docs: code], text [inferred]."""
    return ApiError("TagLimitExceeded", "The maximum number of tags per resource has been reached.")


def tag_key_malformed(key: str) -> ApiError:
    """Refuse a tag key: reference 18 [docs: code], text [inferred]."""
    return ApiError("InvalidTagKey.Malformed", f"The tag key '{key}' is malformed")


def tag_key_reserved() -> ApiError:
    """Refuse to write a key that begins with ``aws:``: reference 18 [docs], code and text [inferred]."""
    return invalid_value("Tag keys starting with 'aws:' are reserved for internal use")


def tag_key_twice(key: str) -> ApiError:
    """Refuse a key that is given twice: no row, [issue: cloud-custodian#3792, of tags at creation] 18."""
    return invalid_value(f"Duplicate tag key '{key}' specified.")


def tag_value_too_long() -> ApiError:
    """Refuse a tag value beyond 256 characters: reference 18 [model], text [inferred]."""
    return invalid_value("Tag value exceeds the maximum length of 256 characters")
