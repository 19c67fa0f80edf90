"""Compilation of kernels ahead of time: numba as a compiler, from signatures to a native object.

Nothing that encodes or decodes imports this package. See docs/decisions/kernels-ahead-of-time.md.
"""
