"""What a shop answers for: who is shown, who is served well, what its texts say, and the cards that state it."""
