"""A choice in the link: kept there, and given up when the visitor goes back."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from core.ui.linked import switch

    st.markdown(switch("View", ("a", "b", "c"), "view", "view_key", lambda name: f"{name}"))


def test_a_choice_is_in_the_link_and_the_link_of_before_is_obeyed() -> None:
    test = AppTest.from_function(page, default_timeout=60)
    test.query_params["view"] = "c"
    test.run()
    assert test.markdown[0].value == "c"
    test.segmented_control(key="view_key").set_value("b").run()
    assert test.markdown[0].value == "b"
    assert test.query_params["view"] == "b"
    test.segmented_control(key="view_key").set_value("a").run()
    assert "view" not in test.query_params, "the first one is what a bare link opens"
    test.query_params["view"] = "b"
    test.run()
    assert test.markdown[0].value == "b", "going back is not undone by the control"
