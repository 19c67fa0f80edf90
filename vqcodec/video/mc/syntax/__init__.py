"""The syntax of a predicted frame: writing it and reading it."""
