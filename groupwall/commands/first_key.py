"""The first key of a store whose server verifies who calls: without one nobody could call it."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from groupwall.commands.profile_files import PRIVATE, write_whole
from groupwall.config import Settings
from groupwall.iam.keys import Wanted, create
from groupwall.profiles import DEFAULT_ENDPOINT
from groupwall.store.entities import AccessKey
from groupwall.store.sqlite import Store
from groupwall.store.transaction import Transaction
from groupwall.units import Ids, SystemClock

FILE = "root.credentials"
PROFILE = "groupwall-root"
"""A file of AWS's form in the store's folder, which its owner alone can read, and the one profile in it."""


def make_first_key(store: Store, settings: Settings, url: str) -> str:
    """Make a key of the account's root where a server that verifies has none; return how to use it, "" for none made.

    What is returned goes to a terminal, so it names the file that has the secret, and not the secret (inferred).
    """
    if settings.auth == "open" or store.read(lambda tx: tx.access_keys()):
        return ""
    file = Path(settings.data) / FILE
    key = store.run(lambda tx: _made(tx, settings.account, file))
    return (
        f"there was no access key, so {key.id} was made, of the root of account {key.account}; try it:\n"
        f"  AWS_SHARED_CREDENTIALS_FILE={quote(str(file))} AWS_ENDPOINT_URL={url} \\\n"
        f"  aws --profile {PROFILE} --region {settings.region} sts get-caller-identity\n"
        f"make others by `groupwall keys create --user NAME --policy FILE{_elsewhere(settings, url)}`"
    )


def _elsewhere(settings: Settings, url: str) -> str:
    """Return the options of ``groupwall keys create`` for a folder and an address that are not its own."""
    asked = {"--data": (settings.data, Settings().data), "--endpoint": (url, DEFAULT_ENDPOINT)}
    return "".join(f" {option} {quote(value)}" for option, (value, usual) in asked.items() if value != usual)


def _made(tx: Transaction, account: str, file: Path) -> AccessKey:
    """Make the key, or nothing where its file cannot be written: nobody could use it."""
    key, secret = create(tx, Ids(), SystemClock().now(), Wanted(account))
    lines = (f"[{PROFILE}]", f"aws_access_key_id = {key.id}", f"aws_secret_access_key = {secret}", "")
    write_whole(file, "\n".join(lines).encode(), PRIVATE)
    return key
