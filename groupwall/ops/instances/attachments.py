"""Interfaces as devices of instances: attach, detach [docs: AttachNetworkInterface, DetachNetworkInterface]."""

from __future__ import annotations

from groupwall import errors
from groupwall.ops.instances.instances import find_instances
from groupwall.ops.instances.remembered import TERMINATED
from groupwall.ops.interfaces.interfaces import find_interface
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.permissions import ON_INTERFACE, named
from groupwall.rules import parsing
from groupwall.store.entities import Attachment, Instance, Interface, Subnet

PRIMARY = 0
"""The device index of the interface that an instance is launched with, which stays as long as the instance."""
UNSUPPORTED = ("NetworkCardIndex", "EnaSrdSpecification", "EnaQueueCount")


def attach_network_interface(params: Params, context: Context) -> Result:
    """Attach an interface at a free device index of an instance in the interface's zone; it stays when that ends."""
    refuse_unsupported(params, "AttachNetworkInterface", UNSUPPORTED)
    interface = find_interface(params["NetworkInterfaceId"], context)
    instance = find_instances([params["InstanceId"]], context)[0]
    device = params["DeviceIndex"]
    _refuse_device(interface, instance, device, context)
    made = attach_device(context, interface, instance.id, device, delete_on_termination=False)
    return {"AttachmentId": made.id, "NetworkCardIndex": 0}


def _refuse_device(interface: Interface, instance: Instance, device: int, context: Context) -> None:
    if instance.state == TERMINATED:
        raise errors.instance_terminated(instance.id)
    if context.tx.any(Attachment, "interface_id", interface.id):
        raise errors.interface_in_use(interface.id)
    subnet = context.tx.get(Subnet, interface.subnet_id)
    if subnet is None or subnet.zone != instance.zone:
        raise errors.zones_differ()
    if device < 0:
        raise errors.invalid_value(f"Value ({device}) for parameter deviceIndex is invalid.")
    attached = context.tx.of(Attachment, "instance_id", instance.id)
    if device in [one.device for one in attached]:
        raise errors.device_taken(instance.id, device)


def attach_device(
    context: Context, interface: Interface, instance_id: str, device: int, *, delete_on_termination: bool
) -> Attachment:
    """Make an interface an instance's device; whether that may be is for the caller to check."""
    attachment = Attachment(
        context.ids.new("eni-attach"), interface.id, instance_id, device, context.now, delete_on_termination
    )
    context.tx.add(attachment)
    return attachment


def detach_network_interface(params: Params, context: Context) -> Result:
    """Detach an interface, which is available from then on; an instance's primary one stays."""
    given = parsing.identifier("eni-attach", params["AttachmentId"], errors.attachment_id_malformed)
    attachment = context.find(Attachment, given, errors.attachment_not_found)
    if attachment.device == PRIMARY:
        raise errors.primary_interface_stays()
    context.tx.remove(attachment)
    return {}


def _interface_touched(params: Params, context: Context) -> list[str]:
    attachment = context.tx.get(Attachment, params["AttachmentId"])
    return [attachment.interface_id] if attachment else []


def _instance_touched(params: Params, context: Context) -> list[str]:
    attachment = context.tx.get(Attachment, params["AttachmentId"])
    return [attachment.instance_id] if attachment else []


OPERATIONS = (
    Operation("AttachNetworkInterface", attach_network_interface, on=(ON_INTERFACE, named("instance", "InstanceId"))),
    Operation(
        "DetachNetworkInterface",
        detach_network_interface,
        ignored={"Force": "no instance runs that could hold on to an interface"},
        on=(On("network-interface", _interface_touched), On("instance", _instance_touched)),
    ),
)
