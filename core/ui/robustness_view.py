"""An examination on screen: the matrix, the curves with their checks, detection, and the way out of the app."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.storage.workspaces import Workspace
from core.ui.charts import BASELINE, NEGATIVE, POSITIVE, show, styled
from core.ui.robustness_matrix import attack_name, frame, matrix
from core.ui.robustness_suspects import suspects
from core.ui.session import cached_catalogue
from core.ui.tables import export_button
from core.ui.text import listed, number, percent, t

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["attack_name", "result"]
_LINES = {"random_vectors": BASELINE, "fgsm": NEGATIVE, "pgd": POSITIVE}
_GOOD_AUC = 0.9


def result(workspace: Workspace, found: Mapping[str, Any]) -> None:
    """Draw everything about one examination."""
    titles = cached_catalogue(workspace).products
    if not found["unchanged"]:
        st.caption(f":material/info: {t('robustness.changed')}")
    if not found["network"]:
        st.caption(f":material/info: {t('robustness.gate_closed')}")
    _matrix(found, [titles[one].title if one in titles else one for one in found["targets"]])
    left, right = st.columns(2, gap="large")
    with left:
        _curves(found)
    with right:
        _detection(found)
    if found.get("injection"):
        _injection(found["injection"])
    with st.container(key="robustness-suspects"):
        suspects(workspace, found)


def _matrix(found: Mapping[str, Any], targets: list[str]) -> None:
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom", key="robustness-bar"
    ):
        st.html(f'<h2 class="sg-h2">{escape(t("robustness.matrix"))}</h2>', width="content")
        with st.container(horizontal=True, width="content"):
            export_button(frame(found), f"robustness-{found['run']}", key="robustness_csv")
            st.download_button(
                t("robustness.download_json"),
                data=lambda: json.dumps(found, ensure_ascii=False, indent=1).encode(),
                file_name=f"robustness-{found['run']}.json",
                mime="application/json",
                icon=":material/data_object:",
                type="tertiary",
                key="robustness_json",
                on_click="ignore",
            )
    st.html(matrix(found))
    told = t("robustness.matrix_note", targets=listed(f"“{title}”" for title in targets))
    hardened = found["hardened"]
    network = t("robustness.hardened_none")
    if hardened:
        own = number(hardened["clean"]["ndcg@10"], 3)
        network = t("robustness.hardened", name=hardened["name"], clean=own)
    st.caption(f"{told} {network}")


def _curves(found: Mapping[str, Any]) -> None:
    st.html(f'<h2 class="sg-h2">{escape(t("robustness.curves"))}</h2>')
    show(curves_figure(found["curves"]), f"robustness_curves_{found['run']}")
    st.caption("  \n".join(_check(one) for one in found["checks"]), help=t("robustness.checks_help"))


def _check(one: Mapping[str, Any]) -> str:
    words = t(f"robustness.check_{one['name']}")
    if one["ok"] is None:
        return f":gray[:material/remove: {words} · {t('robustness.check_open')}]"
    if one["ok"]:
        return f":blue[:material/check_circle:] {words}"
    where = listed(f"{attack_label(b['attack'])} ε {b['epsilon']:g}" for b in one["broken"])
    return f":red[:material/error: {words} · {t('robustness.check_broken', where=where)}]"


def attack_label(name: str) -> str:
    """What an attack is called on screen."""
    return t(f"robustness.attack_{name}")


def curves_figure(points: list[Mapping[str, Any]]) -> Figure:
    """NDCG@10 by the length of the perturbation, one line an attack."""
    from plotly import graph_objects as go

    figure = go.Figure()
    for name, color in _LINES.items():
        own = [point for point in points if point["attack"] == name]
        figure.add_scatter(
            x=[point["epsilon"] for point in own],
            y=[point["ndcg@10"] for point in own],
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": "dot" if name == "random_vectors" else "solid"},
            marker={"size": 7},
            cliponaxis=False,
            name=attack_label(name),
            hovertemplate=t("robustness.curve_hover", epsilon="%{x}", ndcg="%{y:.4f}") + "<extra></extra>",
        )
    figure.update_xaxes(title=t("robustness.axis_epsilon"))
    figure.update_yaxes(title="NDCG@10", rangemode="tozero")
    return styled(figure, 300)


def _injection(told: Mapping[str, Any]) -> None:
    st.html(f'<h2 class="sg-h2">{escape(t("robustness.injection"))}</h2>')
    st.caption(t("robustness.injection_note", n=number(told["texts"]), model=told["model"].partition("@")[0]))
    head = "".join(
        f"<th>{escape(t(f'robustness.column_{name}'))}</th>"
        for name in ("reading", "f1", "obeyed", "invented")
    )
    body = "".join(
        f'<tr><th scope="row">{escape(t(f"robustness.reading_{name}"))}</th><td>{number(row.get("f1"), 3)}</td>'
        f"<td>{percent(row['obeyed'], 0)}</td>"
        f"<td>{escape(t('robustness.of_values', n=number(row['invented']), of=number(row['values'])))}</td></tr>"
        for name in ("clean", "attacked", "defended", "without_grammar")
        if (row := told.get(name))
    )
    st.html(
        f'<div class="sg-robust-scroll"><table class="sg-robust sg-robust-small"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _detection(found: Mapping[str, Any]) -> None:
    told = found["detection"]
    st.html(f'<h2 class="sg-h2">{escape(t("robustness.detection"))}</h2>')
    head = "".join(
        f"<th>{escape(t(f'robustness.column_{name}'))}</th>" for name in ("attack", "auc", "found", "wrong")
    )
    body = "".join(_spotted(row) for row in (*told["profiles"], told["facts"]))
    st.html(
        f'<div class="sg-robust-scroll"><table class="sg-robust sg-robust-small"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    st.caption(
        t(
            "robustness.detection_note",
            share=percent(told["share"], 0),
            rounds=number(len(told["facts"]["auc"])),
            sure=percent(told["sure"], 0),
        )
    )


def _spotted(row: Mapping[str, Any]) -> str:
    mean = row["mean"]
    tone = "" if mean is None or mean >= _GOOD_AUC else ' class="sg-robust-weak"'
    least = t("robustness.least", value=number(row["least"], 2))
    return (
        f'<tr><th scope="row">{escape(attack_label(row["attack"]))}</th>'
        f"<td{tone}>{number(mean, 3)} <small>{escape(least)}</small></td>"
        f"<td>{percent(row['found'])}</td><td>{percent(row['wrong'])}</td></tr>"
    )
