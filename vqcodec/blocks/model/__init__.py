"""The part of a codebook for the block engine: code lengths, codewords, transforms and filters."""
