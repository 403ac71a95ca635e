"""What made a score, down to the words."""
