"""The textbook's speech coders, of fixed rate and fixed fields: CELP after FS1016, low-delay CELP after G.728."""
