"""Choose how a superblock is cut, its motion and its residual, by rate and distortion."""
