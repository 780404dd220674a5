"""Ansible's amazon.aws collection: clients 2.3 and 2.19. What a playbook should find, it asserts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_clients.site import Site

PLAYBOOKS = sorted((Path(__file__).parent / "playbooks").glob("*.yml"))


def play(site: Site, playbook: Path) -> None:
    """Run a playbook on this machine; every task of it has to succeed."""
    python = "ansible_python_interpreter={{ ansible_playbook_python }}"
    ran = site.run(
        ".venv-ansible/bin/ansible-playbook", "-i", "localhost,", "-c", "local", "-e", python, str(playbook),
        ANSIBLE_LOCALHOST_WARNING="0", ANSIBLE_DEPRECATION_WARNINGS="0",
    )  # fmt: skip
    assert ran.code == 0, ran.said


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_playbooks_succeed(site: Site, playbook: Path) -> None:
    """Every task of every playbook ends as it says: clients 2.3, 2.19."""
    play(site, playbook)
