"""The matrix of an examination as a heat table: each figure with what the attack changed, warmer where it harmed."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from core.ui.text import NOT_MEASURED, number, percent, t

if TYPE_CHECKING:
    from pandas import DataFrame

FIGURES = ("ndcg@10", "recall@20", "place", "target_hit", "extraction_f1")
_PERCENT_OF_WORDS = frozenset({"typos", "synonyms", "invisible"})
_WARMEST = 62
Row = Mapping[str, Any]


def attack_name(row: Row) -> str:
    """An attack with its strength: "Typos, 20% of words"."""
    return t(
        "robustness.with_strength", attack=t(f"robustness.attack_{row['attack']}"), strength=_strength(row)
    )


def matrix(found: Mapping[str, Any]) -> str:
    """The table as HTML: families of attacks, and for each figure attacked beside defended."""
    groups = "".join(
        f'<th colspan="2" scope="colgroup" title="{escape(t(f"robustness.help_{_key(name)}"), quote=True)}">'
        f"{escape(t(f'robustness.figure_{_key(name)}'))}</th>"
        for name in FIGURES
    )
    both = "".join(
        f'<th scope="col">{escape(t("robustness.attacked"))}</th>'
        f'<th scope="col">{escape(t("robustness.defended"))}</th>'
        for _ in FIGURES
    )
    body, family = [_clean(found)], ""
    for row in found["rows"]:
        if row["family"] != family:
            family = row["family"]
            words = escape(t(f"robustness.family_{family}"))
            body.append(
                f'<tr class="sg-robust-family"><th colspan="{1 + 2 * len(FIGURES)}" scope="colgroup">'
                f"<span>{words}</span></th></tr>"
            )
        body.append(_line(row))
    return (
        '<div class="sg-robust-scroll" tabindex="0"><table class="sg-robust"><thead>'
        f'<tr><th rowspan="2" scope="col">{escape(t("robustness.column_attack"))}</th>{groups}</tr>'
        f"<tr>{both}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def frame(found: Mapping[str, Any]) -> DataFrame:
    """The matrix as a table of figures, for a spreadsheet."""
    import pandas as pd

    lines = []
    for row in found["rows"]:
        line = {name: row[name] for name in ("attack", "family", "strength", "targeted", "defence")}
        for name in (*FIGURES, "target_place"):
            for state in ("clean", "attacked", "defended"):
                line[f"{name} {state}"] = (row[state] or {}).get(name)
        lines.append(line)
    return pd.DataFrame(lines)


def harm(row: Row, state: str, name: str) -> float | None:
    """What an attack did to a figure, in [−1, 1], positive for harm: the share of it that was lost; for the pushed
    product's share of first tens, what it gained; for its place, the share of the way up. None where not measured."""
    clean, now = _before(row, state), row[state]
    if now is None or now.get(name) is None:
        return None
    if name == "extraction_f1":
        return 1.0 - float(now[name])
    if name == "target_hit":
        return float(now[name]) - float(clean[name])
    if name == "place" and row["targeted"]:
        return (float(clean["target_place"]) - float(now["target_place"])) / max(
            float(clean["target_place"]), 1.0
        )
    sign = 1.0 if name == "place" else -1.0
    return sign * (float(now[name]) - float(clean[name])) / max(float(clean[name]), 1e-9)


def _before(row: Row, state: str) -> Mapping[str, Any]:
    """What a figure is compared with: clean, and for another network its own clean figures."""
    own = row.get("defended_clean") if state == "defended" else None
    clean: Mapping[str, Any] = own or row["clean"]
    return clean


def _clean(found: Mapping[str, Any]) -> str:
    plain = found["clean"]
    pushed: Row = next((row["clean"] for row in found["rows"] if row["targeted"]), {})
    told = {**plain, "target_hit": pushed.get("target_hit")}
    cells = "".join(f'<td colspan="2">{_value(name, told.get(name))}</td>' for name in FIGURES)
    return f'<tr class="sg-robust-clean"><th scope="row">{escape(t("robustness.clean"))}</th>{cells}</tr>'


def _line(row: Row) -> str:
    name = escape(t(f"robustness.attack_{row['attack']}"))
    defence = t(f"robustness.defence_{row['defence']}") if row["defence"] else t("robustness.defence_none")
    cells = "".join(_cell(row, state, figure) for figure in FIGURES for state in ("attacked", "defended"))
    return (
        f'<tr><th scope="row" title="{escape(defence, quote=True)}">{name} '
        f"<small>{escape(_strength(row))}</small></th>{cells}</tr>"
    )


def _cell(row: Row, state: str, name: str) -> str:
    done = harm(row, state, name)
    if done is None:
        return f'<td class="sg-robust-none">{NOT_MEASURED}</td>'
    shown = "target_place" if name == "place" and row["targeted"] else name
    value, before = row[state][shown], _before(row, state).get(shown)
    warmth = round(_WARMEST * min(1.0, max(0.0, done * (2.5 if name == "target_hit" else 1.0))))
    return f'<td style="--heat:{warmth}%">{_value(name, value)} <small>{_change(name, value, before)}</small></td>'


def _value(name: str, value: float | None) -> str:
    if value is None:
        return NOT_MEASURED
    if name == "place":
        return number(value, 1)
    return percent(value, 1) if name == "target_hit" else number(value, 3)


def _change(name: str, value: float, before: float | None) -> str:
    if before is None:
        return ""
    if name == "place":
        return _signed(number(value - before, 1))
    if name == "target_hit":
        return _signed(number(100 * (value - before), 1))
    return _signed(percent(value / max(before, 1e-9) - 1, 0))


def _signed(text: str) -> str:
    if text.strip("−0.%") == "":
        return "±0"
    return text if text.startswith("−") else f"+{text}"


def _strength(row: Row) -> str:
    value, name = row["strength"], row["attack"]
    if row["family"] == "vectors":
        return f"ε {value:g}"
    if name in _PERCENT_OF_WORDS:
        return t("robustness.strength_words", share=percent(value, 0))
    if row["family"] == "profiles":
        return t("robustness.strength_profiles", share=percent(value, 0))
    if name == "missing_facts":
        return t("robustness.strength_missing", share=percent(value, 0))
    return t(f"robustness.strength_{name}", n=number(value))


def _key(name: str) -> str:
    return name.split("@")[0]
