"""Train the codebooks of `celp-nb` and `celp-wb`."""
