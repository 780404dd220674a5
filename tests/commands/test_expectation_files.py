"""Files of expectations: what they say, and at which line they say nothing that can be understood [inferred]."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.commands.expectation_files import MOST_CHARACTERS, Expected, FileError, GroupNamed, group_names, read
from tests.sources import ROOT

ENDS = {"From": "anywhere", "To": "eni-1"}
PLAIN = "- name: a\n  from: anywhere\n  to: eni-1\n"


def test_the_documented_file() -> None:
    """docs/expectations.yaml stands in docs/expectations.md, and is read as that page says (inferred)."""
    text = (ROOT / "docs/expectations.yaml").read_text("utf-8")
    page = (ROOT / "docs/expectations.md").read_text("utf-8")
    assert re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL) == [text]
    office, ssh = read(text)
    assert office == Expected(
        {"Name": "office", "From": "198.51.100.0/24", "FromPort": 443, "Description": "the office works with it"},
        {"To": GroupNamed("web", None, 3)},
    )
    assert ssh.members == {"Name": "no ssh", "From": "anywhere", "FromPort": 22, "Verdict": "deny"}
    assert [one.line for one in group_names([office, ssh])] == [3, 8]


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("  port: 443\n", {"FromPort": 443}),
        ("  ports: 8000-8080\n", {"FromPort": 8000, "ToPort": 8080}),
        ("  protocol: icmp\n  type: 8\n  code: 0\n", {"Protocol": "icmp", "FromPort": 8, "ToPort": 0}),
        ("  protocol: icmp\n  type: 8\n", {"Protocol": "icmp", "FromPort": 8, "ToPort": -1}),
        ("  protocol: -1\n", {"Protocol": "-1"}),
        ("  description: no\n", {"Description": "no"}),
        ("  description: 2026-11-23\n", {"Description": "2026-11-23"}),
    ],
)
def test_values(text: str, members: dict[str, object]) -> None:
    """Ports, ICMP types and protocols are numbers, all else is the text that stands there (inferred)."""
    assert read(PLAIN + text) == [Expected({"Name": "a"} | ENDS | members, {})]


def test_a_value_may_stand_for_another() -> None:
    """An alias of YAML repeats an end (inferred)."""
    text = "- {name: a, from: &web {group: web, vpc: vpc-1}, to: eni-1}\n- {name: b, from: eni-1, to: *web}\n"
    assert [one.groups for one in read(text)] == [
        {"From": GroupNamed("web", "vpc-1", 1)}, {"To": GroupNamed("web", "vpc-1", 1)},
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_a_file_of_none(text: str) -> None:
    """A file may expect nothing: put with --replace, it removes all (inferred)."""
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: a\n", "line 1: a list of expectations is wanted"),
        ("- a\n", "line 1: an expectation is written as `name: value`"),
        ("- name: a\n  from: b\n", "line 1: an expectation needs `to`"),
        (PLAIN + "- name:\n  from: b\n  to: c\n", "line 4: `name` wants a value"),
        (PLAIN + "  prot: tcp\n", "line 4: an expectation has no `prot`: it may have `name`"),
        (PLAIN + "  to: c\n", "line 4: `to` is there twice"),
        (PLAIN + "  port: https\n", "line 4: `port` is one port, not 'https'"),
        (PLAIN + "  port: [443]\n", "line 4: `port` wants a value"),
        (PLAIN + "  ports: 443\n", "line 4: `ports` is a range such as 8000-8080, not '443'"),
        (PLAIN + "  port: 1\n  ports: 1-2\n", "line 5: either `port`, `ports`, or `type` with `code`"),
        (PLAIN + "  code: 1\n", "line 4: either"),
        ("- name: a\n  from: {vpc: vpc-1}\n  to: c\n", "line 2: an end is an id"),
        ("- name: a\n  from: [b]\n  to: c\n", "line 2: an end is written as"),
        ("- name: a\n  from: {group: {}}\n  to: c\n", "line 2: `group` wants a value"),
        ("- name: 'a\n", "line 2: this is no YAML: found unexpected end of stream"),
        ("- !!python/object/apply:os.system [ls]\n", "line 1: an expectation is written as"),
        ("- *nowhere\n", "line 1: this is no YAML: found undefined alias"),
        ("--- []\n--- []\n", "line 2: this is no YAML: but found another document"),
        ("\x00", "line 1: this is no YAML"),
        ("[" * 20_000, "line 1: this is no YAML: nested beyond reason"),
        ("#" * (MOST_CHARACTERS + 1), f"line 1: the file has more than {MOST_CHARACTERS} characters"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_faults_tell_their_line(text: str, told: str) -> None:
    """What cannot be understood is told with its line (inferred)."""
    with pytest.raises(FileError, match=re.escape(told)):
        read(text)


@given(st.text(alphabet="-: \n{}[]&*!|>'\"#,anametofrom1\t%@`\\", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text is anything but a file of expectations or a FileError (inferred)."""
    try:
        found = read(text)
    except FileError:
        return
    assert all(isinstance(one, Expected) for one in found)
