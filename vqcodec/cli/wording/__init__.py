"""Reports as lines for people to read."""
