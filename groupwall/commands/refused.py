"""How a command ends: 0 done, 1 refused with ``code: message`` on standard error, 2 wrong usage."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from groupwall.commands.visible import visible
from groupwall.config import SettingError
from groupwall.errors import ApiError
from groupwall.store.folder import StoreError


def refused(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn the errors that a user can cause into one line and exit code 1 (2 for a setting that can't be used)."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the command's own
        try:
            return command(*args, **kwargs)
        except SettingError as error:
            raise click.UsageError(visible(str(error))) from error
        except click.UsageError as error:  # it may repeat what stands in a file, or came from a server
            raise click.UsageError(visible(error.format_message()), error.ctx) from error
        except ApiError as error:
            click.echo(visible(f"{error.code}: {error.message}"), err=True)
        except StoreError as error:
            click.echo(visible(f"StoreError: {error}"), err=True)
        except OSError as error:
            click.echo(visible(f"{type(error).__name__}: {error.strerror or error}"), err=True)
        sys.exit(1)

    return run
