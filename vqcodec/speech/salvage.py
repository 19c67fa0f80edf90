"""What is whole of a damaged file whose packets have no checks: those that can be parsed to their end."""

from __future__ import annotations

from dataclasses import replace

from vqcodec.codebook.codebook import Codebook
from vqcodec.errors import CorruptFileError
from vqcodec.speech.decoding import SoundShape, closed, is_endless
from vqcodec.speech.files import SpeechFile, StoredStream
from vqcodec.speech.folding import MAX_FOLDED_PACKETS


def without_damage(speech: SpeechFile, codebook: Codebook) -> SpeechFile:
    """Return a file without the packets that cannot be decoded.

    Only two kinds of salvaged files can have such packets: one of the compact form whose packets have no checks, and
    one without the tail that gives its length, whose last packet may be shorter than the others.

    Args:
        speech: from `read_speech`.
        codebook: that the file needs.

    Raises:
        CorruptFileError: the header is damaged.
    """
    if is_endless(speech):
        return _without_short_end(speech, codebook)
    if speech.seal is None or speech.seal.matches(codebook):
        return speech
    (stream,) = speech.streams
    header, packets = stream.header.engine_header, list(stream.packets)
    if len(packets) > MAX_FOLDED_PACKETS:  # each is parsed after as many lost ones as stand before it
        raise CorruptFileError(f"{len(packets)} packets without checks are too many to find the damage in")
    expected = SoundShape.of(speech).packets
    if len(packets) > expected or (len(packets) < expected and not speech.damage):
        raise CorruptFileError("the part before the packets is damaged")
    for number, packet in enumerate(packets):
        try:
            speech.engine.coder.count_bits(header, [*[None] * number, packet], codebook)
        except CorruptFileError:
            packets[number] = None
    damage = [f"packet {number}" for number, packet in enumerate(packets) if packet is None] + list(speech.damage)
    damage = damage or ["it cannot be told which second; the sound may be disturbed there"]
    return replace(speech, streams=[StoredStream(stream.header, packets)], damage=damage)


def _without_short_end(speech: SpeechFile, codebook: Codebook) -> SpeechFile:
    """Return a file of unknown length without its last packets, unless they are as long as the others."""
    last = max(len(stream.packets) for stream in speech.streams) - 1
    for stream in closed(speech).streams:
        packet = stream.packets[last] if len(stream.packets) > last else None
        try:
            speech.engine.coder.count_bits(stream.header.engine_header, [*[None] * last, packet], codebook)
        except CorruptFileError:
            streams = [StoredStream(stream.header, stream.packets[:last]) for stream in speech.streams]
            return replace(
                speech, streams=streams, damage=[*speech.damage, f"packet {last}, the last one, is too short"]
            )
    return speech
