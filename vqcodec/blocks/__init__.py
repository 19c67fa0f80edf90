"""The block engine that pictures and video share: sample planes in, Huffman-coded payloads and reconstruction out."""
