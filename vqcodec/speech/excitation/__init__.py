"""The excitation of CELP: adaptive and fixed codebooks, gains, synthesis, and the search for them."""
