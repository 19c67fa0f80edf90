"""The tables of motion-compensated video: what a codebook holds, and how they adapt within a group."""
