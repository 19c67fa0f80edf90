"""Signal processing on blocks of samples: prediction, transforms, restoration filter. Knows no symbols."""
