"""`vqcodec thumbnail`."""

from __future__ import annotations

from typing import Annotated

import typer

from vqcodec.cli.compilation import announce_compilation
from vqcodec.cli.console import Console
from vqcodec.cli.files import check_stdout, write_stdout
from vqcodec.cli.inputs import STANDARD, Item, check_stdin
from vqcodec.cli.options import common as options

EXAMPLES = options.examples(
    "vqcodec thumbnail photo.vqc photo-small.png --size 128",
    "vqcodec thumbnail talk.vqc waveform.png",
    "vqcodec thumbnail clip.vqc - --size 64 > frame.png",
)


def thumbnail(
    input: Annotated[str, typer.Argument(metavar="INPUT", help="A .vqc file, a pack (.vqp), or - for standard input.")],
    output: Annotated[
        str, typer.Argument(metavar="OUTPUT", help="PNG file to write, over one that exists; or - for standard output.")
    ],
    size: Annotated[int, typer.Option("--size", metavar="N", min=16, max=2048, help="Most pixels of a side.")] = 256,
    codebook: options.Codebook = None,
    limit: options.Limit = None,
    debug: options.Debug = False,
) -> None:
    """Make a small picture of a .vqc file or a pack.

    Of a picture it is the picture, of a video its first frame, of speech the waveform of the first minute, and of a
    pack its first nine pictures (if it has none, its first nine items). Nothing is enlarged. It is a PNG file in sRGB.
    File managers call this command once `vqcodec desktop install` has told them of it.
    """
    options.use_limits(limit)
    console = Console(debug=debug, data_on_stdout=output == STANDARD)
    check_stdin([input])
    if output == STANDARD:
        check_stdout()
    item = Item(input)
    with announce_compilation(console):
        from vqcodec.api.previews.files import thumbnail as make
        from vqcodec.api.previews.thumbnails import as_png

        picture = as_png(make(item.source, size, codebook=codebook, name=item.name))
    if output == STANDARD:
        write_stdout(picture)
        return
    from vqcodec.files.endpoints import check_destination, write_all

    check_destination(output, [item.source], overwrite=True)
    write_all(picture, output, overwrite=True)
