"""Video: frames coded in groups, each of which can be decoded without the others.

Map, lowest first:

    io
    engines: io
    quality: io
    corpus: io engines quality
    grouping: io
    sound: io
    stream: io
    encoding: io engines grouping quality sound stream
    files: engines sound stream
    timeline: files
    inspection: engines files
    decoding: io engines files timeline
    codec: io encoding
    arrays: io sound encoding files decoding codec
    training: io
    mc: io engines training
    st3d: io engines training
"""
