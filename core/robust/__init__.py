"""What it takes to fool a recommender: attacks on vectors, texts, profiles and facts, defences, and detection."""
