"""Codebooks: the object, the `.vqcb` file, and the search for codebooks. Nothing here knows a medium."""
