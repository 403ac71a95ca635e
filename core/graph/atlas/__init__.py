"""The map of a whole graph: a place for every node, made once for a version and kept."""
