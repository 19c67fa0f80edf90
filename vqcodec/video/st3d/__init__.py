"""Spatio-temporal vector quantization: vectors that span space and time along motion trajectories (`video/st3d`).

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
    train: effort encoder engine
"""
