"""The attributes of an instance: one described, one modified at a time [model, reference 17]."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.iam.facts import Said
from groupwall.ops.groups.memberships import groups_touched, set_groups
from groupwall.ops.instances.instances import STOPPED, find_instances
from groupwall.ops.instances.remembered import TERMINATED
from groupwall.ops.interfaces.views import group_list, held_by
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.parameters import kept_text, one_attribute, refuse_unsupported
from groupwall.ops.permissions import attributes_said, named
from groupwall.store.entities import Attachment, Instance, Interface

LONGEST_SCRIPT = 16_384
"""Bytes of a UserData before base64 [docs]."""

BEHAVIORS = ("stop", "terminate")


def script(text: str) -> str:
    """Return a UserData as it is kept: base64 text without white space, which is all that is ever done with it."""
    kept = "".join(text.split())
    try:
        raw = base64.b64decode(kept, validate=True)
    except (binascii.Error, ValueError):
        raise errors.script_malformed() from None
    if len(raw) > LONGEST_SCRIPT:
        raise errors.script_too_long(LONGEST_SCRIPT)
    return kept


def keep_script(context: Context, instance_id: str, kept: str) -> str:
    """Keep an instance's UserData outside the history, as CloudTrail leaves it out; return what tells it from another.

    The text may hold passwords. Nothing runs it.
    """
    if not kept:
        context.tx.forget_secret(instance_id)
        return ""
    context.tx.keep_secret(instance_id, kept)
    return hashlib.sha256(kept.encode()).hexdigest()


def behavior(text: str) -> str:
    """Return what an instance that shuts itself down is to do [model; text inferred]."""
    if text not in BEHAVIORS:
        raise errors.invalid_value(f"Value ({text}) for parameter instanceInitiatedShutdownBehavior is invalid.")
    return text


def _given(value: Any) -> Any:  # noqa: ANN401 - a text or a truth, as it is stored
    return value


def _type(text: str) -> str:
    if not text:
        raise errors.missing_parameter("instanceType")
    return kept_text(text, "instanceType")


class Attribute(NamedTuple):
    """An attribute that is one column of the instance.

    stopped: it may change only while the instance is stopped. secret: the column only tells it from another.
    """

    column: str
    stopped: bool = False
    checked: Callable[[Any], Any] = _given
    secret: bool = False


OWN = {
    "DisableApiStop": Attribute("stop_protected"),
    "DisableApiTermination": Attribute("termination_protected"),
    "EbsOptimized": Attribute("ebs_optimized", stopped=True),
    "InstanceInitiatedShutdownBehavior": Attribute("shutdown_behavior", checked=behavior),
    "InstanceType": Attribute("type", stopped=True, checked=_type),
    "UserData": Attribute("script", stopped=True, checked=script, secret=True),
}
"""Member of ModifyInstanceAttribute -> where it is kept; its name in DescribeInstanceAttribute begins small."""

OF_INTERFACE = ("Groups", "SourceDestCheck")
"""Members that change the instance's interface, if it has only one."""

UNSUPPORTED = ("BlockDeviceMappings", "EnaSupport", "EnclaveOptions", "Kernel", "Ramdisk", "SriovNetSupport")

NEVER_SET: Mapping[str, Result] = {
    "blockDeviceMapping": {"BlockDeviceMappings": []},
    "enaSupport": {"EnaSupport": {}},
    "enclaveOptions": {"EnclaveOptions": {"Enabled": False}},
    "kernel": {"KernelId": {}},
    "productCodes": {"ProductCodes": []},
    "ramdisk": {"RamdiskId": {}},
    "rootDeviceName": {"RootDeviceName": {}},
    "sriovNetSupport": {"SriovNetSupport": {}},
}
"""Attributes that no instance here has -> what is said of them."""


def describe_instance_attribute(params: Params, context: Context) -> Result:
    """Describe one attribute of an instance; groups and the check of addresses are those of its primary interface."""
    name, [instance] = params["Attribute"], find_instances([params["InstanceId"]], context)
    member = name[:1].upper() + name[1:]
    if name in NEVER_SET:
        told: Result = dict(NEVER_SET[name])
    elif member in OWN and member != name:
        own = OWN[member]
        value = context.tx.secret_of(instance.id) if own.secret else getattr(instance, own.column)
        told = {member: {} if value == "" else {"Value": value}}
    elif name == "groupSet":
        told = {"Groups": _groups(instance, context)}
    elif name == "sourceDestCheck":
        told = {"SourceDestCheck": _source_dest_check(instance, context)}
    else:
        raise errors.invalid_value(f"Value ({name}) for parameter attribute is invalid. Unknown attribute.")
    return {"InstanceId": instance.id, **told}


