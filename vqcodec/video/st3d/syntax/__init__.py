"""The syntax of a slab: writing it and reading it."""
