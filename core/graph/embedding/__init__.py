"""Vectors of nodes and relations, trained on the facts of a graph: which facts are expected, and which are not."""

from core.graph.embedding.config import EmbeddingConfig
from core.graph.embedding.measure import LinkMeasures, measure
from core.graph.embedding.model import Embedding
from core.graph.embedding.scorers import SCORERS, Scorer, ScorerKind
from core.graph.embedding.train import train
from core.graph.embedding.triples import Parts, Triples, divided

__all__ = [
    "SCORERS",
    "Embedding",
    "EmbeddingConfig",
    "LinkMeasures",
    "Parts",
    "Scorer",
    "ScorerKind",
    "Triples",
    "divided",
    "measure",
    "train",
]
