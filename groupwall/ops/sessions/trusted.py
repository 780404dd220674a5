"""May this caller assume this role? The role's trust policy says so, and mostly the caller's own policies as well."""

from __future__ import annotations

import re
from functools import lru_cache

from groupwall import errors
from groupwall.errors import ApiError
from groupwall.iam.callers import ROLE, Caller
from groupwall.iam.denials import Denial, because
from groupwall.iam.documents import read
from groupwall.iam.facts import Keys, Said
from groupwall.iam.policy import Access, Policies, Policy, decide, trusts
from groupwall.iam.principals import Who
from groupwall.iam.standing import Standing
from groupwall.ops.operation import Context, Params
from groupwall.regions import PARTITION_OF

ACTION = "sts:AssumeRole"
_ROLE = re.compile(r"arn:[a-z-]{1,20}:iam::([0-9]{12}):role/([^/]{1,64})")
_UNTRUSTED = f"because no resource-based policy allows the {ACTION} action"
_DISTRUSTED = "with an explicit deny in a resource-based policy"
_ALLOWING = read(
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}', "trust"
)


def role_of(arn: str) -> Who:
    """Return the role that an ARN names, kept or not. ApiError for another ARN; roles have no paths here."""
    found = _ROLE.fullmatch(arn)
    if found is None:
        raise errors.role_arn_invalid(arn)
    return Who(found[1], ROLE, found[2])


def role_here(arn: str, context: Context) -> Who:
    """Return the role that an ARN names, which has to be of the partition that is asked.

    ApiError for another one, whose ARN no policy would know, so that none would deny it (inferred).
    """
    if arn.split(":", 2)[1] != PARTITION_OF[context.world.region]:
        raise errors.role_arn_invalid(arn)
    return role_of(arn)


def refuse_untrusted(standing: Standing, params: Params, context: Context) -> None:
    """Refuse a caller that may not assume a role. ApiError, AccessDenied.

    The trust policy must allow it. A caller that the policy names needs no policy of its own in the role's account;
    one whose account or everyone is named does, and so does one of another account [IAM's evaluation logic, docs].
    The limits of a caller, and what its policies deny, hold always (inferred: AWS frees a named user of its boundary).
    """
    caller, arn = context.caller, params["RoleArn"]
    role = role_here(arn, context)
    if caller.is_root:
        raise errors.role_for_root()
    principal = context.tx.principal(role.id)
    if principal is None:
        raise _refusal(context, arn, _UNTRUSTED)
    access = Access(ACTION, arn, Keys(standing.facts, None, None, lambda: _said(params)))
    trust = trusts(_trust_policy(principal.trust), access, names_of(caller))
    if not trust.allowed:
        raise _refusal(context, arn, _DISTRUSTED if trust.explicit else _UNTRUSTED)
    _refuse_unallowed(standing, access, context, named=trust.named and role.account == caller.account)


def _refuse_unallowed(standing: Standing, access: Access, context: Context, *, named: bool) -> None:
    """Refuse by the caller's own policies. named: the role's trust stands for what they would have to allow."""
    policies = standing.policies
    if policies is None:
        return
    decision = decide(besides(policies, named=named), access)
    if not decision.allowed:
        raise _refusal(context, access.resource, because(Denial(context.caller, access, {}, decision)))


def names_of(caller: Caller) -> tuple[str, ...]:
    """Return what trust policies know a caller by."""
    return caller.arn, caller.principal, caller.account


def besides(policies: Policies, *, named: bool) -> Policies:
    """Return the policies that have to allow a role too; the trust stands for them where it names the caller."""
    return policies._replace(identity=(*policies.identity, _ALLOWING)) if named else policies


def _said(params: Params) -> Said:
    """Return the condition keys that the call tells [STS's condition keys, docs]."""
    said = {"sts:rolesessionname": params["RoleSessionName"], "sts:externalid": params.get("ExternalId")}
    return {name: (value,) for name, value in said.items() if value}


@lru_cache(maxsize=256)
def _trust_policy(text: str) -> Policy:
    return read(text, "trust", trust=True)


def _refusal(context: Context, arn: str, because: str) -> ApiError:
    return errors.access_denied(context.caller.arn, ACTION, arn, because)
