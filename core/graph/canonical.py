"""Digests that do not depend on machine or order of parts."""

from __future__ import annotations

import hashlib

MODULUS = 1 << 256


def digest(*parts: str) -> int:
    """A number in [0, 2**256) for a sequence of parts; sums of digests modulo 2**256 stand for sets of sequences."""
    hasher = hashlib.blake2b(digest_size=32)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        hasher.update(len(data).to_bytes(8, "big") + data)
    return int.from_bytes(hasher.digest(), "big")
