"""``groupwall models``: our own operations in boto3 and the AWS CLI, which look for models in ``~/.aws/models`` too."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from groupwall.commands.refused import refused

SHIPPED = Path(__file__).parents[1] / "models"
LOOKED_IN = "~/.aws/models"


@click.group(short_help="Our operations in boto3 and the AWS CLI.")
def models() -> None:
    """Let `boto3.client("groupwall")` and `aws groupwall` know our operations."""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(refused(command))
    return click.option(
        "--dir",
        "folder",
        default=LOOKED_IN,
        show_default=True,
        help="Where boto3 looks, or a folder of AWS_DATA_PATH.",
    )(command)


@models.command()
@_options
def install(folder: str, *, as_json: bool) -> None:
    """Put the model where boto3 and the AWS CLI look for it."""
    files = [_placed(file, Path(folder).expanduser()) for file in _shipped()]
    _say({"Installed": files}, as_json=as_json)


@models.command()
@_options
def uninstall(folder: str, *, as_json: bool) -> None:
    """Remove the model again."""
    where = Path(folder).expanduser()
    files = [path for file in _shipped() if (path := where / file).exists()]
    for path in files:
        path.unlink()
    _say({"Removed": [str(path) for path in files]}, as_json=as_json)


def _shipped() -> list[Path]:
    return sorted(file.relative_to(SHIPPED) for file in SHIPPED.rglob("*.json"))


def _placed(file: Path, folder: Path) -> str:
    target = folder / file
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SHIPPED / file, target)
    return str(target)


def _say(done: dict[str, list[str]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(done))
        return
    for what, files in done.items():
        for file in files:
            click.echo(f"{what.lower()} {file}")
