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
from groupwall.iam import principals
from groupwall.iam.denials import Denial, because, encoded
from groupwall.iam.documents import read
from groupwall.iam.facts import Facts, Keys, Origin
from groupwall.iam.policy import Access, Policies, Policy, decide
from groupwall.iam.resources import ANY, NO_TAGS, Resource, Tags, Touched
from groupwall.iam.standing import Standing
from groupwall.ops.operation import Context, Operation, Params
from groupwall.ops.permissions import needs
from groupwall.store.entities import Principal
from groupwall.store.transaction import Transaction


class Asker(NamedTuple):
    """Whose policies are asked, and what is known of the call."""

    policies: Policies
    facts: Facts


def asker(identity: Identity, origin: Origin, tx: Transaction, now: int) -> Asker | None:
    """Return whose policies a call is held against; None for the root, and where no policies count."""
    caller, session = identity.caller, identity.session
    if not identity.bound or caller.is_root:
        return None
    principal = tx.principal(caller.principal_id)
    return Asker(policies_of(principal, session.policy if session else ""), _facts(identity, origin, principal, now))


def standing(identity: Identity, origin: Origin, tx: Transaction, now: int) -> Standing:
    """Return what stands behind a caller, whether its policies count or not."""
    asking = asker(identity, origin, tx, now)
    if asking:
        return Standing(identity.key, identity.session, *asking)
    facts = _facts(identity, origin, tx.principal(identity.caller.principal_id), now)
    return Standing(identity.key, identity.session, None, facts)


def _facts(identity: Identity, origin: Origin, principal: Principal | None, now: int) -> Facts:
    tags = _tags_of(principal.tags) if principal else NO_TAGS
    issued = identity.session.issued if identity.session else None
    return Facts(identity.caller, tags, issued, origin, identity.world.region, identity.world.account, now)


@lru_cache(maxsize=1024)
def _tags_of(text: str) -> Tags:
    tags: Tags = json.loads(text)
    return tags


def policies_of(principal: Principal | None, session: str = "") -> Policies:
    """Return the policies of a principal and of its session. Nobody has one that can't be read: all are, when given.

    They are remembered apart: who assumes a role gives session policies at will, and a role's own take long to read.
    """
    kept = _kept(principal) if principal else _NO_POLICIES
    return kept._replace(session=(_of_session(session),)) if session else kept


_NO_POLICIES = Policies(())


@lru_cache(maxsize=1024)
def _kept(principal: Principal) -> Policies:
    identity = tuple(read(text, name) for name, text in principals.policies_of(principal).items())
    return Policies(identity, read(principal.boundary, "") if principal.boundary else None)


@lru_cache(maxsize=128)
def _of_session(text: str) -> Policy:
    return read(text, "")


def authorise(asking: Asker, service: str, operation: Operation, params: Params, context: Context) -> None:
    """Refuse a call that the caller's policies do not allow, before anything of it is looked at or done.

    ApiError for the first need that is not allowed: UnauthorizedOperation, or STS's AccessDenied [reference 2.1, 2.3].
    """
    asked = list(needs(service, operation, params, context))
    touched = Touched(((need.kind, need.resource_id) for need in asked), context.tx, context.arn)
    for need in asked:
        resource = None if need.kind == ANY else Resource(need.kind, need.resource_id, touched)
        keys = Keys(asking.facts, resource, need.given, need.say)
        access = Access(need.action, resource.arn if resource else ANY, keys)
        decision = decide(asking.policies, access)
        if not decision.allowed:
            raise refusal(Denial(asking.facts.caller, access, keys, decision), context)


def refusal(denial: Denial, context: Context) -> ApiError:
    """Return the error for an access that is not allowed; its encoded part tells who may decode it the reason.

    AWS gives such a part where a resource is named, and none otherwise [recorded: errors.unauthorized].
    """
    action, resource = denial.access[:2]
    if action.startswith("sts:"):
        return errors.access_denied(denial.caller.arn, action, resource, because(denial))
    told = "" if resource == ANY else encoded(denial, context.tx.seal, context.ids)
    return errors.unauthorized(denial.caller.arn, action, resource, because(denial), told)
