"""What the graph as a whole is like: its communities and what tells them apart, what is central, what recurs."""
