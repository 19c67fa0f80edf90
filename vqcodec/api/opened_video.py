"""A video that is open for reading, frame by frame, in Python: `open_video`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from vqcodec.api.codebooks import CodebookChoice
from vqcodec.api.texts import texts_of
from vqcodec.api.video_input import opened
from vqcodec.codebook.codebook import Codebook
from vqcodec.codebook.library import chosen_codebook
from vqcodec.container import is_media
from vqcodec.container.wrapping import codebook_of
from vqcodec.errors import UsageError
from vqcodec.files.endpoints import Source, name_of, naming, seekable
from vqcodec.files.sniffing import with_head
from vqcodec.files.texts import all_in_one
from vqcodec.markup import picture, table
from vqcodec.media.decoding import CODEBOOK
from vqcodec.media.encoding import SOURCE, TRACK, EncodeOptions
from vqcodec.media.options import NumberOption
from vqcodec.media.target import THREADS
from vqcodec.speech.decoding import Decoding as SoundDecoding
from vqcodec.video.decoding import Decoding
from vqcodec.video.files import read_video
from vqcodec.video.io.frames import Frame
from vqcodec.video.io.rgb import rgb_of
from vqcodec.video.io.video_format import VideoFormat
from vqcodec.video.sound import sound_as_wav
from vqcodec.video.timeline import Part, times_of

_FIRST = NumberOption("first", low=0, whole=True)
_END = NumberOption("end", low=1, whole=True)

Sound = tuple[NDArray[np.int16], int]


@dataclass(frozen=True)
class _Contents:
    """What a video gives, whatever file it comes from.

    Attributes:
        format: of the frames. length: number of frames; None if it is not certain.
        times: of the frames, in units of `format.time_base`; None for a constant rate.
        texts: by title.
        frames: gives the frames from one number up to another (None for the end).
        sound: gives the sound.
        notes: what reading changes; more may come while it goes on.
    """

    format: VideoFormat
    length: int | None
    times: Sequence[int] | None
    texts: Mapping[str, str]
    frames: Callable[[int, int | None], Iterator[Frame]]
    sound: Callable[[], Sound | None]
    notes: Sequence[str] = ()
    once: bool = False


class Video:
    """A video that is open for reading. Use it in a `with` block, which ends all that it has started.

    It can be read several times, in parts too, unless it comes from a stream of y4m. Iterating over it gives RGB.

    Attributes:
        width, height: in pixels.
        rate: frames a second; the mean rate if it varies.
        length: number of frames; None if that is not known before all are read, as with most files of other codecs.
        aspect: width of a sample divided by its height; None if unknown.
        full_range: whether luma of the planes is 0 to 255; otherwise it is 16 to 235.
        matrix: colour matrix of the planes, by the numbers of ITU-T H.273 (1 BT.709, 6 BT.601, 2 unspecified).
        texts: such as the title, by name.
        notes: what reading changes, such as interlaced frames that are made progressive; empty for a `.vqc` file. They
            are complete when all frames have been read.
    """

    def __init__(self, contents: _Contents, stack: ExitStack) -> None:
        form = contents.format
        self.width, self.height, self.rate, self.aspect = form.width, form.height, form.rate, form.aspect
        self.full_range, self.matrix = form.full_range, form.matrix
        self.length, self.texts, self.notes = contents.length, dict(contents.texts), contents.notes
        self._contents = contents
        self._stack = stack

    def time_of(self, frame: int) -> Fraction:
        """Return the second at which a frame, counted from 0, is shown.

        Raises:
            UsageError: the frame is not within the video.
        """
        times, base = self._contents.times, self._contents.format.time_base
        last = len(times) - 1 if self.length is None and times is not None else self.length
        if frame < 0 or (last is not None and frame >= last):
            raise UsageError(f"frame {frame} is not within the video, which has {last} (from 0 on)")
        return frame / self.rate if times is None or base is None else times[frame] * base

    def planes(self, first: int = 0, end: int | None = None) -> Iterator[Frame]:
        """Return an iterator over the frames from `first` up to `end` (not included; None for the end) as planes.

        Each is a tuple of Y, uint8 (height, width), and of U and V, uint8 (ceil(height / 2), ceil(width / 2)).

        Raises:
            UsageError: there are no such frames.
            CorruptFileError, UnreadableInputError: the file is damaged; raised while reading.
        """
        given = {"first": first, "end": end}
        start, stop = _FIRST.value_in(given), _END.value_in(given)
        if stop is not None and stop <= start:
            raise UsageError(f"frames {start}:{stop} are none; end must be above first")
        return self._contents.frames(start, stop)

    def rgb(self, first: int = 0, end: int | None = None) -> Iterator[NDArray[np.uint8]]:
        """Return an iterator over frames as RGB, uint8 (height, width, 3); arguments and errors as `planes`."""
        return (rgb_of(frame, self._contents.format) for frame in self.planes(first, end))

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return self.rgb()

    def sound(self) -> Sound | None:
        """Return the sound, int16 (samples, channels), and its sampling rate in Hz; None if there is none.

        Raises:
            CorruptFileError, UnreadableInputError, CodebookError: it cannot be decoded.
        """
        return self._contents.sound()

    def _repr_png_(self) -> bytes | None:
        """Return the first frame for notebooks, as a PNG file; None of a stream, which can be read only once."""
        if self._contents.once:
            return None
        from vqcodec.image.pixels import Picture, write_picture

        stream = io.BytesIO()
        write_picture(Picture(next(self.rgb(0, 1))), stream, "PNG")
        return stream.getvalue()

    def _repr_html_(self) -> str:
        """Return the first frame and the facts, for notebooks."""
        png = self._repr_png_()
        facts = {
            "size": f"{self.width}x{self.height}", "frames": self.length, "frames a second": f"{float(self.rate):.5g}",
            **self.texts, "notes": list(self.notes),
        }  # fmt: skip
        return ("" if png is None else picture(png, "the first frame")) + table("video", facts)

    def close(self) -> None:
        """End what reads the video, and close its file."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_video(
    source: Source,
    *,
    codebook: CodebookChoice | None = None,
    track: int | str | None = None,
    threads: int | None = None,
) -> Video:
    """Open a video, to read its frames one by one.

    Args:
        source: a `.vqc` file of video, or any video that `encode` reads.
        codebook: a codebook, or the name or path of one, to decode a `.vqc` file with; without it the file's own is
            looked for.
        track: the sound track to take of a file that is not a `.vqc`: its number, from 1 on, or its language; None for
            the one that the file marks as the default.
        threads: how many to decode with; None for one a CPU.

    Raises:
        UnreadableInputError, CorruptFileError, UnsupportedError, CodebookError, LimitError: see `vqcodec.errors`.
        UsageError: an argument is of the wrong type or out of range, or the file is no video.
    """
    given = {"codebook": codebook, "track": track, "threads": threads}
    track = TRACK.value_in(given)
    name = name_of(SOURCE.check(source))
    book = chosen_codebook(CODEBOOK.value_in(given))
    used = THREADS.value_in(given)
    with ExitStack() as stack:  # closed here only if an error ends it
        source, head = with_head(source, name)
        contents = (
            _of_coded(source, name, book, used, stack) if is_media(head) else _of_plain(source, name, track, stack)
        )
        return Video(contents, stack.pop_all())


