"""Search: modes and vectors of the macroblocks of a slab, and what is coded of each."""
