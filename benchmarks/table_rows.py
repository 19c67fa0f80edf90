"""The tables of the documents: one small function for each, from a benchmark's results to rows.

A new table is one function here, decorated with its name and the benchmark whose JSON it reads (the stem of the file
in benchmarks/results). It takes the `results` of that JSON and yields rows, the heading first; cells become text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Results = dict[str, Any]
Rows = Iterable[Sequence[object]]  # the first row is the heading


@dataclass(frozen=True)
class Table:
    """The benchmark (stem of its JSON in benchmarks/results) of a table, and the function of its rows."""

    benchmark: str
    rows: Callable[[Results], Rows]


TABLES: dict[str, Table] = {}
MOMENTS = ("moment", "cube", "best_lattice")


def table(name: str, benchmark: str) -> Callable[[Callable[[Results], Rows]], Callable[[Results], Rows]]:
    """Register a function from a benchmark's results to rows as the table `name`."""

    def register(function: Callable[[Results], Rows]) -> Callable[[Results], Rows]:
        TABLES[name] = Table(benchmark, function)
        return function

    return register


def percent(value: float | None) -> str:
    """A difference in percent with its sign, or a dash where there is none."""
    return "–" if value is None else f"{value:+.1f} %".replace("-", "−")


def codec_labels(results: Results) -> dict[str, str]:
    return {codec["codec"]: codec["label"] for codec in results["codecs"]}


def _bd_rates(results: Results, columns: Sequence[tuple[str, str]]) -> Rows:
    """Of every codec but JPEG its mean BD-rate in each (quality measure, reference) of the columns."""
    means = {(row["quality"], row["reference"], row["codec"]): row["mean"] for row in results["bd_rate"]}
    for codec, label in codec_labels(results).items():
        if codec != "jpeg":
            yield (label, *(percent(means.get((*column, codec))) for column in columns))


def _image_comparison(results: Results) -> Rows:
    """BD-rate of every codec against JPEG and AVIF, in each quality measure."""
    columns = [
        ("psnr_rgb", "jpeg"),
        ("psnr_luma", "jpeg"),
        ("ssim_luma", "jpeg"),
        ("psnr_rgb", "avif"),
        ("ssim_luma", "avif"),
    ]
    yield (
        "BD-rate over " + results["pictures"],
        "RGB PSNR vs JPEG",
        "luma PSNR vs JPEG",
        "SSIM vs JPEG",
        "RGB PSNR vs AVIF",
        "SSIM vs AVIF",
    )
    yield from _bd_rates(results, columns)


table("image-colour", "image-colour")(_image_comparison)


@table("image-grey", "image-grey")
def _grey_comparison(results: Results) -> Rows:
    """The luma plane alone: there is one PSNR."""
    columns = [("psnr_luma", "jpeg"), ("ssim_luma", "jpeg"), ("psnr_luma", "avif"), ("ssim_luma", "avif")]
    yield (
        "BD-rate, grey, over " + results["pictures"],
        "PSNR vs JPEG",
        "SSIM vs JPEG",
        "PSNR vs AVIF",
        "SSIM vs AVIF",
    )
    yield from _bd_rates(results, columns)


@table("image-speed", "image-colour")
def _image_speed(results: Results) -> Rows:
    """Megapixels a second at about one bit per pixel, wall clock; and processor time."""
    labels = codec_labels(results)
    yield (
        "about 1 bpp",
        "encode (Mpixel/s)",
        "decode (Mpixel/s)",
        "encode (CPU s/Mpixel)",
        "decode (CPU s/Mpixel)",
    )
    for row in results["speed"]:
        yield (
            labels[row["codec"]],
            f"{1 / row['encode_s_per_mpixel']:.2f}",
            f"{1 / row['decode_s_per_mpixel']:.1f}",
            f"{row['encode_cpu_s_per_mpixel']:.2f}",
            f"{row['decode_cpu_s_per_mpixel']:.3f}",
        )


def _small_pictures(results: Results) -> Rows:
    """vqcodec with codebooks of its own against the general codecs, on the mean curves of a set."""
    references = [name for name in codec_labels(results) if not name.startswith("vqcodec")]
    labels = codec_labels(results)
    means = {
        (row["reference"], row["codec"]): row["mean"] for row in results["bd_rate"] if row["quality"] == "psnr_rgb"
    }
    yield f"{results['set']} ({results['split']})", *(f"vs {labels[name]}" for name in references)
    for codec, label in labels.items():
        if codec not in references:
            yield (label, *(percent(means.get((reference, codec))) for reference in references))


