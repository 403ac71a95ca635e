"""The log and the graph folded from it."""
