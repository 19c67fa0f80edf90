"""CELP of a recording that still goes on.

The table set and the strengths of the decoder's filters stand in the header, so they are chosen before anything is
heard. A bitrate is held from group to group: what one leaves, the next may use.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vqcodec.codebook.codebook import Codebook
from vqcodec.media.target import DEFAULTS
from vqcodec.speech.celp import rate_control
from vqcodec.speech.celp.encoder import CodedGroup, code_group, guess_at_rate, lambda_of
from vqcodec.speech.celp.header import PACKET_FRAMES, SpeechHeader
from vqcodec.speech.celp.packet_syntax import PARTS
from vqcodec.speech.celp.rate_control import Aim
from vqcodec.speech.celp.recording import GroupSignal
from vqcodec.speech.celp.speech_codebook import SpeechCodebook
from vqcodec.speech.engines import Settings
from vqcodec.speech.live.encoder import LiveEncoder
from vqcodec.speech.live.recording import Part
from vqcodec.threads import map_shards

_PASSES, _TOLERANCE = 4, 0.03
_LEAST_SHARE, _MOST_SHARE = 0.25, 2.0  # of a group's due, that the groups before may leave it


class LiveCelp(LiveEncoder):
    """Encodes one channel while it comes.

    Args:
        codebook: of a speech engine.
        settings: quality or bitrate, effort and threads.
        delay_s: seconds of a group, which is coded as a whole; above 1, whole seconds of it count.
    """

    def __init__(self, codebook: Codebook, settings: Settings, delay_s: float) -> None:
        self._book = book = SpeechCodebook.of(codebook)
        defaults = DEFAULTS["speech"]
        self._effort = defaults.effort if settings.effort is None else settings.effort
        self._threads = settings.threads
        self._packet_frames = max(1, min(PACKET_FRAMES, int(delay_s * book.band.sample_rate / book.band.frame)))
        super().__init__(book.band, self._packet_frames, max(1, int(delay_s)))
        self._bytes_a_frame: float | None = None
        self._saved = 0.0  # bytes
        if settings.bitrate is None:
            self._lambda = lambda_of(defaults.quality if settings.quality is None else settings.quality, book)
            number = book.nearest(self._lambda)
        else:
            self._bytes_a_frame = settings.bitrate * 125 * book.band.frame / book.band.sample_rate
            number, self._lambda = guess_at_rate(settings.bitrate * 1000, book)
        self._table_set = book.sets[number].rising
        layout = self._packet_frames, self._group_packets
        self.header = SpeechHeader(book.band, 0, number, *layout, self._table_set.filters, rises=True).to_bytes()

    def _code(self, parts: Sequence[Part]) -> list[list[bytes]]:
        if self._bytes_a_frame is None:
            coded = map_shards(
                lambda part: self._code_group(part, part.group(part.number), self._lambda), parts, self._threads
            )
        else:
            coded = [self._code_in(part, self._bytes_a_frame) for part in parts]
        for group in coded:
            self.bits.update({part: int(bits) for part, bits in zip((*PARTS, "padding"), group.bits, strict=True)})
        return [group.packets for group in coded]

    def _code_group(self, part: Part, signal: GroupSignal, lambda_: float) -> CodedGroup:
        first = part.number * self._group_packets * self._packet_frames
        aim, coarsest = Aim.of(lambda_), self._book.sets[0].aims.lambda_
        return code_group(signal, first, aim, self._table_set, coarsest, self._effort, self._packet_frames)

    def _code_in(self, part: Part, bytes_a_frame: float) -> CodedGroup:
        """Encode a group so that it and those before take what they may, on average."""
        signal = part.group(part.number)
        due = bytes_a_frame * (len(signal.analysis) - 1)
        budget = float(np.clip(due + self._saved, _LEAST_SHARE * due, _MOST_SHARE * due))
        finest = lambda_of(100, self._book)
        tried: dict[float, CodedGroup] = {}

        def measure(lambda_: float) -> float:
            tried[lambda_] = self._code_group(part, signal, max(lambda_, finest))
            return tried[lambda_].size

        self._lambda = rate_control.find_lambda(measure, budget, self._lambda, _PASSES, _TOLERANCE)
        coded = tried[self._lambda]
        self._saved = min(self._saved + due - coded.size, _MOST_SHARE * due)
        return coded
