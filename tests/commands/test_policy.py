"""``groupwall policy``: what users and roles may do, checked, tried, kept and forgotten in a store's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from groupwall.cli import main
from tests.driver import Wall
from tests.law import breaches
from tests.scenes import create_group

ALLOW = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
OFFICE = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Office", "Effect": "Allow", "Action": "ec2:Revoke*", "Resource": "*",
     "Condition": {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}},
    {"Sid": "Team", "Effect": "Allow", "Action": "ec2:Authorize*", "Resource": "*",
     "Condition": {"StringEquals": {"ec2:ResourceTag/team": "${aws:PrincipalTag/team}"}}},
    {"Sid": "Never", "Effect": "Deny", "Action": "ec2:DeleteSecurityGroup", "Resource": "*"}
  ]
}
"""
TRUST = """{"Version": "2012-10-17", "Statement":
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:user/alice"}, "Action": "sts:AssumeRole"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some policies, and a store with a group of the team net and a user of it."""
    for name, text in (("all", ALLOW), ("office", OFFICE), ("trust", TRUST)):
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
    with Wall(data=str(tmp_path / "store")) as wall:
        group = create_group(wall)
        wall.call("CreateTags", Resources=[group], Tags=[{"Key": "team", "Value": "net"}])
        (tmp_path / "group").write_text(group, "utf-8")
    file = str(tmp_path / "office.json")
    assert run(tmp_path, "set", "--user", "alice", "--policy", file, "--tag", "team=net").exit_code == 0
    return tmp_path


def run(folder: Path, step: str, *words: str) -> Result:
    """Run a step of ``groupwall policy`` on the store."""
    return CliRunner().invoke(main, ["policy", step, *words, "--data", str(folder / "store")])


def check(folder: Path, text: str, *words: str) -> Result:
    """Run ``groupwall policy check`` on a text."""
    (folder / "checked.json").write_text(text, "utf-8")
    return CliRunner().invoke(main, ["policy", "check", str(folder / "checked.json"), *words])


FAULTS = [
    (ALLOW, (), 0, "nothing is wrong"),
    (OFFICE, (), 0, "nothing is wrong"),
    (TRUST, ("--trust",), 0, "nothing is wrong"),
    (
        OFFICE.replace("ec2:Revoke*", "ec2:RevokeIt"),
        (),
        0,
        "warning: line 4: Statement[0].Action: `ec2:RevokeIt` is no",
    ),
    (OFFICE.replace("aws:SourceIp", "aws:SourceIpp"), (), 0, "no request has the key aws:SourceIpp"),
    (OFFICE.replace('"Deny"', '"Never"'), (), 1, "error: line 8: Statement[2].Effect: Effect is `Allow` or `Deny`"),
    (OFFICE.replace('"Sid": "Team",', '"Sid": "Team"'), (), 1, "error: line 6: column"),
    (ALLOW, ("--trust",), 1, "Principal"),
]


@pytest.mark.parametrize(("text", "words", "code", "told"), FAULTS)
def test_policies_are_checked(tmp_path: Path, text: str, words: tuple[str, ...], code: int, told: str) -> None:
    """Each fault is told with its line; one that is refused makes the exit code 1 (inferred)."""
    done = check(tmp_path, text, *words)
    assert (done.exit_code, told in done.stdout) == (code, True), done.output


def test_the_keys_and_actions_of_all_calls_are_known(tmp_path: Path) -> None:
    """Keys that calls tell of themselves, actions of AWS that we lack, and of our own: no warning (inferred)."""
    keys = ("ec2:Attribute/GroupSet", "ec2:CreateAction", "aws:TagKeys", "ec2:Vpc", "aws:PrincipalTag/x", "ec2:Tenancy")
    condition = {"StringLike": dict.fromkeys(keys, "*")}
    actions = ["ec2:CreateVolume", "groupwall:PreviewRevoke", "sts:AssumeRole", "ec2:*", "s3:GetObject"]
    statement = {"Effect": "Deny", "Action": actions, "Resource": "*", "Condition": condition}
    done = check(tmp_path, json.dumps({"Version": "2012-10-17", "Statement": statement}))
    assert done.stdout.endswith("nothing is wrong\n")


def test_faults_are_told_as_json(tmp_path: Path) -> None:
    """With the file, the line, the path and whether the policy is refused (inferred)."""
    told = json.loads(check(tmp_path, OFFICE.replace('"Deny"', '"Never"'), "--json").stdout)
    assert [(one["Line"], one["Path"], one["Grave"]) for one in told] == [(8, "Statement[2].Effect", True)]


def simulate(folder: Path, action: str, *words: str) -> tuple[int, str]:
    """Return the exit code and what is told of an action of alice's on the group."""
    group = (folder / "group").read_text("utf-8")
    done = run(folder, "simulate", "--as", "alice", "--action", action, "--resource", group, *words)
    return done.exit_code, done.output


