"""What drives a whole model: exact shares of many recommendations, by group, relation, segment and kind of shopper."""
