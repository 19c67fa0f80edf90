"""Packs: many coded items in one file, by name (FORMAT.md, section 20). Nothing here decodes, or knows a medium.

Map, lowest first:

    names
    parts: names
    access
    blocks: names parts
    root: names parts
    scanning: parts access blocks root
    items: parts
    reader: parts access blocks root scanning items
    writer: parts blocks root items
    changing: names parts access root reader writer
"""
