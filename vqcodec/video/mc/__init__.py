"""The default video engine: motion-compensated transform vector quantization in hierarchical groups."""
