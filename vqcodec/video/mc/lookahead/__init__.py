"""Analysis of the source frames before they are coded."""
