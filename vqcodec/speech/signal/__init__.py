"""Signal processing of speech: linear prediction, line spectral frequencies, weighting, levels. Knows no codebook."""
