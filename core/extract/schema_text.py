"""A schema as YAML text: read with every fault at its line, written in the form of the shipped one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from core.extract.schema_check import Fault, Path, faults

MOST_CHARS = 400_000
MOST_DEPTH = 12
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FIRST = ("name", "attributes", "general", "categories")


@dataclass(frozen=True, slots=True)
class Remark:
    """A fault and its line, from 1. ``code`` is that of a ``Fault``, or one of ``yaml``, ``too_long``, ``too_deep``,
    ``alias`` and ``key_twice``."""

    line: int
    code: str
    fields: Mapping[str, str]
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that was read. ``raw`` is its plain data, None where it cannot be used; ``remarks`` by line."""

    raw: dict[str, Any] | None
    remarks: tuple[Remark, ...]


def check(text: str) -> Checked:
    """Read a text that anybody may have written: nothing in it is trusted, and nothing is raised."""
    if len(text) > MOST_CHARS:
        return Checked(None, (Remark(1, "too_long", {"most": f"{MOST_CHARS:,}"}),))
    try:
        refused = list(_refused(text))
        if refused:
            return Checked(None, tuple(refused))
        tree = yaml.compose(text, Loader=_Loader)
        raw = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        return Checked(None, (_unreadable(error, text),))
    except ValueError as error:  # a date or number that looks like one and is none
        return Checked(None, (Remark(1, "yaml", {"problem": str(error)}),))
    remarks = [*_keys_twice(tree), *(_remark(fault, tree) for fault in faults(raw))]
    ordered = tuple(sorted(remarks, key=lambda remark: (remark.line, remark.code)))
    return Checked(None if any(remark.fatal for remark in ordered) else raw, ordered)


def write(raw: Mapping[str, Any], head: str = "") -> str:
    """The YAML of plain data, one line a property; ``head`` are the comment lines to begin with."""
    lines = [head.rstrip("\n")] if head.strip() else []
    keys = [key for key in _FIRST if key in raw] + [key for key in raw if key not in _FIRST]
    for key in keys:
        if key == "attributes":
            lines += ["", "attributes:", *_attributes(raw[key]), ""]
        elif key == "categories" and raw[key]:
            lines += ["", "categories:", *_categories(raw[key])]
        else:
            lines.append(f"{_flow(key)}: {_flow(raw[key])}")
    return "\n".join(lines).strip("\n") + "\n"


def head_of(text: str) -> str:
    """The comment lines that a text begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    return "\n".join(lines)


def _attributes(raw: Mapping[str, Any]) -> Iterator[str]:
    for name, attribute in raw.items():
        if not attribute:
            yield f"  {_flow(name)}: {{}}"
            continue
        yield f"  {_flow(name)}:"
        for key, value in attribute.items():
            yield f"    {_flow(key)}: {_flow(value)}"


def _categories(raw: Any) -> Iterator[str]:
    for entry in raw:
        for at, (key, value) in enumerate(entry.items()):
            yield f"  {'-' if at == 0 else ' '} {_flow(key)}: {_flow(value)}"


def _flow(value: Any) -> str:
    """A value on one line; in a list, as a bare scalar would be followed by the end of the document."""
    told = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False)
    return str(told).strip()[1:-1]


def _refused(text: str) -> Iterator[Remark]:
    """References (a few lines of them can stand for gigabytes) and nesting beyond any schema."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            yield Remark(event.start_mark.line + 1, "alias", {"value": str(event.anchor)})
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MOST_DEPTH:
                yield Remark(event.start_mark.line + 1, "too_deep", {})
                return
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _unreadable(error: yaml.YAMLError, text: str) -> Remark:
    mark = getattr(error, "problem_mark", None)
    last = len(text.splitlines()) or 1  # what is missing at the end is missed on the line after it
    problem = getattr(error, "problem", None) or str(error)
    return Remark(min(mark.line + 1, last) if mark else 1, "yaml", {"problem": str(problem)})


def _keys_twice(node: Any) -> Iterator[Remark]:
    if isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _keys_twice(value)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.value in lines:
                fields = {"value": key.value, "first": str(lines[key.value])}
                yield Remark(line, "key_twice", fields)
            elif isinstance(key, yaml.ScalarNode):
                lines[key.value] = line
            yield from _keys_twice(value)


def _remark(fault: Fault, tree: Any) -> Remark:
    return Remark(_line(tree, fault.path), fault.code, fault.fields, fault.fatal)


def _line(node: Any, path: Path) -> int:
    """The line of the deepest part of the path that is there; of a mapping's entry, the line of its key."""
    line = node.start_mark.line + 1 if node is not None else 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            named = enumerate(node.value)
            entry = next(((k, v) for at, (k, v) in named if step in (at, k.value)), None)
            if entry is None:
                break
            line, node = entry[0].start_mark.line + 1, entry[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line
