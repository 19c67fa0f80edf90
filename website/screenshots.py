"""The pictures of features in docs/pictures: screenshots of real use, of the files of samples/.

    python website/screenshots.py [-o FOLDER] [NAME ...]

`make screenshots` runs it. A picture is left as it is, and a line says so, if a program is missing that shows it:
Chromium (Debian: chromium) for `report`, `viewer`, `viewer-pack` and `terminal`; tmux for `terminal`; for `desktop`
Debian's caja, xvfb, dbus and imagemagick. `memory` needs ../shared/data, and trains for ten minutes. What they look
like depends on the fonts of the machine.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.text import Text

import vqcodec

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
MOST_BYTES = 60_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
COLUMNS, ROWS = 104, 40  # of the terminal
DISPLAY = ":77"  # of the file manager
COMMANDS = (
    "vqcodec encode kodim23.png -q 50",
    "vqcodec compare kodim23.png kodim23.vqc",
    "vqcodec info kodim23.vqc",
    "vqcodec decode kodim23.vqc -o decoded.png",
)
sys.path.insert(0, str(ROOT / "tests" / "web"))

from chromium import Page, opened_page  # noqa: E402
from memory_picture import picture_of_memory  # noqa: E402


class Missing(Exception):
    """A program is missing that a picture needs."""


def program(*names: str) -> str:
    """Return the path of the first program of these names that is there."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise Missing(f"there is no {names[0]}")


def shot(
    folder: Path, address: str, ready: str, size: tuple[int, int], use: Callable[[Page], None] | None = None
) -> Image.Image:
    """Return what a browser shows of a page below a folder.

    Args:
        ready: an expression that becomes true. size: of the window. use: what is done with the page before.
    """
    width, height = size
    screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    with (
        tempfile.TemporaryDirectory() as profile,
        opened_page(program(*BROWSERS), folder, address, Path(profile)) as page,
    ):
        page.send("Emulation.setDeviceMetricsOverride", **screen)
        page.wait_for('document.readyState === "complete"')
        if use is not None:
            use(page)
        page.wait_for(ready)
        time.sleep(0.5)  # for what is still being painted
        taken = page.send("Page.captureScreenshot", format="png")["data"]
    return Image.open(io.BytesIO(base64.b64decode(taken))).convert("RGB")


def save(image: Image.Image, path: Path) -> None:
    """Write a picture as WebP at the highest quality that keeps it small."""
    for quality in range(90, 20, -5):
        written = io.BytesIO()
        image.save(written, "webp", quality=quality, method=6)
        if written.tell() <= MOST_BYTES:
            break
    path.write_bytes(written.getvalue())


def report(folder: Path) -> Image.Image:
    """The page of `vqcodec report`."""
    program(*BROWSERS)
    shutil.copy(SAMPLES / "kodim23.png", folder)
    with contextlib.chdir(folder):
        vqcodec.make_report(["kodim23.png"], "report.html", effort=1)
    return shot(folder, "report.html", "document.querySelector('.window')?.dataset.ready === 'true'", (900, 1090))


def site(folder: Path) -> None:
    """Put the decoder for browsers into a folder, as `make web` makes it."""
    if not (ROOT / "build" / "web" / "index.html").is_file():
        raise Missing("there is no build/web: make web")
    shutil.copytree(ROOT / "build" / "web", folder, dirs_exist_ok=True)


def viewer(folder: Path) -> Image.Image:
    """The page that decodes in the browser, with a picture."""
    site(folder)
    coded, first = folder / "kodim23.vqc", folder / "first.vqc"
    vqcodec.encode(SAMPLES / "kodim23.png", coded, quality=50)
    shutil.copy(coded, first)
    said = 'document.getElementById("said").textContent'

    def use(page: Page) -> None:
        """Have the codebook loaded, so that the time that the page says is that of decoding."""
        page.choose("#file", first)
        page.wait_for(f'{said}.startsWith("first.vqc: ")')
        page.choose("#file", coded)

    return shot(folder, "index.html", f'{said}.startsWith("kodim23.vqc: ")', (820, 800), use)


def parts_of_photograph(folder: Path) -> None:
    """Cut the photograph into 24 pictures."""
    folder.mkdir()
    with Image.open(SAMPLES / "kodim23.png") as photograph:
        for number in range(24):
            left, top = number % 6 * 128, number // 6 * 128
            photograph.crop((left, top, left + 128, top + 128)).save(folder / f"part-{number:02}.png")


def viewer_pack(folder: Path) -> Image.Image:
    """The same page with a pack, one item of which is damaged."""
    site(folder)
    parts_of_photograph(folder / "parts")
    pack = folder / "parts.vqp"
    vqcodec.make_pack(folder / "parts", pack, codebook="photo", quality=50)
    data = bytearray(pack.read_bytes())
    with vqcodec.Pack(pack) as opened:
        data[opened._reader.find("part-09.png").offset + 5] ^= 1
    pack.write_bytes(data)
    buttons = '[...document.querySelectorAll("#items button")]'
    return shot(
        folder,
        "index.html",
        f"{buttons}.length === 24 && {buttons}.every((button) => button.dataset.state)",
        (820, 1000),
        lambda page: page.choose("#file", pack),
    )


