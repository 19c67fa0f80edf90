"""`info --bits`: the same account of the bits as `encode` gives, from the file alone."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    "command",
    [
        "encode photo.png",
        "encode grey.png --quality 90",
        "encode alpha.png --tune psnr --chroma 420",
        "encode alpha.png --alpha-quality 50 --effort 9",
        "encode photo.png --codebook classic-4x4-256",
    ],
)
def test_info_counts_what_encode_reported(workspace, run, command):
    reported = json.loads(run(*command.split(), "--output", "coded.vqc", "--json").stdout)
    told = json.loads(run("info", "coded.vqc", "--bits", "--json").stdout)
    assert told["bits"] == reported["bits"]
    assert sum(told["bits"].values()) == 8 * (workspace / "coded.vqc").stat().st_size


def test_info_tells_the_parts_of_luma_and_chroma_apart(workspace, run):
    lines = run("info", "photo.vqc", "--bits").stdout
    assert all(f"{plane} {part} " in lines for plane in ("luma", "chroma") for part in ("choice", "mask", "pattern"))
