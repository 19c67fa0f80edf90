"""Search: how a superblock is cut, its motion and its residual, chosen by rate and distortion."""
