"""How far one picture, recording or video is from another: what `compare` measures."""
