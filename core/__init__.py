"""ShelfGraph: from product text to a recommendation that can be taken apart."""
