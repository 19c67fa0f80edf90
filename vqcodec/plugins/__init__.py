"""Plug-ins: `.vqc` pictures and clips in programs of others. Each module needs the program that it is for.

Map, lowest first:

    chunks
    numcodecs: chunks
    zarr: chunks
    imageio
    webdataset
    napari

Zarr, numcodecs and napari find theirs by the entry points of the package. The one for Pillow is `vqcodec.pillow`.
"""
