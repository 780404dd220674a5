"""Instances: reference 3.3, 17; most texts are those that people met and reported."""

from __future__ import annotations

from groupwall.errors.request import ApiError, expecting, invalid_combination, invalid_value


def instance_not_found(instance_id: str) -> ApiError:
    """Say that no instance has this id: [inferred] from the form of the others in reference 3.3."""
    return ApiError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")


def instance_id_malformed(text: str) -> ApiError:
    """Refuse what is not an instance id: no row [issue: ClusterLabs/cluster-glue#29]; the text's end [inferred]."""
    return expecting("InvalidInstanceID.Malformed", text, "i-")


def image_id_malformed(text: str) -> ApiError:
    """Refuse what is not an image id: no row of the reference [issue: terraform#22172]."""
    return expecting("InvalidAMIID.Malformed", text, "ami-")


def instance_not_startable(instance_id: str) -> ApiError:
    """Refuse to start a terminated instance: no row [docs: code][issue: burstable-ai/burst#42]."""
    message = f"The instance '{instance_id}' is not in a state from which it can be started."
    return ApiError("IncorrectInstanceState", message)


def instance_not_stoppable(instance_id: str) -> ApiError:
    """Refuse to stop a terminated instance: no row [docs: code], text [inferred] from that of a start."""
    message = f"The instance '{instance_id}' is not in a state from which it can be stopped."
    return ApiError("IncorrectInstanceState", message)


def instance_not_stopped(instance_id: str) -> ApiError:
    """Refuse to change what only a stopped instance lets be changed: no row [docs: code], text [inferred]."""
    return ApiError("IncorrectInstanceState", f"The instance '{instance_id}' is not in the 'stopped' state.")


def instance_terminated(instance_id: str) -> ApiError:
    """Refuse to change an instance that is terminated: no row [docs: code], text [inferred]."""
    return ApiError("IncorrectInstanceState", f"The instance '{instance_id}' is in the 'terminated' state.")


def instance_termination_protected(instance_id: str) -> ApiError:
    """Refuse to terminate a protected instance: no row of the reference [issue: aws-nuke#279]."""
    return _protected(instance_id, "terminated", "disableApiTermination")


def instance_stop_protected(instance_id: str) -> ApiError:
    """Refuse to stop a protected instance: no row of the reference [issue: cloud-custodian#10594]."""
    return _protected(instance_id, "stopped", "disableApiStop")


def _protected(instance_id: str, done: str, attribute: str) -> ApiError:
    message = f"The instance '{instance_id}' may not be {done}. Modify its '{attribute}' instance attribute"
    return ApiError("OperationNotPermitted", f"{message} and try again.")


def several_interfaces(instance_id: str) -> ApiError:
    """Refuse to guess which interface is meant: no row of the reference [issue: nixops-aws#55]."""
    message = f"There are multiple interfaces attached to instance '{instance_id}'."
    return ApiError("InvalidInstanceID", f"{message} Please specify an interface ID for the operation instead.")


def no_default_vpc_for_names() -> ApiError:
    """Refuse a launch by group name in an account without a default VPC: reference 3.3 [recorded]."""
    message = "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC."
    return ApiError("VPCIdNotSpecified", message)


def no_default_subnet(vpc_id: str) -> ApiError:
    """Ask for a subnet where the default VPC has no default one: no row [issue: terraform-aws-ec2-instance#50]."""
    return ApiError("MissingInput", f"No subnets found for the default VPC '{vpc_id}'. Please specify a subnet.")


def groups_per_instance_limit_exceeded() -> ApiError:
    """Refuse groups beyond the quota at a launch: reference 17 [docs: code], text [inferred] from an interface's."""
    message = "The maximum number of security groups per instance has been reached."
    return ApiError("SecurityGroupsPerInstanceLimitExceeded", message)


def instance_level_besides_interfaces(what: str) -> ApiError:
    """Refuse a subnet or groups beside interfaces: no row [issue: aws-cli#518]; for others [inferred]."""
    message = f"Network interfaces and an instance-level {what} may not be specified on the same request"
    return invalid_combination(message)


def group_names_with_subnet() -> ApiError:
    """Refuse groups by name beside a subnet: no row of the reference [issue: aws-cli#2453]."""
    return invalid_combination("The parameter groupName cannot be used with the parameter subnet")


def instance_limit_exceeded(asked: int, limit: int) -> ApiError:
    """Refuse more instances than one call launches: no row [docs: code], text [inferred]."""
    message = f"You have requested more instances ({asked}) than the limit of {limit} of one request allows."
    return ApiError("InstanceLimitExceeded", message)


def script_malformed() -> ApiError:
    """Refuse a UserData that is not base64: no row of the reference [issue: ManageIQ/manageiq#7344]."""
    return invalid_value("Invalid BASE64 encoding of user data")


def script_too_long(limit: int) -> ApiError:
    """Refuse a long UserData: no row of the reference [issue: runs-on#9]."""
    return invalid_value(f"User data is limited to {limit} bytes.")