def _interfaces(instance: Instance, context: Context) -> list[Interface]:
    """Return an instance's interfaces, the primary one first; none once it is terminated."""
    attachments = context.tx.of(Attachment, "instance_id", instance.id)
    ids = [one.interface_id for one in sorted(attachments, key=attrgetter("device"))]
    found = context.tx.by_id(Interface, ids)
    return [found[interface_id] for interface_id in ids]


def _groups(instance: Instance, context: Context) -> list[dict[str, str]]:
    primary = _interfaces(instance, context)[:1]
    held = held_by(context, [one.id for one in primary])
    return [group for one in primary for group in group_list(held[one.id].groups)]


def _source_dest_check(instance: Instance, context: Context) -> dict[str, bool]:
    interfaces = _interfaces(instance, context)
    return {"Value": interfaces[0].source_dest_check} if interfaces else {}


def modify_instance_attribute(params: Params, context: Context) -> Result:
    """Modify one attribute of an instance, given as a member or as Attribute and Value [model]."""
    refuse_unsupported(params, "ModifyInstanceAttribute", UNSUPPORTED)
    given = _by_name(params) or params
    member = one_attribute(given, [*OWN, *OF_INTERFACE])
    [instance] = find_instances([params["InstanceId"]], context)
    if instance.state == TERMINATED:
        raise errors.instance_terminated(instance.id)
    if member in OF_INTERFACE:
        _modify_interface(instance, member, given[member], context)
    else:
        _modify_own(instance, OWN[member], given[member].get("Value"), context)
    return {}


def _by_name(params: Params) -> dict[str, Any] | None:
    """Return the member that Attribute and Value stand for, None where they are not given."""
    name, value = params.get("Attribute"), params.get("Value")
    if name is None or value is None:
        return None
    member = name[:1].upper() + name[1:]
    if member == name or member not in {*OWN, "SourceDestCheck"}:
        raise errors.unsupported_operation(f"ModifyInstanceAttribute with Attribute {name}")
    return {member: {"Value": value if member in _TEXTS else _truth(value)}}


_TEXTS = frozenset({"InstanceInitiatedShutdownBehavior", "InstanceType", "UserData"})


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise errors.invalid_value(f"Value ({text}) for parameter value is invalid.")
    return text.lower() == "true"


def _modify_own(instance: Instance, attribute: Attribute, value: Any, context: Context) -> None:  # noqa: ANN401 - as given
    """Put a value into its column. A member without a Value empties a text and turns off a truth (inferred)."""
    if attribute.stopped and instance.state != STOPPED:
        raise errors.instance_not_stopped(instance.id)
    kind = type(getattr(instance, attribute.column))
    stored = attribute.checked(kind() if value is None else value)
    if attribute.secret:
        stored = keep_script(context, instance.id, stored)
    context.tx.replace(instance, instance._replace(**{attribute.column: stored}))


def _modify_interface(instance: Instance, member: str, value: Any, context: Context) -> None:  # noqa: ANN401 - as given
    interfaces = _interfaces(instance, context)
    if len(interfaces) > 1:
        raise errors.several_interfaces(instance.id)
    [interface] = interfaces
    if member == "Groups":
        set_groups(context, interface, value)
        return
    context.tx.replace(interface, interface._replace(source_dest_check=bool(value.get("Value"))))


def _attribute_said(params: Params, context: Context) -> Said:
    """Return the condition keys of the attribute that is changed, without UserData, which is secret."""
    del context
    name, value = params.get("Attribute"), params.get("Value")
    if name is not None and value is not None:
        changed = {name[:1].upper() + name[1:]: value}
    else:
        changed = {member: given for member, given in params.items() if member not in _NO_ATTRIBUTES}
    return attributes_said({member: {} if member == "UserData" else given for member, given in changed.items()})


_NO_ATTRIBUTES = ("InstanceId", "Attribute", "Value")


def _groups_touched(params: Params, context: Context) -> list[str]:
    """Return the groups that the instance's interface is to be in, if they change: the default one for none."""
    instance = None if params.get("Groups") is None else context.tx.get(Instance, params["InstanceId"])
    return groups_touched(params["Groups"], instance.vpc_id, context) if instance else []


OPERATIONS = (
    Operation(
        "DescribeInstanceAttribute", describe_instance_attribute, reads=True, on=(named("instance", "InstanceId"),)
    ),
    Operation(
        "ModifyInstanceAttribute",
        modify_instance_attribute,
        secret=("UserData", "Value"),
        on=(named("instance", "InstanceId", say=_attribute_said), On("security-group", _groups_touched, optional=True)),
    ),
)
