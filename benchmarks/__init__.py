"""Measurements: rate-distortion, speed and peers; run as `python -m benchmarks.NAME` from the checkout."""
