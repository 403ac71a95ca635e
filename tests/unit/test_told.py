"""What a press has done stays readable through the reruns that follow it."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from core.ui import told


def page() -> None:
    import streamlit as st

    from core.ui.told import hush, tell, told

    st.text(told("schema", "nothing"))
    st.button("Save", on_click=tell, args=("schema", "saved"))
    st.button("Other")
    st.button("Hush", on_click=hush, args=("schema",))


def test_it_stays_through_the_next_reruns_and_goes_in_time(monkeypatch: Any) -> None:
    now = 0.0
    monkeypatch.setattr(told.time, "monotonic", lambda: now)
    app = AppTest.from_function(page).run()
    assert app.text[0].value == "nothing"
    app.button[0].click().run()
    assert app.text[0].value == "saved"
    app.button[1].click().run()
    assert app.text[0].value == "saved", "a table that draws itself again does not swallow it"
    now = told.LASTS_SECONDS + 1
    app.button[1].click().run()
    assert app.text[0].value == "nothing"


def test_it_can_be_taken_away() -> None:
    app = AppTest.from_function(page).run()
    app.button[0].click().run()
    app.button[2].click().run()
    assert app.text[0].value == "nothing"
