"""`vqcodec encode`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqcodec.cli.files import keep_times, output_places, plan_outputs, process, write_stdout
from vqcodec.cli.inputs import STANDARD, Item, as_one_pattern, check_last_name, find_inputs
from vqcodec.cli.options import common as options
from vqcodec.cli.options import encoding
from vqcodec.cli.options.bundles import unbundled
from vqcodec.cli.originals import delete
from vqcodec.cli.wording.engines import engine_options
from vqcodec.cli.wording.reports import encode_line, encode_total
from vqcodec.errors import UsageError, VQCodecError
from vqcodec.files.folders import CODED_SUFFIX, is_coded_name, is_media_name
from vqcodec.media.encoding import asks_for_video
from vqcodec.media.progress import SpokenProgress

if TYPE_CHECKING:
    from vqcodec.reports import AnyEncodeReport

EXAMPLES = options.examples(
    "vqcodec encode photo.png -o photo.vqc",
    "vqcodec encode photo.png -q 40 -e 9 --force",
    "vqcodec encode *.png -d coded --jobs 2",
    "vqcodec encode photos -d coded --skip-existing --preserve",
    "vqcodec encode photos -d coded --if-newer --json",
    "find photos -name '*.png' -print0 | vqcodec encode --files-from - -d coded",
    "vqcodec encode photo.png -o small.vqc --target-size 5000 --json",
    "vqcodec encode photo.png -o alone.vqc --embed-codebook",
    "vqcodec encode talk.wav -o talk.vqc --bitrate 6",
    "vqcodec encode talk.wav -o narrow.vqc --band nb -q 30 -e 9",
    "cat talk.wav | vqcodec encode - -o - -q 70 | vqcodec decode - -o heard.wav",
    "vqcodec encode talk.wav -o textbook.vqc -c celp-4800",
    "cat talk.wav | vqcodec encode - -o live.vqc --delay 1",
    "vqcodec encode clip.mp4 -o clip.vqc --bitrate 300",
    "vqcodec encode 'frames/*.png' -o film.vqc --fps 24 --keep-partial",
    "cat photo.png | vqcodec encode - -o - | vqcodec decode - -o back.png",
)


@partial(unbundled, more_help=engine_options)
def encode(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT...",
            help="Pictures that Pillow reads, sound files that libsndfile or ffmpeg reads, videos that ffmpeg reads,"
            " y4m, folders of all these, quoted patterns, or - for standard input.",
        ),
    ] = None,
    *,
    files_from: options.FilesFrom = None,
    outputs: options.Outputs,
    given: encoding.Given,
    limit: options.Limit = None,
    jobs: options.Jobs = None,
    machines: options.Machines,
    printing: options.Printing,
) -> None:
    """Encode pictures, speech and video to .vqc files.

    For each file, prints the output, its size, its rate (bits per pixel, kbit/s), the ratio to the uncompressed
    samples, the time, and how close the decoder's output will be to the input: PSNR for pictures and video, the
    signal-to-noise ratio for speech. Below 16 kbit/s that ratio says little about how speech sounds (see `compare`).

    A folder stands for the files in it and below it; -d DIR gets the same folders. It is one video if it holds
    nothing but a numbered sequence of pictures of one size (from 12 pictures on), if -o names one file, or with
    --media video. A pattern means the same, such as 'frames/*.png' or frames/%05d.png. Outputs that would have one
    name keep their extension: a.jpg.vqc and a.png.vqc.

    A target that cannot be reached (too high a PSNR or SSIMULACRA2, too small a size, too low a bitrate) ends with exit
    code 2. The message names what can be reached, and nothing is written. A target that leaves room beyond the best
    quality, or for a PSNR or SSIMULACRA2 beyond the lowest, gives that quality, and says so.

    --tune, --chroma and --alpha-quality belong to the transform engine; codebooks of the block engine do not accept
    them. Fixed-rate codebooks (celp-4800, ld-celp-16k) accept no quality, size or effort.
    Pictures from 16 megapixels on are encoded at effort 3 unless one is given.

    A killed batch goes on where it stopped with the same command and --skip-existing or --if-newer: outputs are whole
    or not there. --delete-source decodes each output again. Its samples must be those that the encoder saw, the input
    must be as it was, and reading must not have changed it or left out a part of it. Then the input is deleted.
    """
    from vqcodec.api.series import is_one_video

    options.use_limits(limit)
    check_last_name(inputs, is_coded_name)
    asked = given.as_arguments()
    output, folder = output_places(outputs.output, outputs.folder, 1)
    alone = len(inputs or ()) == 1 and files_from is None
    to_one_file = output is not None and (output == STANDARD or alone or bool(os.path.splitext(output)[1]))
    medium = _medium_asked_for(asked)
    found = find_inputs(
        as_one_pattern(inputs, medium, to_one_file=to_one_file),
        files_from,
        wanted=is_media_name,
        kind="pictures, sound files or videos",
        is_video=lambda name: is_one_video(name, medium, to_one_file=to_one_file),
        without=folder,
    )
    if outputs.delete_source and (given.frames is not None or given.keep_partial):
        raise UsageError("--delete-source needs the whole input in the output; leave out --frames and --keep-partial")
    plan = plan_outputs(found, outputs.output, outputs.folder, CODED_SUFFIX, mark=outputs.mark)
    console = printing.console(data_on_stdout=any(item.output == STANDARD for item in plan.items))
    for item in plan.items:
        if item.video and not (to_one_file or item.skipped) and medium is None:
            console.notice(f"{item.name}: numbered pictures of one size, so one video; --media image encodes each")

    def work(item: Item, progress: SpokenProgress, threads: int) -> AnyEncodeReport:
        from vqcodec import api

        as_it_comes = item.output == STANDARD and given.delay is not None
        return api.encode(
            item.source,
            sys.stdout.buffer if as_it_comes else item.destination,
            overwrite=outputs.overwrite,
            threads=threads,
            progress=progress,
            name=item.name,
            **({**asked, "medium": "video"} if item.video else asked),
        )

    def check_written(report: AnyEncodeReport, output: str) -> None:
        from vqcodec.api.comparison.agreement import check_encoded

        check_encoded(report, output, given.codebook)

    def show(item: Item, report: AnyEncodeReport) -> None:
        if outputs.preserve:
            keep_times(item)
        if report.data is not None:
            write_stdout(report.data)
        for note in report.notes:
            console.notice(f"{item.name}: {note}")
        stays = outputs.delete_source and delete(item, partial(check_written, report))
        deletion = {"deleted": not stays} if outputs.delete_source else {}
        console.result(report.as_dict() | deletion, encode_line(report))
        if getattr(report, "interrupted", False):
            raise KeyboardInterrupt
        if stays:
            raise stays

    elsewhere = machines.elsewhere
    process(
        plan, work, show, console=console, jobs=jobs, verb="encoding", total=encode_total,
        elsewhere=None if elsewhere is None else partial(elsewhere.encode, asked=asked, overwrite=outputs.overwrite),
    )  # fmt: skip


def _medium_asked_for(asked: Mapping[str, Any]) -> str | None:
    """Return the medium that options of `vqcodec.encode` ask for, themselves or by a codebook; None if they do not."""
    if asked.get("medium") is not None:
        return str(asked["medium"])
    if asks_for_video(asked):
        return "video"
    if "codebook" not in asked:
        return None
    from vqcodec.codebook.library import load_codebook

    try:
        return load_codebook(asked["codebook"]).engine.partition("/")[0]
    except VQCodecError:  # which encoding reports
        return None
