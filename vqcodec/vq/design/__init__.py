"""Codebook design: LBG, ECVQ and what they are made of."""
