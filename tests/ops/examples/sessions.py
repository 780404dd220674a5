"""Example calls of temporary credentials."""

from __future__ import annotations

import json

from tests.ops.examples.shared import TAGS
from tests.scenes import Json

ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/deploy", "RoleSessionName": "night"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})

EXAMPLES: dict[str, list[Json]] = {
    "GetSessionToken": [
        {"DurationSeconds": 900, "MinimumSessionTokenSize": 0},
        {"SerialNumber": "arn:aws:iam::123456789012:mfa/a"},
        {"TokenCode": "123456"},
    ],
    "AssumeRole": [
        {**ROLE, "DurationSeconds": 900, "Policy": POLICY, "ExternalId": "us", "MinimumSessionTokenSize": 0},
        {**ROLE, "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]},
        {**ROLE, "Tags": TAGS},
        {**ROLE, "TransitiveTagKeys": ["team"]},
        {**ROLE, "SerialNumber": "arn:aws:iam::123456789012:mfa/a"},
        {**ROLE, "TokenCode": "123456"},
        {**ROLE, "SourceIdentity": "alice"},
        {
            **ROLE,
            "ProvidedContexts": [{"ProviderArn": "arn:aws:iam::aws:contextProvider/x", "ContextAssertion": "abcd"}],
        },
    ],
    "DecodeAuthorizationMessage": [{"EncodedMessage": "x"}],
}
_WHOLE = "the whole member is refused as unsupported"
WITHOUT_EFFECT = {
    "ExternalId": "the trust policy of a role may ask for it, and that of nobody who is only believed is asked",
    "PolicyArns[].arn": _WHOLE,
    "ProvidedContexts[].*": _WHOLE,
    "AssumeRole.Tags[].*": _WHOLE,
}
