"""Baselines, the graph-enhanced network, and how they are measured."""
