"""Chromium without a window, driven over a pipe by the DevTools protocol."""

from __future__ import annotations

import contextlib
import functools
import http.server
import itertools
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS = 30  # within which anything is answered
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)


def chromium() -> str | None:
    """The program, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """A page in a browser.

    Args:
        commands, answers: ends of the pipes to and from the browser.
    """

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._unread = b""
        self._numbers = itertools.count(1)
        self._session: str | None = None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Do what a command of the protocol says, and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> bytes:
        while b"\0" not in self._unread:
            piece = os.read(self._answers, 1 << 20)
            assert piece, "the browser has ended"
            self._unread += piece
        message, _, self._unread = self._unread.partition(b"\0")
        return message

    def evaluate(self, script: str) -> Any:
        """Return the value of an expression, or what its promise resolves to."""
        found = self.send("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _SECONDS
        while not self.evaluate(condition):
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.02)

    def choose(self, selector: str, file: Path) -> None:
        """Choose a file in an element for files."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", files=[str(file)], nodeId=node)


@contextlib.contextmanager
def opened_page(
    program: str, folder: Path, address: str, profile: Path, ranges: list[tuple[str, int, int]] | None = None
) -> Iterator[Page]:
    """Open a page below a folder, which is served while the block runs.

    Args:
        program: of the browser.
        address: of the page in the folder.
        profile: a folder for what the browser keeps.
        ranges: gets what is asked for in ranges: path, first and last byte.
    """
    handler = functools.partial(_Handler, directory=str(folder), ranges=ranges)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    from_us, commands = os.pipe()
    answers, to_us = os.pipe()
    # The browser reads from 3 and writes to 4
    script = f'exec "$@" 3<&{from_us} 4>&{to_us}'
    browser = subprocess.Popen(
        ["bash", "-c", script, "bash", program, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(from_us, to_us),
        stderr=subprocess.DEVNULL,
    )
    os.close(from_us)
    os.close(to_us)
    try:
        page = Page(commands, answers)
        page.send("Page.enable")
        page.send("Page.navigate", url=f"http://127.0.0.1:{server.server_port}/{address}")
        yield page
    finally:
        browser.terminate()
        browser.wait(_SECONDS)
        server.shutdown()
        os.close(commands)
        os.close(answers)


class _Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(self, *given: Any, ranges: list[tuple[str, int, int]] | None, **named: Any) -> None:
        self._ranges = ranges
        super().__init__(*given, **named)

    def do_GET(self) -> None:
        """Answer as the base class, and requests for one range of bytes with just that range."""
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if asked is None or not path.is_file():
            super().do_GET()
            return
        data = path.read_bytes()
        start, end = asked.groups()
        first = int(start) if start else max(0, len(data) - int(end))
        last = min(int(end), len(data) - 1) if start and end else len(data) - 1
        if self._ranges is not None:
            self._ranges.append((path.name, first, last))
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        self.send_header("Content-Length", str(last + 1 - first))
        self.end_headers()
        self.wfile.write(data[first : last + 1])

    def log_message(self, *unused: Any) -> None:
        """Say nothing."""
