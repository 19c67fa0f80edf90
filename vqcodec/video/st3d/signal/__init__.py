"""Planes of frames, lifting along motion, and what encoder and decoder do alike to a block."""
