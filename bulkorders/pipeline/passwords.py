"""Passwords: scrypt, with its parameters and salt beside the hash, so that they can be raised later."""

import base64
import hashlib
import hmac
import secrets
import unicodedata

COST, BLOCK, LANES = 2**15, 8, 1
"""n, r and p: 32 MB and about a tenth of a second for each."""
_SALT_BYTES, _HASH_BYTES = 16, 32
_ROOM = 2
"""As much memory again as scrypt counts, which OpenSSL wants to be allowed."""


def hashed(password: str) -> str:
    """A password as it is kept."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return "$".join(["scrypt", str(COST), str(BLOCK), str(LANES), _text(salt), _text(_scrypt(password, salt, COST, BLOCK, LANES))])


def matches(password: str, kept: str) -> bool:
    """Whether a password is the one that was kept. Raises ValueError for what was not made here."""
    kind, cost, block, lanes, salt, found = kept.split("$")
    if kind != "scrypt":
        raise ValueError(kind)
    tried = _scrypt(password, base64.b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(tried, base64.b64decode(found))


def is_outdated(kept: str) -> bool:
    """Whether a password was kept with other parameters than those of today."""
    return not kept.startswith(f"scrypt${COST}${BLOCK}${LANES}$")


NOBODYS = "$".join(["scrypt", str(COST), str(BLOCK), str(LANES), base64.b64encode(bytes(_SALT_BYTES)).decode(), ""])
"""What a password is compared with where there is no user: it takes as long, and matches none."""


def _scrypt(password: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    # as NIST has it: what looks the same is the same, whichever keyboard it was typed on
    typed = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    room = _ROOM * 128 * cost * block * lanes
    return hashlib.scrypt(typed, salt=salt, n=cost, r=block, p=lanes, maxmem=room, dklen=_HASH_BYTES)


def _text(found: bytes) -> str:
    return base64.b64encode(found).decode()
