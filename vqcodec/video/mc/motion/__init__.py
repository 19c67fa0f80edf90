"""Motion that encoder and decoder apply alike: candidates, interpolation, prediction, reconstruction, deblocking."""
