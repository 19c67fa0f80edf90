"""How strong the decoder's filters of finished speech are."""

from __future__ import annotations

from typing import NamedTuple

MAX_POST_FILTER = 7
MAX_PITCH_FILTER = 10


class PostFilters(NamedTuple):
    """How strong the decoder's filters are, 0 for none.

    Attributes:
        formant: see `post_filter`, up to MAX_POST_FILTER.
        pitch: see `pitch_filter`, up to MAX_PITCH_FILTER.
    """

    formant: int = 0
    pitch: int = 0


NO_FILTERS = PostFilters()
