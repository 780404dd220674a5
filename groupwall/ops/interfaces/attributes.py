"""The attributes of an interface, one in each call [reference 17]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from groupwall import errors
from groupwall.ops.groups.memberships import groups_touched, set_groups
from groupwall.ops.interfaces.interfaces import description, find_interface, timeouts
from groupwall.ops.interfaces.views import Held, attachment_shown, group_list, held_by
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.parameters import one_attribute, refuse_unsupported
from groupwall.ops.permissions import ON_INTERFACE, attributes, named
from groupwall.store.entities import Attachment, Interface

UNSUPPORTED = ("EnaSrdSpecification", "AssociatePublicIpAddress", "AssociatedSubnetIds")


def describe_network_interface_attribute(params: Params, context: Context) -> Result:
    """Describe one attribute of an interface."""
    interface = find_interface(params["NetworkInterfaceId"], context)
    name = params.get("Attribute")
    if not name:
        raise errors.no_attribute()
    if name not in _READ:
        message = f"Value ({name}) for parameter attribute is invalid. Unknown network interface attribute."
        raise errors.invalid_value(message)
    return {"NetworkInterfaceId": interface.id, **_READ[name](interface, context)}


def _held(interface: Interface, context: Context) -> Held:
    return held_by(context, [interface.id])[interface.id]


def _attachment(interface: Interface, context: Context) -> Result:
    attachment = _held(interface, context).attachment
    return {"Attachment": attachment_shown(attachment, context) if attachment else None}


_READ: dict[str, Callable[[Interface, Context], Result]] = {
    "description": lambda interface, _: {"Description": {"Value": interface.description}},
    "groupSet": lambda interface, context: {"Groups": group_list(_held(interface, context).groups)},
    "sourceDestCheck": lambda interface, _: {"SourceDestCheck": {"Value": interface.source_dest_check}},
    "attachment": _attachment,
    "associatePublicIpAddress": lambda *_: {"AssociatePublicIpAddress": False},
}


def modify_network_interface_attribute(params: Params, context: Context) -> Result:
    """Change one attribute of an interface. InvalidParameterCombination for several [reference 17, live-test: code]."""
    refuse_unsupported(params, "ModifyNetworkInterfaceAttribute", UNSUPPORTED)
    interface = find_interface(params["NetworkInterfaceId"], context)
    if all(params.get(name) is None for name in _WRITE):
        raise errors.no_attribute()
    name = one_attribute(params, tuple(_WRITE))
    _WRITE[name](context, interface, params[name])
    return {}


def _put(context: Context, before: Interface, **changed: Any) -> None:  # noqa: ANN401 - any member of an interface
    context.tx.replace(before, before._replace(**changed))


def _set_description(context: Context, interface: Interface, given: Params) -> None:
    _put(context, interface, description=description(given.get("Value") or ""))


def _set_check(context: Context, interface: Interface, given: Params) -> None:
    if given.get("Value") is None:
        raise errors.missing_parameter("SourceDestCheck.Value")
    _put(context, interface, source_dest_check=given["Value"])


def _set_timeouts(context: Context, interface: Interface, given: Params) -> None:
    """Change the timeouts that are given; the others stay (inferred)."""
    before = (interface.tcp_established, interface.udp_stream, interface.udp)
    tcp_established, udp_stream, udp = (new or old for new, old in zip(timeouts(given), before, strict=True))
    _put(context, interface, tcp_established=tcp_established, udp_stream=udp_stream, udp=udp)


def _set_attachment(context: Context, interface: Interface, given: Params) -> None:
    refuse_unsupported(given, "ModifyNetworkInterfaceAttribute", ("DefaultEnaQueueCount", "EnaQueueCount"))
    attachment, wanted = _held(interface, context).attachment, given.get("DeleteOnTermination")
    if not given.get("AttachmentId"):
        raise errors.missing_parameter("Attachment.AttachmentId")
    if attachment is None or attachment.id != given["AttachmentId"]:
        raise errors.attachment_not_found(given["AttachmentId"])
    if wanted is not None and wanted != attachment.delete_on_termination:
        context.tx.replace(attachment, attachment._replace(delete_on_termination=wanted))


def _set_primary_ipv6(context: Context, interface: Interface, wanted: bool) -> None:  # noqa: FBT001 - the member's value
    """Make the first IPv6 address the primary one, which cannot be undone [model; text of the errors inferred]."""
    addresses = _held(interface, context).ipv6
    if not addresses:
        message = f"The network interface '{interface.id}' has no IPv6 address."
        raise errors.invalid_value(message)
    has_one = any(address.is_primary for address in addresses)
    if has_one and not wanted:
        message = "A primary IPv6 address cannot be disabled."
        raise errors.invalid_value(message)
    if wanted and not has_one:
        context.tx.replace(addresses[0], addresses[0]._replace(is_primary=True))


_WRITE: dict[str, Callable[[Context, Interface, Any], None]] = {
    "Description": _set_description,
    "SourceDestCheck": _set_check,
    "Groups": set_groups,
    "Attachment": _set_attachment,
    "ConnectionTrackingSpecification": _set_timeouts,
    "EnablePrimaryIpv6": _set_primary_ipv6,
}


def reset_network_interface_attribute(params: Params, context: Context) -> Result:
    """Give the one attribute that can be reset, the source and destination check, its first value."""
    interface = find_interface(params["NetworkInterfaceId"], context)
    if params.get("SourceDestCheck") is None:
        raise errors.no_attribute()
    _put(context, interface, source_dest_check=True)
    return {}


def _instance_touched(params: Params, context: Context) -> list[str]:
    """Return the instance whose attachment is changed."""
    if params.get("Attachment") is None:
        return []
    return [one.instance_id for one in context.tx.of(Attachment, "interface_id", params["NetworkInterfaceId"])]


def _groups_touched(params: Params, context: Context) -> list[str]:
    """Return the groups that the interface is to be in, if they change: the default one for none."""
    interface = None if params.get("Groups") is None else context.tx.get(Interface, params["NetworkInterfaceId"])
    return groups_touched(params["Groups"], interface.vpc_id, context) if interface else []


_CHANGED = ON_INTERFACE._replace(say=attributes("NetworkInterfaceId"))

OPERATIONS = (
    Operation("DescribeNetworkInterfaceAttribute", describe_network_interface_attribute, reads=True, on=()),
    Operation(
        "ModifyNetworkInterfaceAttribute",
        modify_network_interface_attribute,
        on=(
            _CHANGED,
            On("instance", _instance_touched, optional=True),
            On("security-group", _groups_touched, optional=True),
            named("subnet", "AssociatedSubnetIds", optional=True),
        ),
    ),
    Operation("ResetNetworkInterfaceAttribute", reset_network_interface_attribute, on=(_CHANGED,)),
)
