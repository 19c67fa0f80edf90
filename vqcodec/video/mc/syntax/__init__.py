"""The syntax of predicted frames: each element with its writer and its reader."""
