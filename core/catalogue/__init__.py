"""Reads, maps, cleans and stores what people upload."""
