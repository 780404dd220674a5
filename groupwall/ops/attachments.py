"""Interfaces as devices of instances: attach and detach [docs: AttachNetworkInterface, DetachNetworkInterface]."""

from __future__ import annotations

from groupwall.ops.operation import Context
from groupwall.store.entities import Attachment, Interface


def attach(
    context: Context, interface: Interface, instance_id: str, device: int, *, delete_on_termination: bool
) -> Attachment:
    """Make an interface an instance's device; whether that may be is for the caller to check."""
    attachment = Attachment(
        context.ids.new("eni-attach"), interface.id, instance_id, device, context.now, delete_on_termination
    )
    context.tx.add(attachment)
    return attachment
