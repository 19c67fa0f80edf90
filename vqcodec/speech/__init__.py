"""Speech: code-excited linear prediction (CELP) whose parts are vector quantized, at 8 and 16 kHz.

Import the modules themselves: most of them hold kernels, which this package does not load.
"""
