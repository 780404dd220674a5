"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Scene, create_group, scene


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known with which a test names rows of tests/reference_rows.json."""
    config.addinivalue_line("markers", "reference(*rows): the rows of the reference that the test holds us to")


@pytest.fixture
def wall() -> Iterator[Wall]:
    """A world of its own in memory, as a new account has it."""
    with Wall() as new:
        yield new


@pytest.fixture
def web(wall: Wall) -> str:
    """A group named ``web`` of the default VPC, with one member."""
    group = create_group(wall, "web")
    create_interface(wall, Groups=[group])
    return group


@pytest.fixture(params=["Ingress", "Egress"])
def side(request: pytest.FixtureRequest) -> str:
    """Either direction, as the names of operations end: a test that asks for it holds for both."""
    return str(request.param)


@pytest.fixture
def in_default_vpc(wall: Wall, side: str) -> Scene:
    """A group of the default VPC, whose mismatched revokes are forgiven."""
    return scene(wall, side, default=True)


@pytest.fixture
def in_other_vpc(wall: Wall, side: str) -> Scene:
    """A group of a VPC that is not the default one."""
    return scene(wall, side, default=False)


@pytest.fixture(params=["default VPC", "other VPC"])
def anywhere(request: pytest.FixtureRequest, wall: Wall, side: str) -> Scene:
    """A group of either kind of VPC: a test that asks for it holds for both, in both directions."""
    return scene(wall, side, default=request.param == "default VPC")
