"""Video whose first frames copy blocks from themselves: what is saved, what stays as it is, and damage."""

from __future__ import annotations

import numpy as np
import pytest
from moving_pictures import moving_frames, pages
from tiny_video_codebook import tiny_video_codebook

import vqcodec
from vqcodec.errors import CorruptFileError
from vqcodec.video.engines import Settings
from vqcodec.video.mc import engine, first_frame
from vqcodec.video.mc.encoder import FrameCoder, encode_frames

HEIGHT, WIDTH = 96, 140


def coded_pages(threads: int = 1, effort: int = 4):
    return engine.encode_group(pages(4, HEIGHT, WIDTH), tiny_video_codebook(True), Settings(55, effort, threads, {}))


@pytest.mark.parametrize("effort", [0, 5])
def test_what_repeats_is_copied_whatever_the_threads(effort) -> None:
    coded = coded_pages(effort=effort)
    assert coded.frames[0].bits["copies and palettes"] > 0
    assert coded_pages(3, effort).packet == coded.packet
    book = tiny_video_codebook(True)
    decoded = list(engine.decode_group(coded.packet, WIDTH, HEIGHT, book))
    for shown, frame in zip(coded.reconstruction, decoded, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(shown, frame))
    assert [frame.bits for frame in engine.count_bits(coded.packet, WIDTH, HEIGHT, book)] == [
        frame.bits for frame in coded.frames
    ]


def test_copies_save_much(monkeypatch) -> None:
    coded = coded_pages()
    monkeypatch.setattr(first_frame, "repeats", lambda _: False)
    without = coded_pages()
    assert "copies and palettes" not in without.frames[0].bits
    assert sum(coded.frames[0].bits.values()) < 0.7 * sum(without.frames[0].bits.values())


def test_first_frames_that_copy_much_are_finer(monkeypatch) -> None:
    finer = engine.GroupParameters.from_bytes(coded_pages().packet)[0]
    monkeypatch.setattr(engine, "_MUCH_SAVED", 1.0)
    usual = engine.GroupParameters.from_bytes(coded_pages().packet)[0]
    assert finer.step_index == usual.step_index - 5


def test_a_frame_without_repeats_is_coded_once_and_without_copies(monkeypatch) -> None:
    searched = []
    plain = first_frame.search_tile

    def counting(*arguments):
        searched.append(arguments)
        return plain(*arguments)

    monkeypatch.setattr(first_frame, "search_tile", counting)
    coded = engine.encode_group(moving_frames(1, HEIGHT, WIDTH), tiny_video_codebook(True), Settings(55, 4, 1, {}))
    assert len(searched) == 1
    assert "copies and palettes" not in coded.frames[0].bits


def test_copies_that_cost_more_than_they_save_are_not_kept(monkeypatch) -> None:
    monkeypatch.setattr(first_frame, "repeats", lambda _: True)
    frames = moving_frames(1, HEIGHT, WIDTH)
    coded = engine.encode_group(frames, tiny_video_codebook(True), Settings(55, 4, 1, {}))
    assert "copies and palettes" not in coded.frames[0].bits


def test_frames_that_displacements_do_not_span_are_not_copied() -> None:
    book = tiny_video_codebook(False)
    wide = engine.encode_group(pages(1, 16, 4104), book, Settings(30, 0, 1, {}))
    assert "copies and palettes" not in wide.frames[0].bits
    narrower = engine.encode_group(pages(1, 16, 4088), book, Settings(30, 0, 1, {}))
    assert narrower.frames[0].bits["copies and palettes"] > 0


def test_nothing_is_copied_before_an_observer() -> None:
    class Watching:
        def intra(self, searched, _sources):
            self.copied = any((one.plane.motion >= 0).any() for one in searched)

        def predicted(self, *_):
            pass

    watching = Watching()
    parameters = engine.GroupParameters(2, 30)
    with FrameCoder(engine.model_of(tiny_video_codebook(True)), 4, 1.0, 1) as coder:
        _, bits, _ = encode_frames(pages(2, HEIGHT, WIDTH), coder, parameters, observer=watching)
    assert not watching.copied
    assert "copies and palettes" not in bits[0]


def test_flags_of_no_meaning_and_lost_copies_are_damage() -> None:
    book = tiny_video_codebook(True)
    packet = engine.encode_group(pages(1, 64, 72), book, Settings(40, 4, 1, {})).packet
    at = 3 + (packet[3] >= 128) + 1
    assert packet[at] & 12 == 12
    altered = packet[:at] + bytes([packet[at] | 32]) + packet[at + 1 :]
    with pytest.raises(CorruptFileError, match="values out of range"):
        list(engine.decode_group(altered, 72, 64, book))
    without = packet[:at] + bytes([packet[at] & 3]) + packet[at + 1 :]
    with pytest.raises(CorruptFileError):
        list(engine.decode_group(without, 72, 64, book))


def test_a_recorded_screen_is_told_which_codebook_is_for_it(tmp_path) -> None:
    for name, frames in (("screen", pages(3, HEIGHT, WIDTH)), ("filmed", moving_frames(3, HEIGHT, WIDTH))):
        raw = np.stack([np.concatenate([plane.reshape(-1) for plane in frame]) for frame in frames])
        head = b"YUV4MPEG2 W%d H%d F25:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT)
        (tmp_path / f"{name}.y4m").write_bytes(head + b"".join(b"FRAME\n" + one.tobytes() for one in raw))

    def notes_of(name: str, codebook: str | None = None) -> str:
        return " ".join(vqcodec.encode(tmp_path / f"{name}.y4m", codebook=codebook, effort=0).notes)

    assert "recorded screens take fewer bytes with -c screen" in notes_of("screen")
    assert "-c screen" not in notes_of("screen", "screen")
    assert "-c screen" not in notes_of("filmed")
