"""Choose and code the macroblocks of a slab."""
