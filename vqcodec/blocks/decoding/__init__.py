"""Decode planes: read symbols block by block, predict, reconstruct, filter."""
