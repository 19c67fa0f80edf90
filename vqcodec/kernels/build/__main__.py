"""`python -m vqcodec.kernels.build`: compile kernels ahead of time."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vqcodec.kernels.native import FOLDER


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m vqcodec.kernels.build", description=__doc__)
    parser.add_argument("--target", action="append", help="processor to compile for, repeatable (default: this one)")
    parser.add_argument("--checked", action="store_true", help="make the object that checks every index, too")
    parser.add_argument("--portable", action="store_true", help="link for the systems that wheels are made for")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder for the objects")
    parser.add_argument("--wasm", type=Path, metavar="FOLDER", help="make the decoder for browsers, and nothing else")
    options = parser.parse_args()
    from vqcodec.kernels.build.building import build, host_target
    from vqcodec.kernels.build.toolchain import NoCompiler

    if options.wasm:
        from vqcodec.kernels.build.browser import build_modules

        try:
            build_modules(options.wasm)
        except NoCompiler as error:
            raise SystemExit(f"the decoder for browsers is not made: {error}") from None
        return
    try:
        build(
            options.target or [host_target()],
            checked=options.checked,
            portable=options.portable,
            folder=options.output,
        )
    except NoCompiler as error:
        print(f"kernels are not compiled ahead of time; numba compiles them at first use: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
