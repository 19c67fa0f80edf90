"""Kernels: how they are declared, compiled, loaded and called.

Modules that hold kernels import only `jit` and `records`. The folder `build` compiles kernels ahead of time and writes
to the folder `objects`; `native` loads what is there; `compiling` is numba while the program runs.
"""
