"""Packs in Python: make them, open them, take items out of them. `vqcodec.pack` has the file format.

Map, lowest first:

    coding
    choosing: coding
    opened: coding
    building: coding choosing opened
    describing: opened building
    unpacking: opened
"""
