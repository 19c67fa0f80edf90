"""Exit codes, in one place for the help text, the reference and the tests."""

from __future__ import annotations

from vqcodec import errors

CLOSED_PIPE = 141  # 128 + SIGPIPE: the reader of our output has ended

EXIT_CODES: dict[int, str] = {
    0: "all went well",
    errors.VQCodecError.exit_code: "a defect of the program; please report it",
    errors.UsageError.exit_code: "usage: the request makes no sense",
    errors.UnreadableInputError.exit_code: "an input cannot be read",
    errors.CorruptFileError.exit_code: "a vqcodec file is damaged",
    errors.UnsupportedError.exit_code: "a file needs a later version of vqcodec",
    errors.CodebookError.exit_code: "a codebook is missing or is the wrong one",
    errors.LimitError.exit_code: "a size is beyond the limits",
    errors.OutputError.exit_code: "an output exists or cannot be written",
    errors.SchedulerError.exit_code: "a scheduler of workers is not there, or went away",
    errors.INTERRUPTED_EXIT_CODE: "interrupted (Ctrl-C)",
    CLOSED_PIPE: "the reader of standard output went away",
}


def exit_code_help() -> str:
    """Return the table of exit codes as a paragraph that help formatting does not wrap."""
    rows = "\n".join(f"  {code:>3}  {meaning}" for code, meaning in EXIT_CODES.items())
    return f"\b\nExit codes:\n{rows}\n  With several inputs: the code of the first failure."
