"""What leaves the app as CSV cannot act as a formula and still says the same."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

from core.spreadsheet import defused
from core.ui.tables import to_csv


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\")"]
)  # fmt: skip
def test_formulas_are_defused(cell: str) -> None:
    assert defused(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["", "mug", "-3", "+4.5", "-1,234.5", "-12%", "1.5e-3", "不锈钢", "a=b"])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert defused(cell) == cell


def test_cells_and_headings_survive_the_way_out() -> None:
    df = pd.DataFrame({"=name": ["=1+1", '杯子, "big"', None], "n": [1, -2, 3]})
    rows = list(csv.reader(io.StringIO(to_csv(df).decode("utf-8-sig"))))
    assert rows == [["'=name", "n"], ["'=1+1", "1"], ['杯子, "big"', "-2"], ["", "3"]]
    assert to_csv(df).startswith(b"\xef\xbb\xbf")
