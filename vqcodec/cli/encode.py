"""`vqcodec encode`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqcodec.batch import Progress
from vqcodec.cli import encoding_options as encoding
from vqcodec.cli import options, video_options
from vqcodec.cli.console import Console
from vqcodec.cli.files import Item, plan_outputs, process, write_stdout
from vqcodec.cli.wording import encode_line, encode_total
from vqcodec.errors import UsageError

if TYPE_CHECKING:
    from vqcodec.reports import EncodeReport, SpeechEncodeReport
    from vqcodec.video_reports import VideoEncodeReport

EXAMPLES = options.examples(
    "vqcodec encode photo.png -o photo.vqc",
    "vqcodec encode photo.png -q 40 -e 9 --force",
    "vqcodec encode *.png -d coded --jobs 2",
    "vqcodec encode photo.png -o small.vqc --target-size 5000 --json",
    "vqcodec encode photo.png -o alone.vqc --embed-codebook",
    "vqcodec encode talk.wav -o talk.vqc --bitrate 6",
    "vqcodec encode talk.wav -o narrow.vqc --band nb -q 30 -e 9",
    "cat talk.wav | vqcodec encode - -o - -q 70 | vqcodec decode - -o heard.wav",
    "vqcodec encode talk.wav -o textbook.vqc -c celp-4800",
    "vqcodec encode clip.mp4 -o clip.vqc --bitrate 300",
    "vqcodec encode 'frames/*.png' -o film.vqc --fps 24 --keep-partial",
    "cat photo.png | vqcodec encode - -o - | vqcodec decode - -o back.png",
)


def encode(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Pictures that Pillow reads, sound files that libsndfile reads, videos that ffmpeg reads, y4m,"
            " folders and quoted patterns of a video's frames, or - for standard input.",
        ),
    ],
    output: options.Output = None,
    folder: options.Folder = None,
    force: options.Force = False,
    media: encoding.MediaKind = None,
    quality: encoding.Quality = None,
    target_psnr: encoding.TargetPsnr = None,
    target_size: encoding.TargetSize = None,
    bitrate: encoding.Bitrate = None,
    effort: encoding.Effort = None,
    band: encoding.CodedBand = None,
    channels: encoding.ChannelUse = None,
    tune: encoding.TuneFor = None,
    chroma: encoding.ChromaSize = None,
    alpha_quality: encoding.AlphaQuality = None,
    fps: video_options.Fps = None,
    frames: video_options.Frames = None,
    gop: video_options.Gop = None,
    scene_cuts: video_options.SceneCuts = True,
    audio: video_options.Audio = True,
    keep_partial: video_options.KeepPartial = False,
    engine_option: video_options.EngineOption = None,
    codebook: encoding.Codebook = None,
    embed_codebook: encoding.EmbedCodebook = False,
    strip_metadata: encoding.StripMetadata = False,
    jobs: options.Jobs = None,
    quiet: options.Quiet = False,
    no_progress: options.NoProgress = False,
    as_json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Encode pictures, speech and video to .vqc files.

    For each file, prints the output, its size, its rate (bits per pixel, kbit/s), the ratio to the uncompressed
    samples, the time, and how far from the input the decoder's output will be: PSNR for pictures and
    video, the signal-to-noise ratio for speech, which below 16 kbit/s says little of how it sounds (see `compare`).
    --tune, --chroma and --alpha-quality are the transform engine's; with a codebook of the block engine they are
    refused; so are quality, size and effort with the speech codebooks of fixed rate, celp-4800 and ld-celp-16k.
    --option passes on what a video engine has of its own, such as distance=8 for video/mc.
    """
    if sum(value is not None for value in (quality, target_psnr, target_size, bitrate)) > 1:
        raise UsageError("--quality, --target-psnr, --target-size and --bitrate exclude one another; give one of them")
    wishes = {
        "tune": tune and tune.value,
        "chroma": chroma and chroma.value,
        "alpha_quality": alpha_quality,
        "band": band and band.value,
        "channels": channels and channels.value,
        "fps": fps,
        "frames": frames,
        "gop": gop,
        "scene_cuts": None if scene_cuts else False,
        "audio": None if audio else False,
        "keep_partial": keep_partial or None,
        **video_options.engine_options(engine_option or []),
    }
    engine_options: dict[str, Any] = {name: wish for name, wish in wishes.items() if wish is not None}
    items = plan_outputs(inputs, output, folder, ".vqc")
    console = Console(
        quiet=quiet,
        as_json=as_json,
        no_progress=no_progress,
        debug=debug,
        data_on_stdout=items[0].output == "-",
    )

    def work(item: Item, progress: Progress, threads: int) -> EncodeReport | SpeechEncodeReport | VideoEncodeReport:
        from vqcodec import api

        return api.encode(
            item.source,
            item.destination,
            medium=media and media.value,
            codebook=codebook,
            quality=quality,
            target_psnr=target_psnr,
            target_size=target_size,
            bitrate=bitrate,
            effort=effort,
            embed_codebook=embed_codebook,
            strip_metadata=strip_metadata,
            overwrite=force,
            threads=threads,
            progress=progress,
            name=item.name,
            **engine_options,
        )

    def show(item: Item, report: EncodeReport | SpeechEncodeReport | VideoEncodeReport) -> None:
        if report.data is not None:
            write_stdout(report.data)
        for note in report.notes:
            console.notice(f"{item.name}: {note}")
        console.result(report.as_dict(), encode_line(report))
        if getattr(report, "interrupted", False):
            raise KeyboardInterrupt

    process(items, work, show, console=console, jobs=jobs, verb="encoding", total=encode_total)
