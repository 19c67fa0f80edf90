"""The default video engine: motion-compensated transform vector quantization, in hierarchical groups of frames.

Map, lowest first:

    descriptor
    exposure
    layout
    contexts: layout
    effort: layout
    model: contexts
    parts
    planes: layout
    structure: layout
    motion: layout contexts exposure structure
    lookahead: layout exposure planes motion
    parameters: exposure structure
    first_frame: layout lookahead parameters
    syntax: layout contexts parts motion
    decoder: layout model parts planes structure motion parameters syntax
    inspection: layout decoder
    memory: model parameters decoder
    search: layout contexts effort model motion syntax
    encoder: layout effort model parts planes structure motion lookahead parameters first_frame syntax search
    memory_choice: layout parameters memory encoder
    engine: descriptor model planes structure lookahead parameters decoder inspection memory encoder memory_choice
    training: layout contexts model structure motion parameters memory encoder memory_choice engine
"""