def _worth(results: Results) -> Rows:
    """What a codebook of one's own takes, and how soon it pays."""
    yield (
        "own codebook for " + results["set"],
        "file (bytes)",
        "embedded (bytes)",
        "against `photo`",
        "saved a picture (bytes)",
        "pays from (pictures)",
    )
    worth = results["own_codebook"]
    yield (
        "",
        f"{worth['file_bytes']:,}",
        f"{worth['embedded_bytes']:,}",
        percent(worth["bd_rate_against_shared"]),
        worth["saved_bytes_a_picture"],
        worth["pays_from_pictures"] or "never",
    )


for _set in ("tiles32", "tiles64", "faces", "emoji"):
    table(f"image-{_set}", f"image-{_set}")(_small_pictures)
    table(f"worth-{_set}", f"image-{_set}")(_worth)


@table("memory", "memory")
def _memory(results: Results) -> Rows:
    """What codebooks of one's own bring with a memory, and when they pay."""
    yield (
        "trained on, measured on others of the kind",
        "against",
        "BD-rate",
        "bytes a picture, quality 50",
        "items",
        "codebook (bytes)",
        "pays from (pictures)",
    )
    for row in results["rows"]:
        yield (
            row["label"],
            f"`{row['reference']}`",
            percent(row["bd_rate"]),
            f"{row['bytes_a_picture']:.0f} → {row['bytes_a_picture'] - row['saved_bytes_a_picture']:.0f}",
            row["items"],
            f"{row['codebook_bytes']:,}",
            "never" if row["pays_from_pictures"] is None else f"{row['pays_from_pictures']:,}",
        )


@table("block", "block")
def _block(results: Results) -> Rows:
    """The textbook coder on grey pictures: rate and PSNR by method."""
    yield f"{results['pictures']} grey pictures of Kodak", "method", "quality", "bpp", "PSNR (dB)"
    for row in results["rows"]:
        yield row["codebook"], row["method"], row["quality"], f"{row['bpp']:.3f}", f"{row['psnr_db']:.2f}"


@table("palette", "palette")
def _palette(results: Results) -> Rows:
    """Colours as vectors: a picture in few colours, as a file."""
    yield results["picture"], "colours", "bytes", "PSNR (dB)"
    for row in results["rows"]:
        yield row["method"], row["colours"], f"{row['bytes']:,}", f"{row['psnr_db']:.2f}"


@table("cluster", "cluster")
def _cluster(results: Results) -> Rows:
    """Training on workers, measured and by the model of benchmarks.cluster, in seconds."""
    many, larger = results["many"], results["larger"]
    yield (
        "training",
        "shards",
        "map",
        "reduce",
        "a result",
        "1 worker: measured / model",
        "2 workers: measured / model",
        f"{many} workers, {larger} times the corpus: simulated / model",
        "the same on one thread",
    )
    for row in results["rows"]:
        yield (
            row["engine"],
            row["shards"],
            f"{row['map_s']:.1f} s",
            f"{row['reduce_s']:.1f} s",
            f"{row['result_bytes'] / 1000:.0f} kB",
            f"{row['one_s']:.1f} / {row['one_model_s']:.1f} s",
            f"{row['two_s']:.1f} / {row['two_model_s']:.1f} s",
            f"{row['many_s']:.1f} / {row['many_model_s']:.1f} s",
            f"{row['many_alone_s']:.0f} s",
        )


@table("entropy", "entropy")
def _entropy(results: Results) -> Rows:
    """Speed of canonical Huffman codes of 256 symbols in one context, beside bitarray."""
    yield (
        "entropy (bits a symbol)",
        "code (bits a symbol)",
        "encode (Msymbols/s)",
        "decode (Msymbols/s)",
        "bitarray decode (Msymbols/s)",
    )
    for row in results["decoding"]:
        yield (
            row["entropy_bits"],
            row["code_bits"],
            f"{row['encode_msymbols_s']:.0f}",
            f"{row['decode_msymbols_s']:.0f}",
            f"{row['bitarray_decode_msymbols_s']:.0f}",
        )


@table("entropy-contexts", "entropy")
def _entropy_contexts(results: Results) -> Rows:
    """Speed of the same codes when every symbol has a context of its own."""
    yield "contexts", "encode (Msymbols/s)", "decode (Msymbols/s)"
    for row in results["contexts"]:
        yield row["contexts"], f"{row['encode_msymbols_s']:.0f}", f"{row['decode_msymbols_s']:.0f}"


@table("search", "search")
def _search(results: Results) -> Rows:
    """Nearest-neighbour search: time a vector by codebook size, threads and method."""
    yield (
        f"{results['vectors']:,} vectors of {results['dimension']}",
        "codewords",
        "threads",
        "ns a vector",
        "times faiss",
    )
    for row in results["rows"]:
        yield (
            row["method"],
            row["codewords"],
            row["threads"],
            f"{row['ns_per_vector']:.0f}",
            f"{row['times_faiss']:.2f}",
        )


