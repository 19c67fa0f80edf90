"""Signal processing that encoder and decoder share: planes of frames, lifting along the motion, blocks."""
