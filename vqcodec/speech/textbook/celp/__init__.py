"""The textbook CELP coder at 4.8 kbit/s (`celp-fixed`)."""
