"""``groupwall serve``: the server."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import Any

import click

from groupwall.app import open_app
from groupwall.commands.enforcing import agent_beside, enforcing, step_down
from groupwall.commands.first_key import make_first_key
from groupwall.commands.refused import refused
from groupwall.commands.rooted import STATE
from groupwall.config import MOST_DAYS, Settings, quotas_from
from groupwall.listening import listen
from groupwall.server import STANDARD_ERROR, address
from groupwall.server import serve as run
from groupwall.store.sqlite import open_store
from groupwall.tls import context
from groupwall.units import Ids

FEWEST_FILES = 32
"""What a server without clients needs, and some."""

_DEFAULTS = Settings()


@click.command(
    context_settings={"auto_envvar_prefix": "GROUPWALL", "show_default": True},
    short_help="The server: EC2 and STS on HTTP.",
)
@click.option("--host", default=_DEFAULTS.host, help="Address to listen on.")
@click.option("--port", default=_DEFAULTS.port, type=click.IntRange(0, 65535), help="Port; 0 takes a free one.")
@click.option("--data", default=_DEFAULTS.data, help="Folder of the store, or :memory: to keep nothing.")
@click.option("--account", default=_DEFAULTS.account, help="Account of callers that name none.")
@click.option("--region", default=_DEFAULTS.region, help="Region of requests that name none.")
@click.option(
    "--auth",
    default=_DEFAULTS.auth,
    type=click.Choice(["open", "signed", "iam"]),
    help="Believe callers, verify who they are, or also hold them to their policies.",
)
@click.option("--allow-open", is_flag=True, help="Let --auth open listen beyond this machine.")
@click.option(
    "--log", default=_DEFAULTS.log, type=click.Choice(["text", "json", "off"]), help="Log of requests, on stderr."
)
@click.option(
    "--retention-days",
    default=_DEFAULTS.retention_days,
    type=click.IntRange(0, MOST_DAYS),
    help="How long changes are kept in the history; 0: for ever.",
)
@click.option("--tls-cert", default="", help="Certificate for https, PEM, with its chain.")
@click.option("--tls-key", default="", help="Its key, PEM, without a passphrase.")
@click.option(
    "--requests-per-second", default=0.0, type=click.FloatRange(0), help="How many one caller may make; 0: no limit."
)
@click.option("--burst", default=0, type=click.IntRange(0), help="How many at once; 0: those of two seconds.")
@click.option(
    "--enforce",
    default=_DEFAULTS.enforce,
    type=click.Choice(["off", "nft"]),
    help="Make rules and instances real on this machine, with nftables: root, Linux.",
)
@click.option("--user", default="nobody", help="With --enforce: whom the server runs as once it listens.")
@click.option("--state", default=STATE, help="With --enforce: the agent's own folder.")
@refused
def serve(user: str, state: str, **options: Any) -> None:  # noqa: ANN401 - the options above, by name
    """Serve EC2 and STS on HTTP until SIGTERM; prints one line when ready."""
    _have_descriptors()
    settings = Settings(**options)
    asked = enforcing(user, state, settings.data) if settings.enforce == "nft" else None
    quotas = quotas_from(os.environ)
    tls = context(settings.tls_cert, settings.tls_key) if settings.tls_cert else None
    sock = listen(settings.host, settings.port)
    with sock:
        if asked:
            step_down(asked, settings.data)
        store = open_store(settings.data, Ids())
        url = address(sock, secure=tls is not None)
        try:
            if told := make_first_key(store, settings, url):
                click.echo(told, err=True)
            with agent_beside(asked, store, settings, url) if asked else nullcontext():
                run(open_app(store, settings, quotas), settings, sock, tls=tls)
        finally:
            store.close()


def _have_descriptors() -> None:
    """Refuse to start where few files can be open at once: OSError. Leave none of 0, 1 and 2 free.

    The system gives out the lowest number that is free, so a socket would get the number of standard error, and the
    log, if a server was started with that closed.
    """
    for descriptor in [os.open(os.devnull, os.O_RDWR) for _ in range(FEWEST_FILES)]:
        if descriptor > STANDARD_ERROR:
            os.close(descriptor)
