"""Optimisation and translation of lowered kernels by LLVM, for one kind of processor."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import llvmlite.binding as llvm


class Target(NamedTuple):
    """What to translate for.

    Attributes:
        triple: LLVM's name of machine and system.
        processor: LLVM's name of the processor.
        features: processor's features beyond that.
        level: of x86-64 that the processor has to have (2 or 3), 0 for others.
        relocation: LLVM's name of the way in which code finds addresses.
    """

    triple: str
    processor: str
    features: str
    level: int
    relocation: str = "pic"


TARGETS = {
    "x86-64-v3": Target("x86_64-unknown-linux-gnu", "x86-64-v3", "", 3),
    "x86-64-v2": Target("x86_64-unknown-linux-gnu", "x86-64-v2", "", 2),
    "aarch64": Target("aarch64-unknown-linux-gnu", "generic", "", 0),
    "wasm32": Target(
        "wasm32-unknown-unknown",
        "generic",
        "+simd128,+bulk-memory,+sign-ext,+nontrapping-fptoint,+mutable-globals",  # which browsers have since 2023
        0,
        "static",
    ),
}


def emit(texts: list[str], entries: set[str], target: Target) -> bytes:
    """Return an object file of modules of LLVM's intermediate language.

    Args:
        texts: the modules.
        entries: symbols to export; all else is internal.
        target: what to translate for.
    """
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.processor,
        features=target.features,
        opt=3,
        reloc=target.relocation,
        codemodel="default",
    )
    whole = _link(texts, target.triple, str(machine.target_data))
    for symbol in (*whole.functions, *whole.global_variables):
        if not symbol.is_declaration and symbol.name not in entries:
            symbol.linkage = "internal"
    whole.verify()
    _optimise(whole, machine)
    code: bytes = machine.emit_object(whole)
    return code


def _link(texts: list[str], triple: str, layout: str) -> Any:
    """Return one module of all texts, for a machine."""
    whole = None
    for text in texts:
        text = re.sub(r"^target triple = .*$", f'target triple = "{triple}"', text, flags=re.M)
        text = re.sub(r"^target datalayout = .*$", f'target datalayout = "{layout}"', text, flags=re.M)
        module = llvm.parse_assembly(text)
        if whole is None:
            whole = module
        else:
            whole.link_in(module)
    return whole


def _optimise(module: Any, machine: Any) -> None:
    """Do what numba does: a few cheap passes, then all of level 3; both without superfluous reference counts."""
    cheap = _passes(machine, level=0, vectorise=False)
    manager = cheap.getModulePassManager()
    manager.add_loop_rotate_pass()
    manager.add_instruction_combine_pass()
    manager.add_jump_threading_pass()
    manager.add_refprune_pass()
    manager.run(module, cheap)
    full = _passes(machine, level=3, vectorise=True)
    manager = full.getModulePassManager()
    manager.add_refprune_pass()
    manager.run(module, full)


def _passes(machine: Any, *, level: int, vectorise: bool) -> Any:
    options = llvm.create_pipeline_tuning_options(speed_level=level)
    options.loop_vectorization = vectorise
    options.slp_vectorization = False
    return llvm.create_pass_builder(machine, options)
