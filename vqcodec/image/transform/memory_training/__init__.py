"""What a codebook's memory shall hold: an estimate of what items save, the choice of items, and rounds of coding."""
