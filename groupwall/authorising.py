"""May this caller do this? The stage between who signed and what is done: their policies against what a call touches.

    Identity -> asker -> needs (each action on each resource) -> decide -> nothing, or UnauthorizedOperation

Every need of a call must be allowed. What a policy asks of a resource is read in the call's transaction, and only when
a policy asks for it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from groupwall import errors
from groupwall.authentication import Identity
from groupwall.errors import ApiError
from groupwall.iam.denials import Denial, because, encoded
from groupwall.iam.documents import read
from groupwall.iam.facts import Facts, Keys, Origin
from groupwall.iam.policy import Access, Policies, decide
from groupwall.iam.resources import Resource
from groupwall.ops.operation import Context, Operation, Params
from groupwall.ops.permissions import ANY, Need, needs
from groupwall.store.entities import Principal
from groupwall.store.transaction import Transaction


class Asker(NamedTuple):
    """Whose policies are asked, and what is known of the call."""

    policies: Policies
    facts: Facts


def asker(identity: Identity, origin: Origin, tx: Transaction, now: int) -> Asker | None:
    """Return whose policies a call is held against; None for the root, and where no policies count."""
    caller, session = identity.caller, identity.session
    if not identity.bound or caller.principal_id == caller.account:
        return None
    principal = tx.principal(caller.principal_id)
    tags = json.loads(principal.tags) if principal else {}
    issued = session.issued if session else None
    facts = Facts(caller, tags, issued, origin, identity.world.region, identity.world.account, now)
    return Asker(policies_of(principal, session.policy if session else ""), facts)


@lru_cache(maxsize=1024)
def policies_of(principal: Principal | None, session: str = "") -> Policies:
    """Return the policies of a principal and of its session. Nobody has one that can't be read: all are, when given."""
    limit = (read(session, "session policy"),) if session else None
    if principal is None:
        return Policies((), None, limit)
    identity = tuple(read(text, name) for name, text in json.loads(principal.policies))
    return Policies(identity, read(principal.boundary, "boundary") if principal.boundary else None, limit)


def authorise(asking: Asker, service: str, operation: Operation, params: Params, context: Context) -> None:
    """Refuse a call that the caller's policies do not allow, before anything of it is looked at or done.

    ApiError, UnauthorizedOperation, for the first need that is not allowed [reference 2.1, 2.3].
    """
    for need in needs(service, operation, params, context):
        resource, keys = access_to(need, context, asking.facts)
        access = Access(need.action, resource, keys)
        decision = decide(asking.policies, access)
        if not decision.allowed:
            raise refusal(Denial(asking.facts.caller, access, keys, decision), context)


def access_to(need: Need, context: Context, facts: Facts) -> tuple[str, Keys]:
    """Return the resource that the policies are asked about for a need, as an ARN or ``*``, and its condition keys."""
    if need.kind == ANY:
        return ANY, Keys(facts, None, need.given, need.making)
    resource = Resource(need.kind, need.resource_id, context.tx, context.arn)
    return resource.arn, Keys(facts, resource, need.given, need.making)


def refusal(denial: Denial, context: Context) -> ApiError:
    """Return the error for an access that is not allowed; its encoded part tells who may decode it the reason."""
    told = encoded(denial, context.tx.seal, context.ids)
    action, resource = denial.access[:2]
    return errors.unauthorized(denial.caller.arn, action, resource, because(denial), told)
