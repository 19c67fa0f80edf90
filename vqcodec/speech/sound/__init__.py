"""Sound files in and out, and resampling."""
