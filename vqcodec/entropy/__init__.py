"""Entropy coding: length-limited canonical Huffman codes, bits, and sets of code tables chosen by context."""
