"""What tests of packets need of the machine, and which of them are skipped where it is not there."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import which

import pytest

import tests.strategies  # noqa: F401 - its settings are those of every property here
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.netlink import Connection
from tests.enforce.bed import Bed
from tests.enforce.machines import VPC, Machine
from tests.enforce.placed import Placed

NETFILTER = 12

NEED_THE_KERNEL = {
    "test_entering.py": "makes network namespaces",
    "test_namespaces.py": "makes network namespaces and links",
    "test_counters.py": "sends packets through the kernel's tables",
    "test_counted.py": "runs instances",
    "test_killed.py": "kills who changes the kernel's tables",
    "test_dataplane.py": "changes the kernel's tables",
    "test_bed.py": "sends packets between network namespaces",
    "test_differential.py": "sends packets through the kernel's tables",
    "test_faults.py": "sends packets through the kernel's tables",
    "test_conntrack.py": "reads and removes the kernel's tracked flows",
    "test_untracked.py": "sends packets through the kernel's tables",
    "test_remembered.py": "reads how long the kernel tracks flows",
    "test_nft.py": "asks nft what it says of the kernel's tables",
    "test_passing.py": "measures packets through the kernel's tables",
    "test_proving.py": "sends packets between scratch namespaces",
    "test_proving_command.py": "sends packets between scratch namespaces",
    "test_end_to_end.py": "runs instances",
    "test_live_flows.py": "runs instances",
    "test_instances.py": "makes network namespaces and links",
    "test_host.py": "binds network namespaces",
    "test_owners.py": "makes network namespaces and runs instances",
    "test_host_faults.py": "binds network namespaces",
    "test_moved.py": "binds network namespaces",
    "test_demo_packets.py": "runs instances",
    "test_rooted_files.py": "runs an agent",
    "test_restored.py": "runs an agent on network namespaces",
    "test_agent.py": "runs agents on network namespaces",
    "test_own_lasting.py": "sends packets to and from network namespaces",
    "test_own_traffic.py": "sends packets to and from network namespaces",
    "test_attach_host.py": "runs an agent inside a network namespace",
    "test_attach.py": "runs an agent on network namespaces",
}
"""The files that are skipped where Linux, root or nftables is missing, and why: all of them, and no other."""
NEED_NFT = {"test_nft.py"}
"""Those of them that are skipped where the program nft is missing too, which nothing else ever starts."""


@cache
def missing() -> str:
    """Return what this machine lacks for all of them, nothing where it lacks nothing."""
    try:
        with Namespace.new() as namespace:
            namespace.within(lambda: Connection(NETFILTER)).close()
    except (OSError, AttributeError) as error:
        wanted = "root" if getattr(error, "errno", None) in {errno.EPERM, errno.EACCES} else "Linux with nftables"
        return f"needs {wanted}: {error}"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what the list names where the machine lacks what it needs; pytest's summary tells each with its reason."""
    for item in items:
        why = NEED_THE_KERNEL.get(item.path.name) if item.path.parent.name == "enforce" else None
        lacks = missing() or ("needs the program nft" if item.path.name in NEED_NFT and not which("nft") else "")
        if why and lacks:
            item.add_marker(pytest.mark.skip(reason=f"{why}, and {lacks}"))


@pytest.fixture
def bed() -> Iterator[Bed]:
    """Three instances in a VPC and two in its peer."""
    with Bed({"vpc-a": 3, "vpc-b": 2}, peered=True) as made:
        yield made


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A machine with two others, whose agent knows of nothing yet."""
    with Bed({VPC: 3}) as made:
        one = Machine(made, tmp_path)
        yield one
        one.host.close()


@pytest.fixture
def placed(tmp_path: Path) -> Iterator[Placed]:
    """Two instances and a host between them, that knows of nothing yet."""
    with Bed({VPC: 2}) as bed:
        made = Placed(bed, tmp_path)
        yield made
        made.host.close()
