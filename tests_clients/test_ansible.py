"""Ansible's amazon.aws collection: clients 2.3 and 2.19. What a playbook should find, it asserts itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests_clients.site import Site

NOWHERE = "http://127.0.0.1:9"
PLAYBOOKS = sorted((Path(__file__).parent / "playbooks").glob("*.yml"))


def play(site: Site, playbook: Path, **more: str) -> None:
    """Run a playbook on this machine; every task of it has to succeed. more: variables."""
    python = "ansible_python_interpreter={{ ansible_playbook_python }}"
    ran = site.run(
        ".venv-ansible/bin/ansible-playbook", "-i", "localhost,", "-c", "local", "-e", python, str(playbook),
        ANSIBLE_DUPLICATE_YAML_DICT_KEY="ignore", ANSIBLE_LOCALHOST_WARNING="0", **more,
    )  # fmt: skip
    assert ran.code == 0, ran.said


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_playbooks_succeed(site: Site, playbook: Path) -> None:
    """Every task of every playbook ends as it says: clients 2.3, 2.19."""
    play(site, playbook)


def test_an_endpoint_in_the_play(site: Site, tmp_path: Path) -> None:
    """An address among a play's defaults is enough, for EC2 and for STS: clients 1."""
    playbook = tmp_path / "play.yml"
    tasks = (
        {"amazon.aws.aws_caller_info": None},
        {"amazon.aws.ec2_security_group": {"name": "web", "description": "web"}},
    )
    play_of = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    playbook.write_text(json.dumps([play_of | {"module_defaults": {"group/aws": {"endpoint_url": site.url}}}]))
    play(site, playbook, AWS_ENDPOINT_URL_EC2=NOWHERE, AWS_ENDPOINT_URL_STS=NOWHERE)
