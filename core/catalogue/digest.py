"""Hashes of items and of sets of items.

The hash of a set is the sum of its members' hashes modulo 2^128 (AdHash, Bellare and Micciancio 1997): it does not
depend on order, and adding or removing a member costs one addition. So a catalogue's hash is always at hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from core.domain import Event, Product, Review, canonical_json, content_hash

_MODULUS = 1 << 128


def hash_of_product(product: Product) -> str:
    """The content hash of everything but the source."""
    return content_hash(
        "product",
        product.id,
        product.title,
        product.description,
        canonical_json([product.brand, product.category, product.price, product.currency]),
        canonical_json(dict(product.attributes)),
    )


def hash_of_review(review: Review) -> str:
    """The content hash of everything but the source."""
    rest = canonical_json([review.rating, review.shopper_id, review.time])
    return content_hash("review", review.id, review.product_id, review.text, rest)


def hash_of_event(event: Event) -> int:
    """As a number below 2^128; events have no id, so equal events are equal."""
    text = f"{event.shopper_id}\0{event.product_id}\0{event.kind}\0{event.time!r}\0{event.value!r}"
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=16).digest(), "big")


def add(total: int, members: Iterable[int]) -> int:
    """The hash of a set with more members (negative numbers take members out)."""
    return (total + sum(members)) % _MODULUS


def to_text(total: int) -> str:
    """32 hexadecimal digits."""
    return f"{total % _MODULUS:032x}"
