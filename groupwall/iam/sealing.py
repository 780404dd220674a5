"""Text that only this store can read or have written: session tokens, and why a call was refused.

AES-256-GCM with a key of its own for each purpose, drawn from the store's seal; so a text of one purpose is none of
another. Nothing is kept of what is given out, so nothing has to be cleaned up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import zlib
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
LONGEST = 65_536
"""Characters of a sealed text, and bytes of what it may hold: more was never given out."""


class SealError(ValueError):
    """A text that was never sealed here, or not for this purpose."""


def derived(seal: bytes, purpose: str) -> bytes:
    """Return the key of 32 bytes for a purpose."""
    return hmac.digest(seal, purpose.encode(), hashlib.sha256)


def sealed(seal: bytes, purpose: str, text: str, nonce: bytes) -> str:
    """Return a text as URL-safe characters that tell nothing of it. nonce: NONCE_BYTES, never used before."""
    return base64.urlsafe_b64encode(
        nonce + _cipher(seal, purpose).encrypt(nonce, zlib.compress(text.encode()), None)
    ).decode()


def unsealed(seal: bytes, purpose: str, text: str) -> str:
    """Return what ``sealed`` was given. SealError for a text that it never gave."""
    if len(text) > LONGEST:
        raise SealError
    try:
        raw = base64.b64decode(text, altchars=b"-_", validate=True)
        opened = _cipher(seal, purpose).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], None)
        return zlib.decompressobj().decompress(opened, LONGEST).decode()
    except (binascii.Error, InvalidTag, ValueError, zlib.error) as error:
        raise SealError from error


@lru_cache(maxsize=16)
def _cipher(seal: bytes, purpose: str) -> AESGCM:
    return AESGCM(derived(seal, purpose))
