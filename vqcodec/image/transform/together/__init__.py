"""Pictures coded together, at one quality: each may be predicted from others, and what others need is the memory.

A pack is the place for this: what its codebook remembers are the pictures of the pack themselves. `plan` says which
picture is predicted from which, `rounds` codes them and fits the tables, `result` makes codebook and pictures of it.
"""