def test_a_call_is_tried(folder: Path) -> None:
    """The decision, the statement and why: tags of the resource and the caller are read, the rest given (inferred)."""
    assert simulate(folder, "ec2:AuthorizeSecurityGroupIngress") == (
        0, "allowed: statement Team of the identity policy office allows it\n",
    )  # fmt: skip
    assert simulate(folder, "ec2:DeleteSecurityGroup") == (
        1, "denied: statement Never of the identity policy office denies it explicitly\n",
    )  # fmt: skip
    code, told = simulate(folder, "ec2:RevokeSecurityGroupIngress")
    assert (code, "statement Office of the identity policy office does not apply" in told) == (1, True)
    assert "aws:sourceip" in told.lower()
    context = ("--context", "aws:SourceIp=198.51.100.7")
    assert simulate(folder, "ec2:RevokeSecurityGroupIngress", *context)[0] == 0
    assert simulate(folder, "ec2:RevokeSecurityGroupIngress", "--context", "aws:SourceIp=192.0.2.1")[0] == 1
    assert simulate(folder, "ec2:AuthorizeSecurityGroupIngress", "--region", "eu-west-1")[0] == 1


def test_another_policy_is_tried(folder: Path) -> None:
    """In place of what is kept, for a user that need not be kept, within the boundary that is (inferred)."""
    tried = ("--policy", str(folder / "all.json"))
    assert simulate(folder, "ec2:DeleteSecurityGroup", *tried)[0] == 0
    words = ("--action", "ec2:DescribeVpcs", "--as", "bob")
    assert run(folder, "simulate", *words, *tried).exit_code == 0
    assert run(folder, "simulate", *words).output.startswith("NoSuchEntity: ")
    assert run(folder, "set", "--user", "alice", "--boundary", str(folder / "office.json")).exit_code == 0
    code, told = simulate(folder, "ec2:CreateVpc", *tried)
    assert (code, "no boundary policy allows ec2:CreateVpc" in told) == (1, True)


def test_a_role_is_tried_with_its_trust(folder: Path) -> None:
    """As AssumeRole decides: by the trust policy, and by the caller's own where that names the account (inferred)."""
    named, account = folder / "trust.json", folder / "account.json"
    account.write_text(TRUST.replace("arn:aws:iam::123456789012:user/alice", "123456789012"), "utf-8")
    for name, trust in (("near", named), ("far", account)):
        assert run(folder, "set", "--role", name, "--trust", str(trust)).exit_code == 0
    every = ("--policy", str(folder / "all.json"))

    def tried(who: str, role: str, *words: str) -> tuple[int, str]:
        arn = f"arn:aws:iam::123456789012:role/{role}"
        done = run(folder, "simulate", "--as", who, "--action", "sts:AssumeRole", "--resource", arn, *words)
        return done.exit_code, done.output

    assert tried("alice", "near") == (0, "allowed: statement 0 of the trust policy near allows it\n")
    code, told = tried("bob", "near", *every)
    assert (code, told.startswith("denied: the trust policy near does not allow sts:AssumeRole to ")) == (1, True)
    code, told = tried("alice", "far")
    assert (code, "trust policy far allows it, but no identity policy allows sts:AssumeRole" in told) == (1, True)
    assert tried("bob", "far", *every)[0] == 0


def test_who_has_only_a_key_is_tried(folder: Path) -> None:
    """A user of whom nothing is kept has no policies, so it may do nothing (inferred)."""
    store = str(folder / "store")
    assert CliRunner().invoke(main, ["keys", "create", "--user", "bob", "--data", store]).exit_code == 0
    done = run(folder, "simulate", "--as", "bob", "--action", "ec2:DescribeVpcs")
    assert (done.exit_code, done.output.startswith("denied: no identity policy allows ec2:DescribeVpcs")) == (1, True)


@pytest.mark.parametrize("action", ["RevokeSecurityGroupIngress", "ec2:*", "ec2:"])
def test_what_is_no_action_is_not_tried(folder: Path, action: str) -> None:
    """An action has its service and no wildcards: IAM's SimulatePrincipalPolicy [docs]."""
    assert simulate(folder, action)[0] == 2


def test_an_action_of_no_call_is_told(folder: Path) -> None:
    """Nothing asks for it, which is mostly a slip of the pen (inferred)."""
    done = run(folder, "simulate", "--as", "alice", "--action", "ec2:RevokeSecurityGroupIngres")
    assert "warning: `ec2:RevokeSecurityGroupIngres` is no action of ec2 here" in done.stderr
    assert "is `ec2:RevokeSecurityGroupIngress` meant?" in done.stderr


def test_what_is_likely_wrong_is_told_of_what_is_kept(folder: Path) -> None:
    """A policy that does nothing is kept, as IAM does, but not in silence (inferred)."""
    (folder / "odd.json").write_text(ALLOW.replace('"Action": "*"', '"Action": "ec2:RevokeIt"'), "utf-8")
    done = run(folder, "set", "--user", "bob", "--policy", str(folder / "odd.json"))
    assert (done.exit_code, "odd.json: warning: line 1: Statement.Action: `ec2:RevokeIt`" in done.stderr) == (0, True)


