"""The engine of `celp-nb` and `celp-wb`: packets, groups, encoder and decoder."""
