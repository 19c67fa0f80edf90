"""What encoder and decoder both do with motion: candidates, interpolation, prediction, reconstruction, deblocking."""
