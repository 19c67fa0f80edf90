"""Encoding of speech while it comes: group by group, with what is known by then."""
