"""Spatio-temporal vector quantization: vectors that span space and time along motion trajectories (`video/st3d`)."""
