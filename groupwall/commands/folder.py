"""What commands share that work on the store's file itself, beside a running server or without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from groupwall.commands.reach import as_owner
from groupwall.commands.refused import refused
from groupwall.config import DEFAULT_ACCOUNT, SettingError, Settings
from groupwall.store.sqlite import FILE, Store, open_beside, open_store
from groupwall.units import Ids

Command = Callable[..., Any]
_FOLDER = Settings().data
MOST_BYTES = 600_000
"""Of a file with a policy: more than the longest that is taken, whatever its characters."""


def in_folder(command: Command) -> Command:
    """Give a command the options ``--data`` and ``--json``, and the ways that every command ends."""
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(refused(command))
    return click.option(
        "--data", default=_FOLDER, show_default=True, envvar="GROUPWALL_DATA", help="Folder of the store."
    )(command)


def of_account(command: Command) -> Command:
    """Give a command the option ``--account``."""
    return click.option("--account", default=DEFAULT_ACCOUNT, show_default=True, help="The account.")(command)


@contextmanager
def opened(data: str, *, create: bool = False) -> Iterator[Store]:
    """Open the store of a folder, as its owner. create: make one where there is none; StoreError otherwise."""
    file = Path(data) / FILE
    with as_owner(file):
        fresh = create and not file.exists()
        store = open_store(data, Ids()) if fresh else open_beside(data)
    try:
        yield store
    finally:
        store.close()


def documents(files: tuple[str, ...]) -> dict[str, str]:
    """Return policies by name, which is the file's without its ending. SettingError where two have one name."""
    found: dict[str, str] = {}
    for file in files:
        name = Path(file).stem
        if name in found:
            raise SettingError(f"two policies would be named {name}: the name is the file's")
        found[name] = document(file)
    return found


def document(file: str) -> str:
    """Return the text of a file. SettingError when it cannot be read, is none, or far too long for a policy."""
    try:
        with Path(file).open("rb") as opened_file:
            content = opened_file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise SettingError(f"{file} is far too long for a policy")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingError(f"{file} is no text in UTF-8") from None


def optional_document(file: str | None) -> str | None:
    """Return the text of a file, None where none is named."""
    return None if file is None else document(file)


def tags_of(given: tuple[str, ...]) -> dict[str, str]:
    """Return tags given as ``KEY=VALUE``. SettingError for one without ``=`` and for a key that is there twice."""
    tags: dict[str, str] = {}
    for one in given:
        key, sign, value = one.partition("=")
        if not sign or key in tags:
            raise SettingError(f"{one!r} is no tag: write KEY=VALUE, each key once")
        tags[key] = value
    return tags
