"""Puts kernels compiled ahead of time and manual pages into a wheel, and names it for the systems it runs on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeKernels(BuildHookInterface):
    """The build hook.

    The environment variable VQCODEC_WHEEL holds the folder that `vqcodec.kernels.build` filled, a space, and the
    wheel's tag. Without it the wheel has no native kernels and fits every system. VQCODEC_MAN holds the folder that
    `vqcodec.cli.man.pages` filled; without it the wheel has no manual pages.
    """

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files and the tag."""
        pages = os.environ.get("VQCODEC_MAN")
        if pages and version != "editable":
            build_data["shared_data"].update(
                {str(path): f"share/man/man1/{path.name}" for path in Path(pages).iterdir()}
            )
        folder, _, tag = os.environ.get("VQCODEC_WHEEL", "").rpartition(" ")
        if version == "editable" or not folder:
            return
        files = [path for path in Path(folder).iterdir() if path.is_file()]
        build_data["pure_python"] = False
        build_data["tag"] = tag
        build_data["force_include"].update({str(path): f"vqcodec/kernels/objects/{path.name}" for path in files})
