"""Errors of flows, the past and what would be: all of them groupwall's own (inferred)."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall.errors.request import ApiError, invalid_value


class NeitherEndIsOursError(ApiError):
    """Told apart from other refusals, since it is none of a past in which neither end was there yet (inferred)."""


def end_malformed(text: str) -> ApiError:
    """Refuse an end of a flow that is neither an id, nor an address, nor a block (inferred)."""
    return invalid_value(
        f"Value ({text}) for an end of the flow is invalid. It must be an interface, an instance, a security group, an"
        " IP address, a CIDR block, or 'anywhere'."
    )


def end_ambiguous(text: str, interface_ids: Sequence[str]) -> ApiError:
    """Refuse an address that interfaces of several VPCs have (inferred)."""
    return invalid_value(f"The address {text} is of several network interfaces: {', '.join(interface_ids)}. Name one.")


def neither_end_is_ours(source: str, destination: str) -> NeitherEndIsOursError:
    """Refuse a flow of which no end is an interface of the account: nothing here decides about it (inferred)."""
    return NeitherEndIsOursError(
        "InvalidParameterValue",
        f"Neither '{source}' nor '{destination}' is a network interface of this account: name an interface, an"
        " instance, a security group, or the address of an interface for one of them.",
    )


def change_not_found(named: int | str) -> ApiError:
    """Say that this account has no change of a revision, or of a request's id, in this Region (inferred)."""
    return ApiError("InvalidChange.NotFound", f"The change '{named}' does not exist")


def revision_to_come(revision: int, newest: int) -> ApiError:
    """Refuse a revision that is not there yet (inferred)."""
    return invalid_value(f"Value ({revision}) for parameter atRevision is invalid. The newest revision is {newest}.")


def change_forgotten(revision: int, oldest: int) -> ApiError:
    """Say that a change is no longer kept, if it was there (inferred)."""
    return ApiError(
        "InvalidChange.NotFound",
        f"The change '{revision}' is no longer kept. The oldest that can be asked for is {oldest}.",
    )


def revision_forgotten(revision: int, oldest: int) -> ApiError:
    """Refuse a revision of which it is no longer known how all was then (inferred)."""
    return invalid_value(
        f"Value ({revision}) for parameter atRevision is invalid. The history is kept from revision {oldest} on."
    )


def call_not_taken(operation: str) -> ApiError:
    """Refuse a call within a request that is no operation of EC2 that changes something (inferred)."""
    return invalid_value(
        f"Value ({operation}) for parameter operation is invalid. A call within the request must be an operation of"
        " EC2 that changes something, and that this server has."
    )


def dry_run_within() -> ApiError:
    """Refuse DryRun of a call within a request: it is the request's to say (inferred)."""
    return ApiError("InvalidParameterCombination", "DryRun is a parameter of the request, not of the calls within it.")


def too_many_calls(most: int) -> ApiError:
    """Refuse a request with more calls than one change may hold (inferred)."""
    return invalid_value(f"A request may hold at most {most} calls.")


def plan_too_large(most: int) -> ApiError:
    """Refuse to plan a cut of traffic that more sets of rules let pass than can be decided about (inferred)."""
    return ApiError(
        "PlanTooLarge", f"More than {most} sets of rules let the traffic pass: ask about fewer ends, or fewer ports."
    )


def revisions_reversed(first: int, last: int) -> ApiError:
    """Refuse a difference from a later revision to an earlier one (inferred)."""
    return invalid_value(f"The revision {first} is later than {last}: name the earlier one first.")


def too_many_heads(most: int) -> ApiError:
    """Refuse more heads than can be compared (inferred)."""
    return invalid_value(f"A request may hold at most {most} heads.")


def finding_kind_unknown(kind: str, kinds: Sequence[str]) -> ApiError:
    """Refuse a kind of finding that there is not (inferred)."""
    return invalid_value(f"Value ({kind}) for parameter kinds is invalid. The kinds are {', '.join(kinds)}.")
