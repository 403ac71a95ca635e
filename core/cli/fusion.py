"""Several sources in one graph without a page: ``graph rule|align|import-triples|policy|sources|delete-source``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.cli.common import Commands, add, add_workspace, open_workspace
from core.cli.main import Result
from core.errors import GraphError, UnreadableFile
from core.graph.log import Log
from core.graph.model import OnConflict
from core.graph.rules import InForce, add_rule, alignments_in_force, rules_in_force, withdraw_rule
from core.graph.store import GraphStore
from core.storage.workspaces import Workspace

EXAMPLES = 5
ACTOR = "command line"


def register(actions: Commands) -> None:
    """Add the actions of ``graph`` that are about several sources."""
    _rules(actions.add_parser("rule", help="rules that facts follow by"))
    _alignments(actions.add_parser("align", help="relations of sources that are one attribute"))
    triples = add(actions, "import-triples", _import, "read a taxonomy or triples (CSV, Turtle, N-Triples)")
    add_workspace(triples)
    triples.add_argument("file", type=Path, metavar="FILE")
    triples.add_argument("--name", default="", help="name of the source; that of the file without it")
    policy = add(actions, "policy", _policy, "show or choose what happens to contradictions")
    add_workspace(policy)
    policy.add_argument("choice", nargs="?", choices=[one.value for one in OnConflict])
    policy.add_argument("--source", action="append", default=[], help="for priority: ids, the first wins")
    sources = add(actions, "sources", _sources, "tell what each source adds")
    add_workspace(sources)
    delete = add(actions, "delete-source", _delete, "delete a source with everything that came from it")
    add_workspace(delete)
    delete.add_argument("source", metavar="ID")
    delete.add_argument("--preview", action="store_true", help="only tell what would go")


def _rules(parser: argparse.ArgumentParser) -> None:
    steps: Commands = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    made = add(steps, "add", _add_rule, "record a rule, or tell what it would bring")
    add_workspace(made)
    made.add_argument("text", help='if material is leather then suited to is "wet weather"')
    made.add_argument("--preview", action="store_true", help="only tell what it would bring")
    add_workspace(add(steps, "list", _list_rules, "list the rules in force"))
    removed = add(steps, "remove", _remove_rule, "withdraw a rule")
    add_workspace(removed)
    removed.add_argument("id")


def _alignments(parser: argparse.ArgumentParser) -> None:
    steps: Commands = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    proposed = add(steps, "propose", _propose, "propose relations that may be one")
    add_workspace(proposed)
    proposed.add_argument("--vectors", action="store_true", help="compare sentence vectors too")
    made = add(steps, "add", _align, "make the claims of a relation count under another")
    add_workspace(made)
    made.add_argument("relation")
    made.add_argument("into")
    made.add_argument("--source", default="", help="only in this source")
    made.add_argument("--schema", default="", help="only under this schema version")
    add_workspace(add(steps, "list", _list_alignments, "list the alignments in force"))
    undone = add(steps, "undo", _undo, "take an alignment back")
    add_workspace(undone)
    undone.add_argument("seq", type=int, help="its position in the log, as listed")


def _store(arguments: argparse.Namespace) -> tuple[Workspace, GraphStore]:
    workspace = open_workspace(arguments.workspace)
    return workspace, GraphStore(workspace)


def _add_rule(arguments: argparse.Namespace) -> Result:
    from core.graph.rule_text import parse, rule_id

    workspace, store = _store(arguments)
    data = parse(arguments.text)
    graph, facts = store.graph(), store.would_follow(rule_id(data), data)
    told = {
        "id": rule_id(data),
        "rule": data["text"],
        "facts": len(facts),
        "examples": [
            f"{graph.label(fact.subject)}: {fact.relation} {data['then']['value']}"
            for fact in facts[:EXAMPLES]
            if fact.relation == data["then"]["relation"]
        ],
    }
    if not arguments.preview:
        add_rule(workspace, arguments.text, ACTOR)
        told["hash"] = store.graph().hash
    return told


def _list_rules(arguments: argparse.Namespace) -> Result:
    workspace, store = _store(arguments)
    graph = store.graph()
    return {
        "rules": [
            {
                "id": one.target,
                "rule": one.data["text"],
                "facts": graph.derived.get(one.target, 0),
                "seq": one.seq,
            }
            for one in rules_in_force(workspace, graph)
        ]
    }


def _remove_rule(arguments: argparse.Namespace) -> Result:
    workspace, store = _store(arguments)
    withdraw_rule(workspace, arguments.id, ACTOR)
    return {"withdrawn": arguments.id, "hash": store.graph().hash}


def _propose(arguments: argparse.Namespace) -> Result:
    from core.graph.schema_match import proposals
    from core.llm.sentences import SentenceEncoder

    _, store = _store(arguments)
    found = proposals(store.graph(), SentenceEncoder().encode if arguments.vectors else None)
    return {"proposals": [asdict(one) for one in found]}


def _align(arguments: argparse.Namespace) -> Result:
    from core.graph.alignments import alignment

    workspace, store = _store(arguments)
    known = {fact.relation for fact in store.graph().facts.values()}
    if arguments.relation not in known:
        raise GraphError(
            "No fact has this relation.",
            where=arguments.relation[:120],
            remedy=f"Take one of: {', '.join(sorted(known)[:20])}.",
        )
    entry = alignment(
        arguments.relation, arguments.into, source=arguments.source, schema=arguments.schema, actor=ACTOR
    )
    return {"seq": Log(workspace).append((), [entry]), "hash": store.graph().hash}


def _list_alignments(arguments: argparse.Namespace) -> Result:
    workspace, store = _store(arguments)
    return {"alignments": _told(alignments_in_force(workspace, store.graph()))}


def _told(found: Sequence[InForce]) -> list[dict[str, Any]]:
    return [{"seq": one.seq, **one.data} for one in found]


def _undo(arguments: argparse.Namespace) -> Result:
    workspace, store = _store(arguments)
    if arguments.seq not in {one.seq for one in alignments_in_force(workspace, store.graph())}:
        raise GraphError(
            "No alignment in force has this position.",
            where=str(arguments.seq),
            remedy="See: graph align list.",
        )
    Log(workspace).undo([arguments.seq], ACTOR)
    return {"undone": arguments.seq, "hash": store.graph().hash}


def _import(arguments: argparse.Namespace) -> Result:
    from core.graph.prior import import_statements

    workspace, store = _store(arguments)
    if not arguments.file.is_file():
        raise UnreadableFile("There is no such file.", where=str(arguments.file), remedy="Check the path.")
    report = import_statements(workspace, arguments.file, arguments.name or arguments.file.name)
    return {**asdict(report), "hash": store.graph().hash}


def _policy(arguments: argparse.Namespace) -> Result:
    from core.graph.policies import choose_policy

    workspace, store = _store(arguments)
    if arguments.choice:
        choose_policy(workspace, OnConflict(arguments.choice), arguments.source)
    policy, graph = store.policy, store.graph()
    return {
        "policy": policy.on_conflict.value,
        "sources": list(policy.sources),
        "contradictions": len(store.contradictions(policy)),
        "hash": graph.hash,
    }


def _sources(arguments: argparse.Namespace) -> Result:
    from core.graph.contributions import contributions

    _, store = _store(arguments)
    found = contributions(store.graph())
    return {
        "completeness": found.completeness,
        "facts_of_several": found.shared,
        "facts_by_rules": found.derived,
        "sources": [asdict(one) for one in found.sources],
    }


def _delete(arguments: argparse.Namespace) -> Result:
    from core.catalogue.store import Catalogue
    from core.graph.departure import delete_source, departure

    workspace, store = _store(arguments)
    Catalogue(workspace).source(arguments.source)
    going = departure(workspace, arguments.source)
    told: dict[str, Any] = {
        "items": going.items,
        "facts_gone": len(going.gone),
        "facts_come": len(going.come),
    }
    if not arguments.preview:
        delete_source(workspace, arguments.source)
        told["hash"] = store.graph().hash
    return told
