"""The graph value certificate of a run: one sentence that is true, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from core.jobs import Jobs
from core.ontology import Family
from core.recommend.certificate import SEGMENTS
from core.recommend.config import GraphKind
from core.recommend.runs import Run
from core.recommend.verdict import ALPHA
from core.settings import ASSETS
from core.storage.workspaces import Workspace
from core.ui.charts import FAMILY_COLORS
from core.ui.machine import gpu_slot
from core.ui.progress import job_panel
from core.ui.text import family_label, listed, number, t

STYLE = ASSETS / "css" / "runs.css"
FINDINGS = ("pays", "costs", "any_facts", "open", "few")
FAMILY_SEGMENTS = ("all", "warm_item", "cold_item")


def certificate(workspace: Workspace, run: Run, *, wide: bool = False) -> None:
    """Draw the certificate of a finished run; where there is none, the button that makes it.

    Where it may be ``wide`` its two tables stand beside each other.
    """
    st.html(STYLE)
    st.markdown(f"**{t('runs.certificate')}**", help=t("runs.certificate_help"))
    told = run.metrics.get("certificate")
    if told:
        st.markdown(sentence(told))
        _closed(run, told)
        st.html(
            f'<div class="sg-certificate{" sg-wide" if wide else ""}">'
            f"{segments_table(told)}{families_table(told)}</div>"
        )
        return
    if run.config.get("graph") != GraphKind.REAL or run.metrics.get("facts") == 0:
        st.caption(t("runs.certificate_no_graph"))
        return
    if run.metrics.get("fork"):
        st.caption(t("runs.certificate_fork"))
        return
    active = [job for job in Jobs(workspace).list("certify", active=True) if job.params.get("run") == run.id]
    if active:
        job_panel(workspace, active[0].id)
        return
    st.caption(t("runs.certificate_why"))
    label = t("runs.certificate_make")
    if st.button(label, icon=":material/verified:", key=f"certify_{run.id}"):
        Jobs(workspace).submit("certify", {"run": run.id}, gpu_slot(run.config.get("device", "auto")))
        st.rerun()


def _closed(run: Run, told: Mapping[str, Any]) -> None:
    if not run.metrics["mix"]["network"]:
        st.caption(t("runs.certificate_closed"))
    if told["closed"]:
        controls = listed(t(f"runs.column_{kind}") for kind in told["closed"])
        baseline = t(f"train.model_{run.metrics['baseline']}")
        st.caption(t("runs.certificate_control_closed", controls=controls, baseline=baseline))


def sentence(told: Mapping[str, Any]) -> str:
    """Where the graph pays, where it costs, and where neither is proven, in the visitor's language."""
    clauses = []
    for finding in FINDINGS:
        where = [t(f"runs.where_{name}") for name in SEGMENTS if told["segments"][name]["finding"] == finding]
        if where:
            clauses.append(t(f"runs.clause_{finding}", where=_enumerated(where)))
    text = t("runs.clause_join").join(clauses) + t("runs.clause_end")
    return text[:1].upper() + text[1:]


def segments_table(told: Mapping[str, Any]) -> str:
    """HTML: a row a segment; the three graphs, and the gains of the real one."""
    graphs = [kind.value for kind in GraphKind]
    gains = ("gain_none", "gain_shuffled")
    names = ("segment", "n", *graphs, *gains)
    rows = []
    for name in SEGMENTS:
        one = told["segments"][name]
        cells = [number(one["n"])]
        cells += [_level(one[kind]) for kind in graphs]
        cells += [_gain(one[gain], one[gain]["p_holm"]) for gain in gains]
        rows.append((escape(t(f"runs.segment_{name}")), cells))
    return _table([t(f"runs.column_{name}") for name in names], rows)


def families_table(told: Mapping[str, Any]) -> str:
    """HTML: a row a family of relations, the largest gain first; "" where the run has none."""
    families = told["families"]
    if not families:
        return ""
    order = sorted(families, key=lambda name: -(families[name]["all"]["mean"] or 0.0))
    rows = []
    for name in order:
        family = Family(name)
        colour, label = FAMILY_COLORS[family], escape(family_label(family))
        chip = f'<span class="sg-legend" style="--sg-family:{colour}">{label}</span>'
        rows.append((chip, [_gain(families[name][segment]) for segment in FAMILY_SEGMENTS]))
    names = [t("runs.column_family"), *(t(f"runs.segment_{segment}") for segment in FAMILY_SEGMENTS)]
    title = f'<h3 title="{escape(t("runs.families_help"))}">{escape(t("runs.families"))}</h3>'
    note = f"<p>{escape(t('runs.families_help'))}</p>"
    return f'<div class="sg-families">{title}{note}{_table(names, rows)}</div>'


def _table(names: list[str], rows: list[tuple[str, list[str]]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for first, cells in rows
    )
    return (
        f'<div class="sg-figures" tabindex="0"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _level(figure: Mapping[str, float | None]) -> str:
    mean, low, high = figure["mean"], figure["low"], figure["high"]
    if mean is None or low is None or high is None:
        return number(None)
    return f"{number(mean, 3)}<small>± {number((high - low) / 2, 3)}</small>"


def _gain(figure: Mapping[str, float | None], p: float | None = 0.0) -> str:
    """A gain with its interval; bold where the interval leaves out zero and ``p``, which is shown on hover, agrees."""
    mean, low, high = figure["mean"], figure["low"], figure["high"]
    if mean is None or low is None or high is None:
        return number(None)
    sure = p is not None and p < ALPHA and (low > 0 or high < 0)
    tip = f' title="p (Holm) {number(p, 3)}"' if p else ""
    tag = "b" if sure else "span"
    return f"<{tag}{tip}>{signed(mean)}</{tag}><small>{_rounded(low, 3)} … {_rounded(high, 3)}</small>"


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign, "+0.012"."""
    return ("+" if round(value, digits) > 0 else "") + _rounded(value, digits)


def _rounded(value: float, digits: int) -> str:
    """A figure that is never "−0.000"."""
    return number(round(value, digits) + 0.0, digits)


def _enumerated(parts: list[str]) -> str:
    """ "a", "a and b", "a, b and c", as the language does it."""
    if len(parts) == 1:
        return parts[0]
    return t("common.list_separator").join(parts[:-1]) + t("runs.clause_and") + parts[-1]
