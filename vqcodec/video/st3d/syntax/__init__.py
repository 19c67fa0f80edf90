"""The syntax of a slab: each element with its writer and its reader."""