def test_a_trial_is_told_as_json(folder: Path) -> None:
    """With ARNs and the deciding statements as they stand in the policies (inferred)."""
    code, told = simulate(folder, "ec2:DeleteSecurityGroup", "--json")
    answer = json.loads(told)
    group = (folder / "group").read_text("utf-8")
    assert (code, answer["Allowed"], answer["ExplicitDeny"]) == (1, False, True)
    assert answer["Caller"] == "arn:aws:iam::123456789012:user/alice"
    assert answer["Resource"] == f"arn:aws:ec2:us-east-1:123456789012:security-group/{group}"
    assert [one["Statement"]["Sid"] for one in answer["Statements"]] == ["Never"]


@pytest.mark.parametrize(
    "words",
    [
        ("--resource", "nonsense"),
        ("--resource", "arn:aws:ec2"),
        ("--context", "aws:SourceIp"),
        ("--context", "SourceIp=1"),
        ("--region", "nowhere-1"),
        ("--account", "12"),
    ],
)
def test_nonsense_is_not_tried(folder: Path, words: tuple[str, ...]) -> None:
    """What names no resource, no key, no region and no account is wrong usage (inferred)."""
    assert run(folder, "simulate", "--as", "alice", "--action", "ec2:X", *words).exit_code == 2


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:ec2:us-east-1:123456789012:security-group/sg-1",
        "arn:aws:ec2:eu-west-1:210987654321:vpc/*",
        "arn:aws:iam::123456789012:role/x",
        "arn:aws:ec2:us-east-1::image/ami-1",
        "*",
    ],
)
def test_any_resource_can_be_tried(folder: Path, resource: str) -> None:
    """Whether it is there or not, of EC2 or not, here or elsewhere (inferred)."""
    tried = ("--policy", str(folder / "all.json"))
    done = run(folder, "simulate", "--as", "role/x", "--action", "ec2:X", "--resource", resource, *tried)
    assert done.exit_code == 0, done.output


def test_who_is_kept_is_listed_shown_and_forgotten(folder: Path) -> None:
    """A role, through its life; each step is a change that the law holds for (inferred)."""
    made = run(
        folder, "set", "--role", "deploy", "--policy", str(folder / "all.json"), "--trust", str(folder / "trust.json")
    )
    assert made.output == "role deploy of 123456789012 is kept, with all\n"
    listed = run(folder, "list").output.splitlines()
    assert [line.split()[:4] for line in listed[1:]] == [
        ["user", "alice", "123456789012", "office"], ["role", "deploy", "123456789012", "all"],
    ]  # fmt: skip
    shown = run(folder, "show", "--role", "deploy").output
    assert f"\npolicy all\n{ALLOW}\n\ntrust\n{TRUST}" in shown
    told = json.loads(run(folder, "show", "--role", "deploy", "--json").output)
    assert told == {
        "Arn": "arn:aws:iam::123456789012:role/deploy", "Policies": {"all": json.loads(ALLOW)}, "Boundary": None,
        "Trust": json.loads(TRUST), "Tags": {},
    }  # fmt: skip
    assert [one["Arn"] for one in json.loads(run(folder, "list", "--json").output)][1:] == [told["Arn"]]
    assert run(folder, "remove", "--role", "deploy").output == "role deploy of 123456789012 is forgotten\n"
    assert run(folder, "show", "--role", "deploy").exit_code == 1
    assert breaches(folder / "store") == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "either --user or --role"),
        (("--user", "a", "--role", "b"), 2, "either --user or --role"),
        (("--user", "a/b"), 1, "ValidationError"),
        (("--role", "b"), 1, "needs a trust policy"),
        (("--user", "a", "--tag", "x"), 2, "is no tag"),
        (("--user", "a", "--policy", "{folder}/none.json"), 2, "none.json cannot be read: No such file"),
        (
            ("--user", "a", "--policy", "{folder}/all.json", "--policy", "{folder}/more/all.json"),
            2,
            "would be named all",
        ),
        (("--user", "a", "--policy", "{folder}/binary"), 2, "no text in UTF-8"),
        (("--user", "a", "--policy", "{folder}/huge"), 2, "far too long"),
        (("--user", "a", "--account", "12"), 2, "12 digits"),
    ],
)
def test_what_cannot_be_kept_is_refused(folder: Path, words: tuple[str, ...], code: int, told: str) -> None:
    """Wrong usage ends with 2, what IAM would refuse with 1; nothing is kept (inferred)."""
    (folder / "binary").write_bytes(b"\xff\xfe")
    (folder / "huge").write_bytes(b" " * 700_000)
    done = run(folder, "set", *(word.format(folder=folder) for word in words))
    assert (done.exit_code, told in done.output) == (code, True), done.output
    assert len(json.loads(run(folder, "list", "--json").output)) == 1
