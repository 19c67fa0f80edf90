"""The syntax of a plane: contexts, coefficient symbols, partitions, tokens."""
