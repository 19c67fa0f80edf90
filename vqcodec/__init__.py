"""vqcodec: a media codec built on vector quantization.

The public names below are loaded when they are first used, so that `import vqcodec` stays quick: nothing here
imports numba or compiles a kernel until something is encoded, decoded or trained.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from vqcodec.version import __version__ as __version__

_HOME = {  # the module, and the name there if it is another
    "encode": "vqcodec.api",
    "decode": "vqcodec.api",
    "info": "vqcodec.api",
    "verify": "vqcodec.api",
    "compare": "vqcodec.api",
    "make_report": "vqcodec.report_page",
    "encode_image": "vqcodec.image",
    "decode_image": "vqcodec.image",
    "encode_speech": "vqcodec.speech.codec",
    "decode_speech": "vqcodec.speech.reader",
    "open_speech": "vqcodec.speech.reader",
    "SpeechWriter": "vqcodec.speech.writer",
    "encode_video": "vqcodec.video.arrays",
    "decode_video": "vqcodec.video.arrays",
    "open_video": "vqcodec.api.opened_video",
    "Pack": "vqcodec.api.packs.opened",
    "make_pack": "vqcodec.api.packs.building",
    "unpack": "vqcodec.api.packs.unpacking",
    "train_codebook": "vqcodec.api.training",
    "register_engine": "vqcodec.media.registry",
    "unregister_engine": "vqcodec.media.registry",
    "design_codebook": "vqcodec.vq.design.methods:design",
    "design_structure": "vqcodec.vq.structures.design",
    "FlatQuantizer": "vqcodec.vq.flat",
    "Codebook": "vqcodec.codebook.codebook",
    "load_codebook": "vqcodec.codebook.library",
    "VQCodecError": "vqcodec.errors",
}

__all__ = ["__version__", *_HOME]

if TYPE_CHECKING:
    from vqcodec.api import compare as compare
    from vqcodec.api import decode as decode
    from vqcodec.api import encode as encode
    from vqcodec.api import info as info
    from vqcodec.api import verify as verify
    from vqcodec.api.opened_video import open_video as open_video
    from vqcodec.api.packs.building import make_pack as make_pack
    from vqcodec.api.packs.opened import Pack as Pack
    from vqcodec.api.packs.unpacking import unpack as unpack
    from vqcodec.api.training import train_codebook as train_codebook
    from vqcodec.codebook.codebook import Codebook as Codebook
    from vqcodec.codebook.library import load_codebook as load_codebook
    from vqcodec.errors import VQCodecError as VQCodecError
    from vqcodec.image import decode_image as decode_image
    from vqcodec.image import encode_image as encode_image
    from vqcodec.media.registry import register_engine as register_engine
    from vqcodec.media.registry import unregister_engine as unregister_engine
    from vqcodec.report_page import make_report as make_report
    from vqcodec.speech.codec import encode_speech as encode_speech
    from vqcodec.speech.reader import decode_speech as decode_speech
    from vqcodec.speech.reader import open_speech as open_speech
    from vqcodec.speech.writer import SpeechWriter as SpeechWriter
    from vqcodec.video.arrays import decode_video as decode_video
    from vqcodec.video.arrays import encode_video as encode_video
    from vqcodec.vq.design.methods import design as design_codebook  # noqa: F401
    from vqcodec.vq.flat import FlatQuantizer as FlatQuantizer
    from vqcodec.vq.structures.design import design_structure as design_structure


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'vqcodec' has no attribute {name!r}")
    module, _, name_there = home.partition(":")
    return getattr(importlib.import_module(module), name_there or name)


def __dir__() -> list[str]:
    return sorted(__all__)
