"""Terraform itself: clients 3. Run by `make test-terraform`, where Terraform and its AWS provider are installed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests_clients.site import Ran, Site

NO_DIFFERENCE = 0


def terraform(site: Site, *words: str) -> Ran:
    """Run Terraform in the user's home, without the configuration of whoever runs the tests."""
    program = shutil.which("terraform")
    assert program
    return site.run(program, words[0], "-no-color", *words[1:], CHECKPOINT_DISABLE="1")


def test_every_resource(site: Site) -> None:
    """All resources are made, found so, changed, found so, and destroyed: clients 3."""
    plugins = os.environ["GROUPWALL_TERRAFORM_PLUGINS"]
    shutil.copy(Path(__file__).parent / "terraform" / "main.tf", site.home)
    steps = [("init", f"-plugin-dir={plugins}")]
    for state in ("false", "true"):
        wanted = f"-var=changed={state}"
        steps += [("apply", "-auto-approve", wanted), ("plan", "-detailed-exitcode", wanted)]
    for words in (*steps, ("destroy", "-auto-approve")):
        ran = terraform(site, *words)
        assert ran.code == NO_DIFFERENCE, ran.said
    assert len(site.remote.call("DescribeSecurityGroups")["SecurityGroups"]) == 1
