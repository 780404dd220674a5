"""TLS of the server: its certificate and key as a context, and in one line what is wrong with them."""

from __future__ import annotations

import logging
import os
import ssl
import stat
from pathlib import Path

from groupwall.config import SettingError

log = logging.getLogger("groupwall")

_ENCRYPTED = "it is encrypted; a server that starts by itself needs it without a passphrase"
_WHY = {
    "KEY_VALUES_MISMATCH": "the key is not that of the certificate",
    "KEY_TYPE_MISMATCH": "the key is not that of the certificate",
    "EE_KEY_TOO_SMALL": "the certificate's key is too short to be trusted",
    "CA_MD_TOO_WEAK": "the certificate is signed with a hash that is not trusted any more",
}
"""What OpenSSL's reasons mean to who made the files; any other is told as it is."""


def context(certificate: str, key: str) -> ssl.SSLContext:
    """Return the context of a server, TLS 1.2 at least. certificate: PEM, with those that lead to a root behind it.

    SettingError, which names the file, for what cannot be read, is not PEM, does not fit, or is encrypted. A key that
    everybody on the machine may read is told in the log (inferred).
    """
    for path in (certificate, key):
        _check_readable(path)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION
    try:
        made.load_cert_chain(certificate, key, lambda: _refuse_encrypted(key))
    except ssl.SSLError as error:
        raise SettingError(f"--tls-cert {certificate} and --tls-key {key}: {_why(error, certificate)}") from None
    if os.name == "posix" and Path(key).stat().st_mode & stat.S_IROTH:
        log.warning("everybody on this machine can read the key %s: chmod 600 it", key)
    return made


def _check_readable(path: str) -> None:
    try:
        Path(path).open("rb").close()
    except OSError as error:
        raise SettingError(f"{path} cannot be read: {error.strerror}") from None


def _refuse_encrypted(key: str) -> str:
    raise SettingError(f"--tls-key {key} cannot be used: {_ENCRYPTED}")


def _why(error: ssl.SSLError, certificate: str) -> str:
    """Return what is wrong. OpenSSL does not say which of the files it could not read."""
    if error.reason in _WHY:
        return _WHY[error.reason]
    if "-----BEGIN CERTIFICATE-----" not in Path(certificate).read_text("latin-1"):
        return "the first holds no certificate in PEM form"
    return f"the second holds no key in PEM form ({error.reason or 'PEM'})"
