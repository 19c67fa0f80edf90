"""The predictive multistage vector quantizer of line spectral frequencies."""
