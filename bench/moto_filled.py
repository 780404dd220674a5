"""moto_server with an account of many groups, a program of its own: ``python -m bench.moto_filled GROUPS RULES PORT``.

It is filled through moto's own store, before it listens, with what as many calls would have left: over HTTP that would
take hours. moto has no quota of groups, and its 60 rules for each are a constant.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

REGION, ACCOUNT = "us-east-1", "123456789012"


def fill(ec2: Any, groups: int, rules: int) -> None:  # noqa: ANN401 - moto's EC2Backend
    """Add groups with as many rules each to the default VPC."""
    for number in range(groups):
        group = ec2.create_security_group(f"filled-{number}", "bench", force=True)
        for place in range(rules):
            made = ec2._iterate_security_rules(  # noqa: SLF001 - what authorize makes, without its search of all groups
                "tcp", group.group_id, str(1000 + place), str(1000 + place),
                [{"CidrIp": f"10.{number % 256}.{place}.0/24"}], [], [], is_egress=False, tags={},
            )  # fmt: skip
            for rule in made:
                group.add_ingress_rule(rule)


def main() -> None:
    """Fill moto, and serve."""
    groups, rules, port = sys.argv[1:]
    accounts = importlib.import_module("moto.ec2.models").ec2_backends  # only the environment beside ours has moto
    fill(accounts[ACCOUNT][REGION], int(groups), int(rules))
    importlib.import_module("moto.server").main(["--host", "127.0.0.1", "--port", port])


if __name__ == "__main__":
    main()
