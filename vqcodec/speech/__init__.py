"""Speech: code-excited linear prediction (CELP) whose parts are vector quantized, at 8 and 16 kHz.

Import the modules themselves: most of them hold kernels, which this package does not load.

Map, lowest first:

    bands
    pcm
    engines
    quality
    rates
    signal: bands
    excitation: bands signal
    filters: bands excitation
    lsf_quantizer: bands signal
    noise_floor: bands signal excitation lsf_quantizer
    celp: bands pcm engines signal excitation filters lsf_quantizer noise_floor
    live: bands engines signal celp
    sound: pcm
    corpus: pcm engines sound
    stream: sound
    folding: stream
    placement
    files: engines stream folding placement
    decoding: pcm sound placement files
    reader: pcm sound files decoding
    salvage: folding files decoding
    codec: bands engines quality rates sound stream files
    live_file: pcm engines quality sound stream codec live
    writer: sound codec live_file
    textbook: bands pcm engines signal excitation filters lsf_quantizer celp live
    training: bands signal excitation filters lsf_quantizer celp
"""
