"""`python -m vqcodec.api.recording`: write down anew which kernels commands call, and with what types of arguments.

Kernels are compiled ahead of time for these signatures (`vqcodec.kernels.build`).
"""

from __future__ import annotations

from vqcodec.api.warming import all_steps
from vqcodec.kernels.build.declared import FILE, Declared, declare, text_of
from vqcodec.kernels.build.record import recording


def record_all() -> Declared:
    """Take every way through the kernels, and return the signatures."""
    with recording() as found:
        for step in all_steps().values():
            step()
    return declare(found)


def main() -> None:
    """Write the file of signatures."""
    declared = record_all()
    FILE.write_text(text_of(declared), encoding="utf-8")
    print(f"{len(declared.kernels)} kernels, {sum(map(len, declared.kernels.values()))} variants: {FILE}")


if __name__ == "__main__":
    main()
