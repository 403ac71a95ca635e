"""A graph in files and out of them again: one neutral model, and a writer and a reader for each format."""
