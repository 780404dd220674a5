"""A server that verifies its callers, as the program of a user that knows only boto3 meets it."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config

from tests.clients.terraform import Account, Ec2, make_group, make_vpc
from tests.programs import make_key
from tests.serving import started


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """A key's clients. One attempt only, so that no retry hides a failing server."""
    folder = tmp_path_factory.mktemp("store")
    key = make_key(folder)
    session = boto3.Session(key.access_key_id, key.secret, region_name="us-east-1")
    once = Config(retries={"total_max_attempts": 1})
    with started("--auth", "signed", "--log", "off", "--data", str(folder)) as server:
        ec2, sts = (session.client(name, endpoint_url=server.url, config=once) for name in ("ec2", "sts"))
        yield Account(ec2, sts)
        ec2.close()
        sts.close()


@pytest.fixture(scope="module")
def ec2(account: Account) -> Ec2:
    """The client of EC2."""
    return account.ec2


@pytest.fixture(scope="module")
def peers(ec2: Ec2) -> dict[str, str]:
    """A VPC with two groups, by their names, and what a rule may name, by the member that names it."""
    vpc_id = make_vpc(ec2)
    made = ec2.create_managed_prefix_list(PrefixListName="office", AddressFamily="IPv4", MaxEntries=2)["PrefixList"]
    web, jump = (make_group(ec2, vpc_id, name) for name in ("web", "jump"))
    named = {"PrefixListId": made["PrefixListId"], "ReferencedGroupId": jump}
    return named | {"CidrIpv4": "192.0.2.0/24", "CidrIpv6": "2001:db8::/32", "vpc": vpc_id, "web": web, "jump": jump}
