"""The frame around every page: who may come in, which workspace, where on the chain, and what went wrong.

A page file ends with ``run_page("name", render)``. A cold deep link can make Streamlit run the page without app.py,
so everything that must hold on a page is established there and not in app.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import ShelfGraphError, WorkspaceError
from core.storage.workspaces import Workspace
from core.ui import chain, navigation, theme, tour
from core.ui.session import database_stamp, open_workspace, workspaces
from core.ui.text import has, language, t

Render = Callable[[Workspace], None]
MOST_WHOLE = 10**15

_framed: ContextVar[bool] = ContextVar("framed", default=False)
_head: ContextVar[DeltaGenerator | None] = ContextVar("head", default=None)


def enter() -> Any:
    """Begin a run: the page's settings, the navigation, the gate, the sidebar; gives the page that is to run."""
    st.set_page_config(page_icon=str(theme.MARK), layout="wide", initial_sidebar_state="auto", menu_items={})
    page = st.navigation(navigation.pages(), position="hidden")
    _framed.set(True)
    gate()
    theme.dress(language())
    navigation.sidebar(current_workspace())
    return page


def gate() -> None:
    """Stop a visitor who has to sign in first: where ``[auth]`` is in Streamlit's secrets; otherwise open."""
    if not st.secrets.load_if_toml_exists() or "auth" not in st.secrets or st.user.is_logged_in:
        return
    st.title(t("common.product"))
    st.button(t("common.sign_in"), type="primary", on_click=st.login)
    st.stop()


def run_page(name: str, render: Render) -> None:
    """Run a page within its frame; the last line of each page file."""
    if not _framed.get():
        page = enter()
        if page.url_path == ("" if name == "home" else name):
            page.run()  # this file once more, now as a page of the navigation, so that its widgets are the same
            return
    _framed.set(False)  # the thread may serve the next run as well
    workspace = current_workspace()
    _keep_in_link(w=workspace.info.id, lang=language())
    st.session_state["page"] = name
    _head.set(st.container(key="sg-head"))
    with st.container(key="sg-chain"):
        chain.strip(workspace, with_stations=name != "home")  # Home shows them large
    tour.banner(workspace, name)
    with guarded():
        render(workspace)


@contextmanager
def guarded() -> Iterator[None]:
    """Show a ShelfGraphError raised in the block instead of the rest of it; fragments need one of their own."""
    try:
        yield
    except ShelfGraphError as error:
        problem(error)


def problem(error: ShelfGraphError) -> None:
    """Say what went wrong, where, and what to do."""
    key = f"errors.{type(error).__name__}"
    title = t(key) if has(key) else t("common.error_title")
    where = f'<div class="sg-problem-where">{escape(error.where)}</div>' if error.where else ""
    remedy = f'<div class="sg-problem-remedy">{escape(error.remedy)}</div>' if error.remedy else ""
    st.html(
        f'<div class="sg-problem" role="alert"><strong>{escape(title)}</strong>'
        f"<div>{escape(error.what)}</div>{where}{remedy}</div>"
    )


def header(name: str, state: str = "", action: Callable[[], object] | None = None) -> None:
    """The page's question, one sentence of state in figures, and the one primary action at the right."""
    place = _head.get() or st.container()
    with place:
        if action is None:
            _title(name, state)
            return
        left, right = st.columns([5, 2], vertical_alignment="center")
        with left:
            _title(name, state)
        with right, st.container(key="sg-action", horizontal=True, horizontal_alignment="right"):
            action()


def empty(name: str, *, what: str, why: str, button: Callable[[], object] | None = None) -> None:
    """An empty state: what will be here, why it is worth having, and the button that makes it so."""
    with st.container(key=f"sg-empty-{name}", border=True, horizontal_alignment="center"):
        st.html(
            f'<div class="sg-empty"><div class="sg-empty-what">{escape(what)}</div>'
            f'<div class="sg-empty-why">{escape(why)}</div></div>'
        )
        if button is not None:
            button()


def fold(title: str, *, open: bool = False) -> None:
    """Head the container around it; on a phone all below the head is folded away until the head is touched, except
    where it is ``open`` from the start."""
    name, state = escape(title), " open" if open else ""
    st.html(f'<h2 class="sg-h2 sg-fold-wide">{name}</h2>')
    st.html(f'<details class="sg-fold"{state}><summary>{name}</summary></details>')


def current_workspace() -> Workspace:
    """The workspace of this visit: that of the link, the one chosen before, or the one last worked in.

    Where none can be opened the visitor is told why, and the run ends.
    """
    try:
        return _current_workspace()
    except WorkspaceError as error:
        problem(error)
        st.stop()


def _current_workspace() -> Workspace:
    for asked in (st.query_params.get("w"), st.session_state.get("w")):
        if not asked:
            continue
        try:
            workspace = open_workspace(asked)
        except WorkspaceError:
            continue
        st.session_state["w"] = workspace.info.id
        return workspace
    workspace = _last_used()
    if st.query_params.get("w"):
        st.toast(t("common.workspace_gone", name=workspace.info.name), icon=":material/info:")
    st.session_state["w"] = workspace.info.id
    return workspace


def switch_workspace(workspace_id: str) -> None:
    """Make this visit's workspace another one; for callbacks, so that the rerun sees it."""
    st.session_state["w"] = workspace_id
    st.query_params.from_dict({"w": workspace_id, "lang": language()})


def param(name: str, default: str | None = None) -> str | None:
    """A part of the view's state that is kept in the link."""
    value = st.query_params.get(name)
    return default if value in (None, "") else value


def whole_param(name: str, otherwise: int, least: int = 0, most: int = MOST_WHOLE) -> int:
    """A number of the view's state, from 0 on, brought into its range; ``otherwise`` where the link has none."""
    text = param(name) or ""
    known = text.isascii() and text.isdigit() and len(text) < len(str(MOST_WHOLE))
    return min(max(int(text), least), most) if known else otherwise


def set_params(**values: object) -> None:
    """Write parts of the view's state into the link; None takes one out."""
    for name, value in values.items():
        if value is None or value == "":
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != str(value):
            st.query_params[name] = str(value)


def go(page: str, **params: object) -> None:
    """Open another page with this view state; does not return."""
    st.switch_page(str(navigation.path(page)), query_params=navigation.link_params(**params))


def page_exists(page: str) -> bool:
    """Whether this version has that page."""
    return navigation.path(page).is_file()


def _title(name: str, state: str) -> None:
    st.html(f'<h1 class="sg-title">{escape(t(f"{name}.title"))}</h1>')
    if state:
        st.html(f'<p class="sg-state">{state}</p>')


def _last_used() -> Workspace:
    known = workspaces().list()
    if not known:
        return workspaces().create(t("common.first_workspace"))
    return max((open_workspace(info.id) for info in known), key=database_stamp)


def _keep_in_link(**values: str) -> None:
    for name, value in values.items():
        if st.query_params.get(name) != value:
            st.query_params[name] = value
            st.session_state[name] = value
