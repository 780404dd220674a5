"""docs/guide-clients.md, as a reader follows it: the files of a section are written, its commands typed in a shell."""

from __future__ import annotations

import os
import re
import shutil
from typing import NamedTuple

import pytest

from tests.scenes import EVERYWHERE, create_group, held, rules_of, tcp
from tests.sources import ROOT
from tests_clients.site import Ran, Site, run

URL = "http://127.0.0.1:4577"
NOT_RUN = {"Terraform and OpenTofu"}
PROGRAMS = [str(ROOT / f".venv{name}" / "bin") for name in ("", "-clients", "-ansible", "-custodian")]
GO = ROOT / ".venv-go"


class Section(NamedTuple):
    """A section's files by their names, and what is typed."""

    files: dict[str, str]
    commands: str


def blocks(language: str, text: str) -> list[str]:
    """Return the blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def sections() -> dict[str, Section]:
    """Return the guide's sections by their headings. A block that follows "`NAME`:" is the file of that name."""
    _, *parts = re.split(r"^## ", (ROOT / "docs" / "guide-clients.md").read_text("utf-8"), flags=re.MULTILINE)
    named = re.compile(r"`([\w.]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return {part.partition("\n")[0]: Section(dict(named.findall(part)), "".join(blocks("sh", part))) for part in parts}


SECTIONS = sections()
FIRST = SECTIONS.pop("Every client")


def follow(site: Site, section: Section) -> Ran:
    """Do as a section says after the first one, in a home with the pinned modules of the SDKs."""
    key = f"AWS_ACCESS_KEY_ID={site.credentials.access_key_id}\nAWS_SECRET_ACCESS_KEY={site.credentials.secret}\n"
    for name, text in {"alice.env": key, **section.files}.items():
        (site.home / name).write_text(text)
    (site.home / "node_modules").symlink_to(ROOT / ".venv-javascript" / "node_modules")
    for name in ("go.mod", "go.sum"):
        shutil.copy(GO / name, site.home)
    environment = {
        "PATH": os.pathsep.join([*PROGRAMS, os.environ["PATH"]]),
        "HOME": str(site.home),
        "LC_ALL": "C.UTF-8",
        "GOCACHE": str(GO / "cache"),
        "GOMODCACHE": str(GO / "modules"),
        "GOPROXY": "off",
    }
    script = (FIRST.commands + section.commands).replace(URL, site.url)
    return run(["bash", "-euo", "pipefail", "-c", script], site.home, environment)


@pytest.mark.parametrize("name", [name for name in SECTIONS if name not in NOT_RUN])
def test_sections(site: Site, name: str) -> None:
    """Every section but Terraform's ends without an error, with a group for the web that lets nobody in (inferred)."""
    if name == "Cloud Custodian":  # which makes no group
        opened = create_group(site.remote, "web")
        site.remote.call("AuthorizeSecurityGroupIngress", GroupId=opened, IpPermissions=[tcp(22, EVERYWHERE)])
    ran = follow(site, SECTIONS[name])
    assert ran.code == 0, ran.said
    named = [{"Name": "group-name", "Values": ["web", "*-web"]}]
    (group,) = site.remote.call("DescribeSecurityGroups", Filters=named)["SecurityGroups"]
    assert EVERYWHERE not in {held(rule).peer for rule in rules_of(site.remote, group["GroupId"])}


def test_sections_that_are_not_run() -> None:
    """Only the section of what cannot be run here has nothing to type (inferred)."""
    assert {name for name, section in SECTIONS.items() if not section.commands} == NOT_RUN
