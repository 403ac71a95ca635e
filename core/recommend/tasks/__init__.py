"""Task models on the recommender's view of a product: its class, the rating it will get, whether it meets a need."""
