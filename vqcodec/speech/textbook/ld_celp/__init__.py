"""The textbook low-delay CELP coder at 16 kbit/s (`ld-celp`)."""
