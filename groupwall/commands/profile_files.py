"""Writing a profile into AWS's two files, for the AWS CLI and the SDKs: all else in them stays as it is.

A file is written beside itself and put in its place at once, so that nobody ever reads half of it; and by one of us at
a time, so that no profile is lost to another, whose secret is kept nowhere else for its owner.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from groupwall.config import SettingError

if sys.platform != "win32":
    import fcntl

_NAME = re.compile(r"[A-Za-z0-9_.@+-]{1,64}")
_HEADER = re.compile(rb"\[(.+)\]")
PRIVATE = 0o600


class Profile(NamedTuple):
    """A profile: its key, and where and about which region it asks."""

    name: str
    key_id: str
    secret: str
    endpoint: str
    region: str


class Files(NamedTuple):
    """AWS's two files, of keys and of everything else."""

    credentials: Path
    config: Path


def files_of(environment: Mapping[str, str]) -> Files:
    """Return where AWS's files are, whether they are there or not."""
    credentials = environment.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    config = environment.get("AWS_CONFIG_FILE") or "~/.aws/config"
    return Files(*(Path(os.path.realpath(os.path.expanduser(one))) for one in (credentials, config)))  # noqa: PTH111 - Path's own raises where there is no home


def refuse_unwritable(files: Files, name: str) -> None:
    """Refuse a name that no profile can have, and files that are none, such as /dev/null. SettingError."""
    if not _NAME.fullmatch(name):
        raise SettingError(f"{name[:64]!r} is no name for a profile: letters, digits and _.@+- only")
    for path in files:
        if path.exists() and not path.is_file():
            raise SettingError(f"{path} is no file that a profile can be written to")


def refuse_taken(files: Files, name: str) -> None:
    """Refuse the name of a profile that there is in either file. SettingError."""
    for path, title in zip(files, _titles(name), strict=True):
        if any(_sections(_content(path), title)):
            raise SettingError(f"there is a profile {name} in {path}; --replace writes over it")


def write_profile(files: Files, profile: Profile) -> None:
    """Write a profile into both files, over the one of its name; the secret comes last. OSError."""
    keys = {"aws_access_key_id": profile.key_id, "aws_secret_access_key": profile.secret}
    settings = {"endpoint_url": profile.endpoint, "region": profile.region}
    of_keys, of_settings = _titles(profile.name)
    _put(files.config, of_settings, settings, _mode(files.config))
    _put(files.credentials, of_keys, keys, PRIVATE)


def _titles(name: str) -> tuple[str, str]:
    return name, name if name == "default" else f"profile {name}"


def _put(path: Path, title: str, entries: Mapping[str, str], mode: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone_in(path.parent):
        write_whole(path, _with_section(_content(path), title, entries), mode)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process of ours writes into a folder; nobody waits where a folder cannot be locked."""
    if sys.platform == "win32":
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _with_section(content: bytes, title: str, entries: Mapping[str, str]) -> bytes:
    for start, end in reversed(list(_sections(content, title))):
        content = content[:start] + content[end:]
    if content and not content.endswith(b"\n"):
        content += b"\n"
    lines = [f"[{title}]", *(f"{name} = {value}" for name, value in entries.items())]
    text = "".join(f"{line}\n" for line in lines).encode()
    gap = b"\n" if content and not content.endswith(b"\n\n") else b""
    return content + gap + text


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return PRIVATE


def _sections(content: bytes, title: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each section of a title; what only stands before the next one is not of it."""
    start, end, at = None, 0, 0
    for line in content.splitlines(keepends=True):
        header = _HEADER.match(line)
        if header and start is not None:
            yield start, end
            start = None
        if header and _plain(header[1]) == title:
            start = at
        at += len(line)
        if line.strip() and not line.startswith((b"#", b";")):
            end = at
    if start is not None:
        yield start, end


def _plain(header: bytes) -> str:
    """Return a title as AWS's tools read it: whatever its spaces and quotes."""
    return " ".join(header.decode("utf-8", "replace").split()).replace('"', "")


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Put a file in its place at once, durable and of this mode. OSError."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with open(file, "wb") as out:  # noqa: PTH123 - it is open already
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.chmod(mode)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
