"""What a codebook holds for the block engine: code lengths, codewords, transforms and filters."""
