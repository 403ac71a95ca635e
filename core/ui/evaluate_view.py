"""An evaluation on screen: both scores, costs, breakdowns, calibration, learning curve, and another one beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from core.extract.learning import Prospect, half_width, prospect
from core.ui.charts import show
from core.ui.evaluate_calibration import calibration
from core.ui.evaluate_charts import curve_figure, triage_figure
from core.ui.evaluate_compare import differences
from core.ui.evaluate_errors import errors
from core.ui.evaluate_state import SCORES, Kept, from_nothing, labels, points, signed
from core.ui.shell import param, set_params
from core.ui.tables import table
from core.ui.text import number, percent, t

_NOT_FIGURES = ("texts", "wrong")


def bar(known: Mapping[str, Kept], asked: str) -> tuple[Kept, Kept | None]:
    """Draw the choice of an evaluation and of another beside it, and the way to take the figures along; gives both.

    ``asked`` is the id that the link asks for, else the latest is shown.
    """
    one, two, three = st.columns([5, 5, 2], vertical_alignment="bottom")
    with one:
        kept = _picked(known, asked)
    with two:
        other = _beside(kept, known)
    with three:
        st.download_button(
            t("evaluate.export_figures"),
            data=lambda: figures_json(kept.result),
            file_name=f"evaluation-{kept.id}.json",
            mime="application/json",
            icon=":material/download:",
            type="tertiary",
            key="evaluate-figures",
            on_click="ignore",
        )
    return kept, other


def evaluation(kept: Kept, other: Kept | None) -> None:
    """Draw everything about one evaluation, and what is different in the other."""
    figures(kept.result, other.result if other else None)
    if from_nothing(kept.params):
        st.caption(t("evaluate.from_nothing"))
    if other:
        differences(kept, other)
    st.fragment(_inside)(kept)


def figures_json(result: Mapping[str, Any]) -> bytes:
    """The figures without texts and errors."""
    kept = {name: value for name, value in result.items() if name not in _NOT_FIGURES}
    return json.dumps(kept, ensure_ascii=False, indent=1).encode()


def figures(result: Mapping[str, Any], other: Mapping[str, Any] | None) -> None:
    """Both scorers beside each other, and what the reading cost."""
    cards = "".join(_score(result, other, name) for name in SCORES)
    meters = "".join(
        f'<div class="sg-meter" title="{escape(t(f"evaluate.{name}_help"), quote=True)}">'
        f"<span>{escape(t(f'evaluate.{name}'))}</span><strong>{value}</strong></div>"
        for name, value in _costs(result).items()
    )
    st.html(f'<div class="sg-scores">{cards}<div class="sg-meters">{meters}</div></div>')


def curve(result: Mapping[str, Any]) -> None:
    """The learning curve, and in one sentence what ten more labelled texts would give."""
    st.html(f'<h2 class="sg-h2">{escape(t("evaluate.curve_title"))}</h2>')
    outlook = outlook_of(result)
    if outlook:
        st.markdown(
            t(
                "evaluate.outlook",
                texts=number(outlook.texts),
                more=number(outlook.more),
                gain=signed(100 * outlook.gain, 2),
                low=number(100 * outlook.low, 2),
                high=number(100 * outlook.high, 2),
            ),
            help=t("evaluate.outlook_help"),
        )
    else:
        st.caption(t("evaluate.outlook_none"))
    show(curve_figure(result["curve"], outlook), f"evaluate-curve-{result['id']}")


def triage(result: Mapping[str, Any]) -> None:
    """How soon a review would find the errors; nothing where there is none, or where it was not measured yet."""
    found = result.get("review")
    if not found or found["first_tenth"] is None:
        return
    st.html(f'<h2 class="sg-h2">{escape(t("evaluate.triage"))}</h2>')
    names = ("first_tenth_by_value", "same_looks_by_value", "first_tenth", "perfect", "wrong_share")
    told = {name: percent(found[name], 0) for name in names}
    told |= {name: number(found[name]) for name in ("facts", "values")}
    best = found.get("perfect_same_looks")
    most = (
        t(
            "evaluate.triage_most",
            perfect_same_looks=percent(best, 0),
            share=percent(found["same_looks_by_value"] / best, 0),
        )
        if best
        else ""
    )
    st.caption(t("evaluate.triage_told", **told), help=t("evaluate.triage_help", most=most, **told))
    show(triage_figure(found["curves"]), f"evaluate-triage-{result['id']}")


def outlook_of(result: Mapping[str, Any]) -> Prospect | None:
    """The forecast from the strict F1 of each fold."""
    curves = zip(
        *([(point["texts"], value) for value in point["strict"]] for point in result["curve"]), strict=True
    )
    return prospect(list(curves))


def _picked(known: Mapping[str, Kept], asked: str) -> Kept:
    named = labels(known)
    ids = list(named)
    at = ids.index(asked) if asked in named else 0
    picked = st.selectbox(
        t("evaluate.which"),
        ids,
        index=at,
        format_func=named.__getitem__,
        key=f"evaluate-which-{ids[at]}-{len(ids)}",
    )
    if picked != ids[at]:
        set_params(e=picked, job=None, kind=None, p=None, vs=None)
        st.rerun()
    return known[picked]


def _beside(kept: Kept, known: Mapping[str, Kept]) -> Kept | None:
    named = labels({one.id: one for one in known.values() if one.id != kept.id})
    if not named:
        return None
    asked = param("vs", "") or ""
    chosen = st.selectbox(
        t("evaluate.compare"),
        ["", *named],
        index=[*named].index(asked) + 1 if asked in named else 0,
        format_func=lambda one: named[one] if one else t("evaluate.compare_none"),
        key=f"evaluate-vs-{kept.id}-{len(named)}",
    )
    set_params(vs=chosen)
    return known.get(chosen)


def _inside(kept: Kept) -> None:
    """Breakdown and learning curve beside calibration and review, and the errors that a row or a kind leads to."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        narrow = _breakdown(kept)
        if kept.result["curve"]:
            curve(kept.result)
    with right:
        calibration(kept.result)
        triage(kept.result)
    errors(kept, narrow)


