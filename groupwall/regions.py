"""The regions that exist, by partition, and the short codes that zone ids are made of.

Names are those botocore knows (a test compares them). Which regions need no opt-in is AWS's documentation; every other
region of an account here counts as opted in, since no client here has an account to opt in with (our choice).
"""

from __future__ import annotations

PARTITIONS: dict[str, tuple[str, ...]] = {
    "aws": (
        "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
        "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
        "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
        "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
        "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    ),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-east-1", "us-gov-west-1"),
    "aws-iso": ("us-iso-east-1", "us-iso-west-1"),
    "aws-iso-b": ("us-isob-east-1", "us-isob-west-1"),
    "aws-iso-e": ("eu-isoe-west-1",),
    "aws-iso-f": ("us-isof-east-1", "us-isof-south-1"),
    "aws-eusc": ("eusc-de-east-1",),
}  # fmt: skip

OPT_IN_NOT_REQUIRED = frozenset({
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2",
})  # fmt: skip

PARTITION_OF = {region: partition for partition, regions in PARTITIONS.items() for region in regions}

_DIRECTIONS = {
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
    "north": "n", "south": "s", "east": "e", "west": "w", "central": "c",
}  # fmt: skip


def short_code(region: str) -> str:
    """Return the short code that zone ids begin with: ``us-east-1`` gives ``use1``, ``us-gov-west-1`` ``usgw1``."""
    first, *middle, number = region.split("-")
    return first + "".join(_DIRECTIONS.get(word, word[0]) for word in middle) + number


ZONE_LETTERS = "abc"
"""Every region has three zones here (inferred: AWS gives each account two to six)."""


def zone_id(zone: str) -> str:
    """Return a zone's id: ``us-east-1a`` gives ``use1-az1``."""
    return f"{short_code(zone[:-1])}-az{1 + ZONE_LETTERS.index(zone[-1])}"


def private_domain(region: str) -> str:
    """Return the domain of the names that a VPC's resolver gives to private addresses [docs]."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
