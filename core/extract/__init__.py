"""From text to assertions with exact spans."""
