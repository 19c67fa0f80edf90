"""The block engine that pictures and video share: sample planes in, Huffman-coded payloads and reconstruction out.

Map, lowest first:

    layout
    steps
    effort: steps
    parameters: steps effort
    signal: layout steps
    syntax: layout steps signal
    picture_planes: layout steps parameters signal syntax
    model: layout steps signal syntax
    decoding: layout steps parameters picture_planes signal syntax model
    search: layout steps effort parameters picture_planes signal syntax model decoding
    training: layout steps effort parameters picture_planes signal syntax model decoding search
"""
