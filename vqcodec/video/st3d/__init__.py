"""Spatio-temporal vector quantization: vectors span space and time along the motion (`video/st3d`).

Map, lowest first:

    descriptor
    effort
    layout
    contexts: layout
    parameters: layout
    signal: layout contexts
    syntax: layout contexts signal
    decoder: layout parameters signal syntax
    search: layout contexts signal syntax
    encoder: effort layout parameters signal decoder search
    engine: descriptor effort layout parameters decoder encoder
    statistics: layout signal search
    train: effort encoder engine statistics
"""
