"""Whether a graph can be trusted: what does not fit its schema, what is missing, contradicts, repeats or surprises."""

from core.graph.quality.check import Catalogued, check
from core.graph.quality.config import QualityConfig
from core.graph.quality.finding import Finding, Kind, Page, Report, Rule, Severity, Share

__all__ = [
    "Catalogued",
    "Finding",
    "Kind",
    "Page",
    "QualityConfig",
    "Report",
    "Rule",
    "Severity",
    "Share",
    "check",
]
