"""Encode planes: choose partitions, modes and levels by rate and distortion."""
