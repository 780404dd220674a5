"""Errors of enforcement: all of them groupwall's own (inferred)."""

from __future__ import annotations

from groupwall.errors.request import ApiError, invalid_value


def wait_invalid(seconds: int, longest: int) -> ApiError:
    """Refuse to wait for so long (inferred)."""
    return invalid_value(f"Value ({seconds}) for parameter wait is invalid. It must be 0 to {longest} seconds.")


def host_name_invalid(name: str) -> ApiError:
    """Refuse the name of a host (inferred)."""
    return invalid_value(
        f"Value ({name}) for parameter host is invalid. It must have 1 to 253 letters, digits, dots, hyphens or"
        " underscores."
    )


def revision_unknown(revision: int, newest: int) -> ApiError:
    """Refuse a revision that is not there yet, or never is (inferred)."""
    return invalid_value(f"Value ({revision}) for parameter revision is invalid. The newest revision is {newest}.")


def host_tells_too_much(longest: int) -> ApiError:
    """Refuse what a host tells beside its revision (inferred)."""
    return invalid_value(
        f"Drifts must be 0 or more, a message has at most {longest} characters, and a series at most 64."
    )


def host_not_found(name: str) -> ApiError:
    """Refuse a host that nobody knows (inferred)."""
    return ApiError("InvalidHost.NotFound", f"The host '{name}' does not exist")


def host_alive(name: str) -> ApiError:
    """Refuse to forget a host that was just heard of: it would be known again at once (inferred)."""
    return ApiError("IncorrectState", f"The host '{name}' is alive. End its agent first.")


def host_taken_over(name: str) -> ApiError:
    """Refuse what an agent tells whose name another one has by now: each would undo what the other told (inferred)."""
    return ApiError("IncorrectState", f"The host '{name}' is another agent's by now. Give each a name: --host.")


def flow_question_not_found(question_id: str) -> ApiError:
    """Refuse the answer to a question that is not open, or not asked of the host (inferred)."""
    message = f"The question {question_id} is not open, or was not asked of this host."
    return ApiError("InvalidFlowQuestion.NotFound", message)


def too_many_flows(most: int) -> ApiError:
    """Refuse what a host tells of flows, more than it may or fewer than it counts (inferred)."""
    return invalid_value(f"At most {most} flows may be told; Count is how many there are.")


def flow_invalid(why: str) -> ApiError:
    """Refuse what is no flow (inferred)."""
    return invalid_value(f"Value for parameter flows is invalid: {why}.")


def flow_of_another_host(interface_id: str) -> ApiError:
    """Refuse a flow at an interface that the host does not enforce (inferred)."""
    return invalid_value(f"Value for parameter flows is invalid: the host does not enforce {interface_id}.")


def too_many_hosts(most: int) -> ApiError:
    """Refuse one host more than a world may have (inferred)."""
    return ApiError("HostLimitExceeded", f"There may be at most {most} hosts.")


def report_malformed(most: int) -> ApiError:
    """Refuse a report of counters that cannot be added up (inferred)."""
    return invalid_value(
        "A report has a series of 1 to 64 characters, a number from 1, and counters that are 0 or more, of at most"
        f" {most} rules."
    )