def terminal(folder: Path) -> Image.Image:
    """Commands in a terminal: what tmux shows, drawn by a browser."""
    tmux = program("tmux")
    program(*BROWSERS)
    shutil.copy(SAMPLES / "kodim23.png", folder)
    socket = ["-S", str(folder / "tmux")]

    def run(*arguments: str) -> str:
        done = subprocess.run([tmux, *socket, *arguments], check=True, capture_output=True, text=True)
        return done.stdout

    shell = "env PS1='$ ' bash --norc --noprofile"
    size = ("-x", str(COLUMNS), "-y", str(ROWS))
    run("-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), shell)
    try:
        wait_until(lambda: run("capture-pane", "-p").startswith("$"), "the shell does not start")
        for number, command in enumerate(COMMANDS):
            run("send-keys", f"{command}; touch done-{number}", "Enter")
            wait_until(lambda number=number: (folder / f"done-{number}").exists(), f"{command} does not end")
        time.sleep(1)
        screen = run("capture-pane", "-p", "-e")
    finally:
        run("kill-server")
    for number in range(len(COMMANDS)):
        screen = screen.replace(f"; touch done-{number}", "")
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(screen.rstrip().removesuffix("$").rstrip()))
    lines = len(screen.rstrip().splitlines())
    (folder / "terminal.html").write_text(console.export_html(inline_styles=True), encoding="utf-8")
    image = shot(folder, "terminal.html", "true", (11 * COLUMNS, 40 + 20 * lines))
    return trimmed(image)


def wait_until(condition: Callable[[], bool], otherwise: str, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
        time.sleep(0.1)


def trimmed(image: Image.Image, margin: int = 12) -> Image.Image:
    """Cut off what is as the corner is, but for a margin."""
    samples = np.asarray(image)
    differs = (samples != samples[-1, -1]).any(axis=2)
    bottom, right = np.flatnonzero(differs.any(axis=1))[-1], np.flatnonzero(differs.any(axis=0))[-1]
    return image.crop((0, 0, min(image.width, int(right) + margin), min(image.height, int(bottom) + margin)))


def desktop(folder: Path) -> Image.Image:
    """The file manager of MATE with a picture, a recording, a clip and a pack, once it has made their previews."""
    needed = ("caja", "Xvfb", "dbus-run-session", "import", "gsettings")
    server, bus, *_ = (program(name) for name in needed[1:])
    home, shown = folder / "home", folder / "home" / "Pictures"
    shown.mkdir(parents=True)
    parts_of_photograph(folder / "parts")
    vqcodec.encode(SAMPLES / "kodim23.png", shown / "kodim23.vqc", quality=50)
    vqcodec.encode(SAMPLES / "librispeech-3331-woman.flac", shown / "woman.vqc", codebook="celp-4800")
    vqcodec.encode(SAMPLES / "dog.mkv", shown / "dog.vqc", quality=50, effort=0, frames="0:4")
    vqcodec.make_pack(folder / "parts", shown / "parts.vqp", codebook="photo", quality=50)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_"))}
    environment |= {"HOME": str(home), "DISPLAY": DISPLAY}
    subprocess.run([sys.executable, "-m", "vqcodec", "desktop", "install", "--user"], check=True, env=environment)
    width, height = 780, 420
    screen = subprocess.Popen(
        [server, DISPLAY, "-screen", "0", f"{width}x{height}x24"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    taken, previews = folder / "taken.png", home / ".cache" / "thumbnails"
    wait = f"for n in $(seq 60); do sleep 1; [ $(find {previews} -name '*.png' | wc -l) = 4 ] && break; done; sleep 2"
    steps = (
        "gsettings set org.mate.caja.preferences default-folder-viewer icon-view",
        "gsettings set org.mate.caja.icon-view default-zoom-level large",
        "gsettings set org.mate.caja.window-state start-with-sidebar false",
        f"caja --no-desktop --geometry {width}x{height}+0+0 {shown} &",
        wait,
        f"import -window root {taken}",
        "caja --quit",
    )
    try:
        subprocess.run([bus, "--", "sh", "-c", "\n".join(steps)], env=environment, stderr=subprocess.DEVNULL)
    finally:
        screen.terminate()
        screen.wait()
    return Image.open(taken).convert("RGB")


def memory(_folder: Path) -> Image.Image:
    """What a codebook remembers, and what was predicted from it."""
    try:
        return picture_of_memory()
    except FileNotFoundError as error:
        raise Missing(str(error)) from None


PICTURES = {
    "report": report,
    "viewer": viewer,
    "viewer-pack": viewer_pack,
    "terminal": terminal,
    "desktop": desktop,
    "memory": memory,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", dest="folder", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; all if none is named")
    asked = parser.parse_args()
    for name in asked.names or PICTURES:
        with tempfile.TemporaryDirectory() as scratch:
            try:
                image = PICTURES[name](Path(scratch))
            except Missing as error:
                print(f"{name}: left as it is: {error}")
                continue
        save(image, asked.folder / f"{name}.webp")
        print(
            f"{name}: {image.width}x{image.height}, {(asked.folder / f'{name}.webp').stat().st_size:,} bytes",
            flush=True,
        )


if __name__ == "__main__":
    main()
