"""Compiled kernels: how they are declared, compiled, linked and cached."""
