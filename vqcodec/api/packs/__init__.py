"""Packs in Python: make them, open them, take items out of them. `vqcodec.pack` has the file format.

Map, lowest first:

    coding
    listing
    together: coding
    choosing: coding together
    opened: coding listing
    building: coding choosing opened
    describing: listing opened building
    unpacking: opened
"""
