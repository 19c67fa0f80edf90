"""Fit a model of the block engine to planes: encode, collect, refit."""
