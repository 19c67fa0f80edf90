"""Training corpora: which files, in which order, where they are, and what a first look at all of them tells."""
