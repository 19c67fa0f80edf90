"""The strengths of the decoder's filters of finished speech."""

from __future__ import annotations

from typing import NamedTuple

MAX_POST_FILTER = 7
MAX_PITCH_FILTER = 10


class PostFilters(NamedTuple):
    """The strengths of the decoder's filters; 0 for no filter.

    Attributes:
        formant: of `post_filter`, 0 to MAX_POST_FILTER.
        pitch: of `pitch_filter`, 0 to MAX_PITCH_FILTER.
    """

    formant: int = 0
    pitch: int = 0


NO_FILTERS = PostFilters()
