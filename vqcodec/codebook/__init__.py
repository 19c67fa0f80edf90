"""Codebooks: the object, the `.vqcb` file, and where codebooks are looked up. Knows no medium."""
