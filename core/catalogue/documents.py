"""The documents of products and reviews: the texts that assertions point into."""

from __future__ import annotations

from core.catalogue.language import detect
from core.domain import Document, DocumentKind, Product, Review


def documents_of(product: Product) -> list[Document]:
    """Title, description, and one cell for each structured value there is, in this order.

    Ids: ``<product id>/title``, ``/description``, ``/brand``, ``/category``, ``/price``, ``/attr:<column>``.
    """
    found = [_document(product, "title", DocumentKind.TEXT, product.title)]
    if product.description:
        found.append(_document(product, "description", DocumentKind.TEXT, product.description))
    cells = {"brand": product.brand, "category": product.category, "price": price_text(product)}
    cells |= {f"attr:{column}": value for column, value in product.attributes.items()}
    found += [_document(product, field, DocumentKind.CELL, text) for field, text in cells.items() if text]
    return found


def document_of_review(review: Review) -> Document:
    """The text of a review, under ``<review id>/text``; it speaks of the review's product."""
    return Document.of(
        f"{review.id}/text",
        review.product_id,
        "text",
        DocumentKind.REVIEW,
        review.text,
        language=detect(review.text),
        source_id=review.source_id,
    )


def price_text(product: Product) -> str:
    """A price as the text of its cell: "229.00 EUR"; "" where there is none."""
    if product.price is None:
        return ""
    return f"{product.price:.2f} {product.currency or ''}".strip()


def _document(product: Product, field: str, kind: DocumentKind, text: str) -> Document:
    return Document.of(
        f"{product.id}/{field}",
        product.id,
        field,
        kind,
        text,
        language=detect(text),
        source_id=product.source_id,
    )
