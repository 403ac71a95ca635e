"""Pattern queries: facts with variables.

    ?p material leather ; ?p used_for ?u
    ?p isAccessoryOrSparePartFor ?q ; ?q brand "Le Creuset" ; not ?p color black

One fact a clause: subject, relation, value; clauses are set apart by ``;``. ``?name`` is a variable, also as relation;
names with blanks stand in quotes; ``node:…`` names a node by its id. A relation may be written as in the ontology
(``usedFor``), with underscores or in words (``used_for``, ``"used for"``); a value by its label or any alias, whatever
its case. ``not`` before a clause asks that there be no such fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import GraphError

MOST_CLAUSES = 8
_TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(;)|([^\s;"]+))')
_EXAMPLE = 'Write for example: ?p material "stainless steel" ; ?p usedFor ?u'


@dataclass(frozen=True, slots=True)
class Term:
    """A place of a clause: a variable's name, or a name to be looked up. ``quoted`` names are never variables."""

    text: str
    variable: bool = False

    def __str__(self) -> str:
        return f"?{self.text}" if self.variable else self.text


@dataclass(frozen=True, slots=True)
class Clause:
    """A fact that is to be there, or (``negated``) not to be there."""

    subject: Term
    relation: Term
    object: Term
    negated: bool = False

    @property
    def terms(self) -> tuple[Term, Term, Term]:
        """Subject, relation, value."""
        return self.subject, self.relation, self.object

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables, in order."""
        return tuple(dict.fromkeys(term.text for term in self.terms if term.variable))


@dataclass(frozen=True, slots=True)
class Pattern:
    """Clauses that hold together; ``variables`` in the order of their first mention are the columns of an answer."""

    clauses: tuple[Clause, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The columns: variables of the clauses that are not negated."""
        named = (name for clause in self.clauses if not clause.negated for name in clause.variables)
        return tuple(dict.fromkeys(named))


def parse(text: str) -> Pattern:
    """Read a pattern; raises GraphError for what is none, with the clause and what was expected."""
    clauses = []
    for number, words in enumerate(_clauses(text), 1):
        negated = len(words) == 4 and words[0] == Term("not")
        if len(words) != 3 + negated:
            shown = " ".join(map(str, words))[:120]
            raise GraphError(
                f"A clause has three parts: subject, relation and value; this one has {len(words)}.",
                where=f"clause {number}: {shown}",
                remedy=f"Put names with blanks into quotes. {_EXAMPLE}",
            )
        subject, relation, value = words[-3:]
        clauses.append(Clause(subject, relation, value, negated))
    if not any(not clause.negated for clause in clauses):
        raise GraphError("The pattern asks for nothing.", where="pattern", remedy=_EXAMPLE)
    if len(clauses) > MOST_CLAUSES:
        raise GraphError(
            f"A pattern has at most {MOST_CLAUSES} clauses.", where="pattern", remedy="Ask for less at once."
        )
    pattern = Pattern(tuple(clauses))
    _check(pattern)
    return pattern


def _check(pattern: Pattern) -> None:
    nodes = {t.text for c in pattern.clauses for t in (c.subject, c.object) if t.variable}
    both = nodes & {c.relation.text for c in pattern.clauses if c.relation.variable}
    if both:
        raise GraphError(
            "A variable stands for a relation in one place and for a value in another.",
            where=f"?{min(both)}",
            remedy="Use two variables.",
        )
    free = {n for c in pattern.clauses if c.negated for n in c.variables} - set(pattern.variables)
    shared = [n for n in free if sum(n in c.variables for c in pattern.clauses) > 1]
    if shared:
        raise GraphError(
            "A variable is only in clauses with not, and in more than one of them.",
            where=f"?{min(shared)}",
            remedy="Use it in a clause without not as well.",
        )


def _clauses(text: str) -> Iterator[list[Term]]:
    words: list[Term] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if not found:
            raise GraphError(
                "A quotation mark is not closed.",
                where=text[position : position + 60].strip(),
                remedy=_EXAMPLE,
            )
        position = found.end()
        quoted, separator, word = found.groups()
        if separator:
            if words:
                yield words
            words = []
        elif quoted is not None:
            words.append(Term(re.sub(r"\\(.)", r"\1", quoted)))
        else:
            variable = word.startswith("?") and len(word) > 1
            words.append(Term(word[1:] if variable else word, variable))
    if words:
        yield words