def _breakdown(kept: Kept) -> tuple[str, str] | None:
    """Scores by attribute or category; gives what is selected."""
    import pandas as pd

    by = st.segmented_control(
        t("evaluate.by"),
        ("attribute", "category"),
        default="attribute",
        format_func=lambda name: t(f"evaluate.by_{name}"),
        key=f"evaluate-by-{kept.id}",
        label_visibility="collapsed",
        required=True,
    )
    cells = kept.result[f"by_{by}"]
    names = sorted(cells, key=lambda name: -(cells[name]["vn"] + cells[name]["vc"] + cells[name]["vw"]))
    title = t(f"evaluate.column_{by}")
    frame = pd.DataFrame(
        {
            title: [
                kept.named(name) if by == "attribute" else name or t("evaluate.no_category") for name in names
            ],
            "F1": [100 * cells[name]["f1"] for name in names],
            t("evaluate.precision"): [100 * cells[name]["precision"] for name in names],
            t("evaluate.recall"): [100 * cells[name]["recall"] for name in names],
            t("evaluate.column_gold"): [_gold(cells[name]) for name in names],
            t("evaluate.column_wrong"): [
                cells[name]["nv"] + cells[name]["vn"] + cells[name]["vw"] for name in names
            ],
        }
    )
    bar = st.column_config.ProgressColumn(format="%.1f", min_value=0, max_value=100, width="small")
    shares = (t("evaluate.precision"), t("evaluate.recall"))
    columns = {"F1": bar, **dict.fromkeys(shares, bar), title: st.column_config.Column(width=130)}
    columns |= dict.fromkeys(
        (t("evaluate.column_gold"), t("evaluate.column_wrong")), st.column_config.NumberColumn(width=60)
    )
    chosen = table(frame, f"evaluate-{by}-{kept.id}", columns=columns, selection=True)
    st.caption(t("evaluate.breakdown_hint"))
    return (str(by), names[chosen[0]]) if chosen else None


def _score(result: Mapping[str, Any], other: Mapping[str, Any] | None, name: str) -> str:
    found = result[name]
    spread = half_width([fold[name] for fold in result["folds"]])
    band = f' <span class="sg-band">± {points(spread)}</span>' if spread is not None else ""
    change = (
        f' <span class="sg-change">{signed(100 * (found["f1"] - other[name]["f1"]))}</span>' if other else ""
    )
    return (
        f'<section class="sg-score"><h3>{escape(t(f"evaluate.{name}"))}</h3>'
        f"<p><strong>{points(found['f1'])}</strong> F1{band}{change}</p>"
        f"<p>{escape(t('evaluate.precision'))} {points(found['precision'])} · "
        f"{escape(t('evaluate.recall'))} {points(found['recall'])}</p>"
        f"<small>{escape(t(f'evaluate.{name}_told'))}</small></section>"
    )


def _costs(result: Mapping[str, Any]) -> dict[str, str]:
    return {
        "speed": number(result["products_per_second"]),
        "tokens": number(result["tokens_per_product"]) if result["llm_share"] else number(0),
        "llm_share": percent(result["llm_share"]),
        "ece": number(result["ece"], 3),
        "left_empty": percent(result["absent_left_empty"]) if result["absent"] else number(None),
        "texts": number(result["n"]),
    }


def _gold(cells: Mapping[str, float]) -> float:
    return cells["vn"] + cells["vc"] + cells["vw"]
