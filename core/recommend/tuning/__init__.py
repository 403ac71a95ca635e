"""Tuning the text encoder for a catalogue: pre-training on its words, then contrast of what is taken together."""
