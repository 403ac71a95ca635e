"""Which column is what, proposed from names and from values."""

from __future__ import annotations

import pytest

from core.catalogue.mapping import propose
from core.catalogue.read import read_table


@pytest.mark.parametrize(
    ("columns", "row", "kind", "fields"),
    [
        (
            ["商品编号", "商品名称", "商品描述", "品牌", "类目", "售价"],
            ["A1", "不锈钢保温杯", "双层真空，保温十二小时", "哈尔斯", "水具", "¥99"],
            "products",
            {
                "id": "商品编号",
                "title": "商品名称",
                "description": "商品描述",
                "brand": "品牌",
                "price": "售价",
            },
        ),
        (
            ["用户ID", "商品ID", "行为类型", "时间戳"],
            ["u1", "p1", "购买", "1714745100"],
            "events",
            {"shopper_id": "用户ID", "product_id": "商品ID", "kind": "行为类型", "time": "时间戳"},
        ),
        (
            ["reviewerID", "asin", "reviewText", "overall", "unixReviewTime"],
            ["A9", "B001", "Works very well with my old kettle, and it is quiet.", "5.0", "1391472000"],
            "reviews",
            {"product_id": "asin", "text": "reviewText", "rating": "overall", "shopper_id": "reviewerID"},
        ),
        (
            ["Handle", "Title", "Body (HTML)", "Vendor", "Variant Price"],
            ["moka", "Moka pot", "<p>Aluminium, for three cups</p>", "Bialetti", "24.90"],
            "products",
            {
                "id": "Handle",
                "title": "Title",
                "description": "Body (HTML)",
                "brand": "Vendor",
                "price": "Variant Price",
            },
        ),
    ],
)
def test_mappings_are_proposed_from_names(
    columns: list[str], row: list[str], kind: str, fields: dict[str, str]
) -> None:
    data = (
        ",".join(columns)
        + "\n"
        + "".join(
            ",".join(
                f'"{cell}"' if column not in columns[:1] else f'"{cell}{n}"'
                for column, cell in zip(columns, row, strict=True)
            )
            + "\n"
            for n in range(5)
        )
    )
    table = read_table(data.encode(), "a.csv")
    mapping = propose(table.columns, table.head()).mapping
    assert mapping.kind == kind
    assert fields.items() <= mapping.fields.items()


def test_columns_with_names_that_say_nothing_are_proposed_by_their_values() -> None:
    rows = "".join(
        f'x{n},Moka pot number {n},"A pot that makes {n} cups of strong coffee on any stove in minutes",€{n}.50\n'
        for n in range(9)
    )
    table = read_table(("c1,c2,c3,c4\n" + rows).encode(), "a.csv")
    proposal = propose(table.columns, table.head())
    assert proposal.mapping.fields == {"id": "c1", "title": "c2", "description": "c3", "price": "c4"}
    assert set(proposal.reasons.values()) == {"values"}
