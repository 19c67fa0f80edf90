"""Packs: many coded items in one file, by name (FORMAT.md, section 20). Nothing here decodes, or knows a medium.

Map, lowest first:

    names
    parts
    access
    blocks: names parts
    root: blocks parts
    scanning: access parts root
    items: parts
    reader: access blocks items parts root scanning
    writer: blocks items parts reader root
    changing: access items reader writer
"""