def _of_coded(source: Source, name: str, book: Codebook | None, threads: int | None, stack: ExitStack) -> _Contents:
    """Return what a `.vqc` file holds; `stack` closes it."""
    with naming(name):
        video = read_video(stack.enter_context(seekable(source, name)))
        chosen = codebook_of(video.media, book)

    def frames(first: int, end: int | None) -> Iterator[Frame]:
        part = Part(first, video.length if end is None else end)
        return Decoding(video, chosen, part=part, threads=threads).frames()

    def sound() -> Sound | None:
        if video.sound is None:
            return None
        decoding = SoundDecoding(video.sound, codebook_of(video.sound.media), threads=threads)
        return np.concatenate(list(decoding.blocks())), decoding.rate

    form = video.header.format
    times = times_of(video, Part(0, video.length))
    return _Contents(form, video.length, times, all_in_one(texts_of(video.media.metadata)), frames, sound)


def _of_plain(source: Source, name: str, track: int | str | None, stack: ExitStack) -> _Contents:
    """Return what any other video holds; `stack` closes it."""
    with naming(name):
        whole, _ = stack.enter_context(opened(source, name, EncodeOptions(track=track)))

    def frames(first: int, end: int | None) -> Iterator[Frame]:
        return islice(whole.frames(), first, end)

    def sound() -> Sound | None:
        if whole.sound is None:
            return None
        import soundfile

        with sound_as_wav(whole.sound, name) as path:
            if path is None:
                return None
            samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
            return samples, int(rate)

    once = hasattr(source, "read")
    return _Contents(whole.format, whole.exact, whole.times, whole.texts, frames, sound, whole.notes, once)
