"""The engines by name and number: those of this package, and those that a program registers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from vqcodec.errors import CodebookError, UnsupportedError, UsageError
from vqcodec.media.encoding import ENCODE_OPTIONS
from vqcodec.media.engine import RESERVED, Engine, SpeechEngine, load
from vqcodec.media.options import MEDIA, NumberOption, Option
from vqcodec.names import is_engine_name, printable

if TYPE_CHECKING:
    from vqcodec.codebook.codebook import Codebook

_BUILT_IN = (
    "vqcodec.image.transform.descriptor:TRANSFORM",
    "vqcodec.image.block.descriptor:BLOCK",
    "vqcodec.speech.celp.descriptor:CELP_NB",
    "vqcodec.speech.celp.descriptor:CELP_WB",
    "vqcodec.speech.textbook.celp.descriptor:CELP_FIXED",
    "vqcodec.speech.textbook.ld_celp.descriptor:LD_CELP",
    "vqcodec.video.mc.descriptor:MC",
    "vqcodec.video.st3d.descriptor:ST3D",
)
"""References of the descriptors; the first engine of a medium is its default."""

_registered: dict[str, Engine] = {}


@cache
def _built_in() -> dict[str, Engine]:
    return {engine.name: engine for engine in map(load, _BUILT_IN)}


def engines(medium: str | None = None) -> list[Engine]:
    """Return all engines, or those of a medium: the default one first, registered ones last."""
    known = [*_built_in().values(), *_registered.values()]
    return [engine for engine in known if medium in (None, engine.medium)]


def trainable_engines() -> list[Engine]:
    """Return the engines that have a trainer, in the order of `engines`."""
    return [engine for engine in engines() if engine.trainer_reference is not None]


def is_registered(engine: Engine) -> bool:
    """Return whether an engine is not one of vqcodec's own."""
    return engine.name in _registered


def find_engine(name: str) -> Engine | None:
    """Return the engine of that name; None if there is none."""
    return _built_in().get(name) or _registered.get(name)


def engine_of_medium(name: str, medium: str) -> Engine:
    """Return the engine of that name.

    Raises:
        UnsupportedError: there is none, or it is for another medium.
    """
    engine = find_engine(name)
    if engine is not None and engine.medium != medium:
        raise UnsupportedError(f"engine {name} is for {engine.medium}, not for {medium}")
    if engine is None:
        raise UnsupportedError(
            f"{medium} engine {printable(name)} is not known to this version; a later vqcodec may have it"
        )
    return engine


def require_medium(codebook: Codebook, medium: str) -> None:
    """Raise CodebookError unless a codebook is for an engine of this medium, known or not."""
    if codebook.engine.partition("/")[0] != medium:
        raise CodebookError(f"codebook {codebook.name} is for {codebook.engine}, not for {medium}")


def engine_to_train(medium: str, engine: str | None) -> Engine:
    """Return the engine of that short name, or the default one of the medium for None.

    Raises:
        UsageError: there is no such engine, or it cannot be trained.
    """
    known: dict[str, dict[str, Engine]] = {}
    for each in trainable_engines():
        known.setdefault(each.medium, {})[each.short_name] = each
    of_medium = known.get(medium, {})
    found = next(iter(of_medium.values()), None) if engine is None else of_medium.get(engine)
    if found is None:
        listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in known.items())
        raise UsageError(f"there is no engine {engine or ''} to train for {medium}; there are {listed}")
    return found


def default_codebook(name: str) -> str:
    """Return the name of the default codebook of a medium or of an engine that has one."""
    engine = find_engine(name) or engines(name)[0]
    assert engine.codebook is not None
    return engine.codebook


def register_engine(engine: Engine) -> None:
    """Add an engine of your own: encoding, decoding, training, `info`, warming and the command line then know it.

    It lasts as long as the process. A codebook chooses the engine by its name, as with the engines of this package.
    Files of the engine have the chunked form, and decode only where it is registered.

    Args:
        engine: its descriptor; a `SpeechEngine` for speech. `Engine.name` begins with the medium.

    Raises:
        UsageError: the name is not of the form medium/engine, or an engine has the same word behind the slash; the
            descriptor has a number, which FORMAT.md gives to engines of this package only; an option has a name
            that cannot be used, or that another engine uses for another kind of value.
    """
    if not isinstance(engine, Engine):
        raise UsageError("an engine is registered by its descriptor, a vqcodec.media.engine.Engine")
    if not is_engine_name(engine.name) or engine.medium not in MEDIA:
        raise UsageError(
            f"'{printable(engine.name)}' cannot be the name of an engine; choose image/, speech/ or video/ and a word"
        )
    taken = next((other for other in engines() if other.short_name == engine.short_name), None)
    if taken is not None:
        raise UsageError(f"there is an engine {taken.name} already; choose another word than {engine.short_name}")
    if engine.number is not None:
        raise UsageError(
            f"{engine.name} has number {engine.number}, but numbers belong to the engines of FORMAT.md; leave it out"
        )
    if engine.medium == "speech" and not isinstance(engine, SpeechEngine):
        raise UsageError(f"{engine.name} is for speech; describe it by a SpeechEngine")
    _check_names(engine.encode_options, engine.name)
    _check_encode_options(engine)
    _check_names(engine.training_options, engine.name)
    _check_training_options(engine)
    _registered[engine.name] = engine


def unregister_engine(name: str) -> None:
    """Remove an engine that `register_engine` has added.

    Raises:
        UsageError: no such engine was registered.
    """
    if _registered.pop(name, None) is None:
        raise UsageError(f"no engine {printable(name)} was registered")


def _check_names(options: tuple[Option, ...], owner: str) -> None:
    names = [option.name.rstrip("_") for option in options]  # `lambda_` is `--lambda` on the command line
    wrong = [name for name in names if not name.isidentifier() or names.count(name) > 1]
    if wrong:
        raise UsageError(f"{owner} has an option {wrong[0]!r}; an option is named once, by an identifier")


def _check_encode_options(engine: Engine) -> None:
    """Refuse names that every encoding has, so that they would never reach the engine; and two kinds of one name."""
    common = [option.name for option in ENCODE_OPTIONS]
    others = [option for other in engines() for option in other.encode_options]
    _check_use(engine.name, engine.encode_options, common, others)


def _check_training_options(engine: Engine) -> None:
    """Refuse what the command line, where engines share the options of a name, could not offer."""
    others = [option for other in trainable_engines() for option in other.training_options]
    _check_use(engine.name, engine.training_options, RESERVED, others)


def _check_use(owner: str, options: Iterable[Option], reserved: Iterable[str], others: Iterable[Option]) -> None:
    """Refuse options that have a reserved name, or the name of another engine's option of another kind."""
    known = {option.name.rstrip("_"): option for option in others}
    for option in options:
        plain = option.name.rstrip("_")
        if plain in reserved:
            raise UsageError(f"{owner} has an option {option.name}, a name that is in use; choose another")
        other = known.get(plain, option)
        if (option.name, _kind(option)) != (other.name, _kind(other)):
            raise UsageError(
                f"{owner} has an option {option.name}, which stands for something else elsewhere; choose another name"
            )


def _kind(option: Option) -> tuple[type[Option], bool]:
    return type(option), isinstance(option, NumberOption) and option.whole