@table("lbg", "lbg")
def _lbg(results: Results) -> Rows:
    """Lloyd iterations from the same start: time and distortion."""
    heading = f"{results['vectors']:,} vectors of {results['dimension']}, {results['iterations']} iterations"
    yield heading, "codewords", "threads", "seconds", "times vqcodec", "distortion"
    for row in results["rows"]:
        yield (
            row["method"],
            row["codewords"],
            row["threads"],
            f"{row['seconds']:.2f}",
            f"{row['times_ours']:.2f}",
            f"{row['distortion']:.3f}",
        )


@table("lbg-scale", "lbg_scale")
def _lbg_scale(results: Results) -> Rows:
    """Lloyd iterations by dimension and size, beside faiss."""
    heading = f"{results['iterations']} iterations on one thread"
    yield heading, "dimension", "vectors", "codewords", "seconds", "faiss takes", "distortion", "faiss"
    for row in results["shapes"]:
        yield (
            row["shape"],
            row["dimension"],
            f"{row['vectors']:,}",
            f"{row['codewords']:,}",
            f"{row['seconds']:.2f}",
            f"{row['times_ours']:.2f} times",
            f"{row['distortion']:.3f}",
            f"{row['faiss_distortion']:.3f}",
        )


@table("design-methods", "design")
def _design_methods(results: Results) -> Rows:
    """Each method: distortion, how far the codewords are used, time."""
    heading = f"{results['vectors']:,} blocks of 4x4"
    yield heading, "codewords", "training MSE", "Kodak PSNR (dB)", "usage", "perplexity", "seconds"
    for row in results["methods"]:
        yield (
            row["method"],
            row["codewords"],
            f"{row['training_mse']:.2f}",
            f"{row['test_psnr_db']:.2f}",
            f"{100 * row['usage']:.0f} %",
            f"{row['perplexity']:.0f}",
            f"{row['seconds']:.1f}",
        )


@table("design-source", "design")
def _design_source(results: Results) -> Rows:
    """A Gauss-Markov source at one bit a sample."""
    yield "quantizer", "dimension", "SNR (dB)"
    for row in results["source"]:
        yield row["quantizer"], row["dimension"] or "∞", f"{row['snr_db']:.2f}"


@table("design-cube", "design")
def _design_cube(results: Results) -> Rows:
    """LBG on the unit cube beside the law of high rates."""
    yield "dimension", "codewords", "G, measured", "G of a cube", "G of the best lattice known", "LBG iterations"
    for row in results["cube"]:
        yield row["dimension"], row["codewords"], *(f"{row[name]:.4f}" for name in MOMENTS), row["iterations"]


@table("design-structures", "design")
def _design_structures(results: Results) -> Rows:
    """Each structure as a coder of Kodak's luma."""
    yield "structure", "codewords", "PSNR (dB)", "bpp, fixed", "bpp, entropy", "encode", "decode", "tables"
    for row in results["structures"]:
        yield (
            row["structure"],
            row["codewords"],
            f"{row['psnr_db']:.2f}",
            f"{row['fixed_bpp']:.3f}",
            f"{row['entropy_bpp']:.3f}",
            f"{row['encode_ms']:.0f} ms/Mpixel",
            f"{row['decode_ms']:.0f} ms/Mpixel",
            f"{row['table_bytes']:,} B",
        )


@table("design-channel", "design")
def _design_channel(results: Results) -> Rows:
    """PSNR behind a noisy channel, by the order of the codewords."""
    rates = sorted({row["ber"] for row in results["channel"]})
    yield "order of 256 codewords", *(f"{100 * rate:g} % of bits wrong" for rate in rates)
    found = {(row["order"], row["ber"]): row["psnr_db"] for row in results["channel"]}
    for order in dict.fromkeys(row["order"] for row in results["channel"]):
        yield order, *(f"{found[order, rate]:.2f} dB" for rate in rates)


@table("side-by-side", "side-by-side")
def _side_by_side(results: Results) -> Rows:
    yield ("whole picture", "codec", "bytes", "RGB PSNR (dB)", "SSIM", "SSIMULACRA2")
    for row in results["rows"]:
        seen = f"{row['ssimulacra2']:.1f}" if "ssimulacra2" in row else "–"
        yield row["picture"], row["codec"], row["bytes"], f"{row['psnr_rgb_db']:.2f}", f"{row['ssim']:.3f}", seen


@table("packs", "packs")
def _packs(results: Results) -> Rows:
    """Bytes of each set in each form at each PSNR, and the pack's share of the best of the others."""
    labels = {row["codec"]: row["label"] for row in results["points"]}
    yield ("set", "PSNR", *labels.values(), "pack / best other")
    for row in results["at"]:
        sizes = ["–" if row.get(codec) is None else f"{row[codec]:,.0f}" for codec in labels]
        share = "–" if row["of_best"] is None else f"{row['of_best']:.2f}"
        yield (f"{row['set']} ({row['pictures']:,})", f"{row['psnr']:g} dB", *sizes, share)
