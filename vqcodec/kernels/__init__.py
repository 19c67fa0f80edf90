"""Compiled kernels: how they are declared, compiled, linked and cached.

Modules that hold kernels import only `jit` and `records`. A build-time half that compiles kernels ahead of time may
come: `compiler`, `linking`, `argument_types` and `second_process` would move there, and `jit` would load the result.
"""
