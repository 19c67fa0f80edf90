"""`vqcodec encode`."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vqcodec.batch import Progress
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


class Tune(StrEnum):
    """What a picture is coded for."""

    SSIM = "ssim"
    PSNR = "psnr"


class Chroma(StrEnum):
    """Size of the chroma planes."""

    AUTO = "auto"
    FULL = "444"
    HALF = "420"


class Media(StrEnum):
    """What an input is encoded as."""

    IMAGE = "image"
    SPEECH = "speech"
    VIDEO = "video"


class Band(StrEnum):
    """The band of speech that is coded."""

    AUTO = "auto"
    NARROW = "nb"
    WIDE = "wb"


class Channels(StrEnum):
    """What becomes of several channels."""

    MIX = "mix"
    KEEP = "keep"


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
    media: Annotated[
        Media | None,
        typer.Option("--media", help="What the inputs are.", show_default="by the codebook, else by each file"),
    ] = None,
    quality: Annotated[
        float | None,
        typer.Option(
            "-q",
            "--quality",
            metavar="0..100",
            min=0,
            max=100,
            help="Quality: the greater, the more bits.",
            show_default="75; for speech and video 50",
        ),
    ] = None,
    target_psnr: Annotated[
        float | None,
        typer.Option(
            "--target-psnr", metavar="DB", help="Instead of a quality: PSNR to reach (pictures; video: 6:1:1 mean)."
        ),
    ] = None,
    target_size: Annotated[
        int | None,
        typer.Option("--target-size", metavar="BYTES", help="Instead of a quality: size not to exceed."),
    ] = None,
    bitrate: Annotated[
        float | None,
        typer.Option(
            "--bitrate",
            metavar="KBPS",
            help="Instead of a quality: kbit/s on average, of coded speech, or of a whole video file.",
        ),
    ] = None,
    effort: Annotated[
        int | None,
        typer.Option(
            "-e",
            "--effort",
            metavar="0..9",
            min=0,
            max=9,
            help="0 is quick, 9 thorough.",
            show_default="7; for speech and video 5",
        ),
    ] = None,
    band: Annotated[
        Band | None,
        typer.Option(
            "--band",
            help="(speech) Narrowband (8 kHz), wideband (16 kHz), or what suits the input and the bitrate.",
            show_default="auto",
        ),
    ] = None,
    channels: Annotated[
        Channels | None,
        typer.Option(
            "--channels",
            help="(speech, sound of video) Mix several channels into one, or keep each.",
            show_default="mix; for video keep",
        ),
    ] = None,
    tune: Annotated[
        Tune | None,
        typer.Option("--tune", help="(pictures) What the eye sees, or squared error.", show_default="ssim"),
    ] = None,
    chroma: Annotated[
        Chroma | None,
        typer.Option(
            "--chroma", help="(pictures) Chroma at full or half size; auto goes by the quality.", show_default="auto"
        ),
    ] = None,
    alpha_quality: Annotated[
        float | None,
        typer.Option(
            "--alpha-quality",
            metavar="0..100",
            min=0,
            max=100,
            help="(pictures) Quality of transparency; 100 keeps it exactly.",
            show_default="100",
        ),
    ] = None,
    fps: video_options.Fps = None,
    frames: video_options.Frames = None,
    gop: video_options.Gop = None,
    scene_cuts: video_options.SceneCuts = True,
    audio: video_options.Audio = True,
    keep_partial: video_options.KeepPartial = False,
    engine_option: video_options.EngineOption = None,
    codebook: Annotated[
        str | None,
        typer.Option(
            "-c",
            "--codebook",
            metavar="NAME|FILE",
            help="Codebook, which is also the choice of the engine.",
            show_default="photo; video; for speech that of the band",
            autocompletion=options.complete_codebook,
        ),
    ] = None,
    embed_codebook: Annotated[
        bool,
        typer.Option("--embed-codebook", help="Store the codebook in the file, which then decodes alone."),
    ] = False,
    strip_metadata: Annotated[
        bool,
        typer.Option("--strip-metadata", help="Leave out ICC profile, EXIF and XMP, and the texts of sound files."),
    ] = False,
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
