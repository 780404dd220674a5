"""The condition keys that a policy may ask for, to tell a misspelt one from one that some call has."""

from __future__ import annotations

from groupwall.iam import facts
from groupwall.iam.resources import KINDS

_SAID = (
    "ec2:attribute", "ec2:attribute/", "ec2:createaction", "ec2:instancemarkettype", "ec2:metadatahttpendpoint",
    "ec2:metadatahttpputresponsehoplimit", "ec2:metadatahttptokens", "sts:externalid", "sts:rolesessionname",
    "groupwall:host",
)  # fmt: skip
"""What calls tell of themselves, in groupwall.ops."""

KEYS = frozenset((*facts.KEYS, *_SAID, *(key for kind in KINDS.values() for key in kind.keys)))
"""In lower case; one that ends in ``/`` stands for all that go on, such as those of tags."""
