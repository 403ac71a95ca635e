"""Entity resolution: which records, products or values are the same thing. Pure: no database, no model call."""
