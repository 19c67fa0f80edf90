"""How kernels that numba compiled are kept in the cache folder. Whatever is wrong there, the work goes on.

Importing this module imports numba.
"""

from __future__ import annotations

import os
from typing import Any

from numba.core.caching import CompileResultCacheImpl, FunctionCache

from vqcodec.kernels import cache
from vqcodec.kernels.notices import tell

FOLDER = cache.choose_folder()

_BESIDE_SOURCE: Any = CompileResultCacheImpl._locator_classes[0]  # the one that numba takes if a folder is given
_unkept: list[str] = []


def not_kept() -> str:
    """Return why kernels that were compiled are not there for the next command; "" if they are, as far as known."""
    if FOLDER is None:
        return "there is no folder for them"
    if not FOLDER.writable:
        return f"{FOLDER.path} cannot be written to"
    return _unkept[0] if _unkept else ""


class _Place(_BESIDE_SOURCE):
    """Where in the folder the kernels of a source file are."""

    def __init__(self, function: Any, file: str) -> None:
        super().__init__(function, file)
        assert FOLDER is not None
        self._cache_path = os.path.join(FOLDER.path, self.get_suitable_cache_subpath(file))

    @classmethod
    def from_function(cls, function: Any, file: str) -> _Place:
        """Return the place for a kernel."""
        return cls(function, file)

    def ensure_cache_path(self) -> None:
        """Make the folder, before something is put there."""
        os.makedirs(self._cache_path, mode=0o700, exist_ok=True)


class _Form(CompileResultCacheImpl):
    _locator_classes = [_Place]  # noqa: RUF012  (as numba has it)


def keep(dispatcher: Any) -> None:
    """Have numba's `dispatcher` of a kernel look in the folder, and put there what it compiles."""
    if FOLDER is None:
        return
    try:
        dispatcher._cache = KeptKernels(dispatcher.py_func)
    except Exception as error:  # another version of numba, or its own settings, may not allow it
        _unkept.append(f"numba cannot keep them: {error}")
        tell(f"compiled kernels cannot be kept: {error}")


class KeptKernels(FunctionCache):
    """What is kept of one kernel."""

    _impl_class = _Form

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what was compiled for a signature; None if it is not there or cannot be read."""
        try:
            return super().load_overload(sig, target_context)
        except Exception as error:  # unpickling damaged files raises anything
            tell(f"{self.cache_path}: a compiled kernel is damaged ({type(error).__name__}); it is compiled anew")
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled for a signature, if that is possible."""
        assert FOLDER is not None
        if not FOLDER.writable:
            return
        try:
            try:
                super().save_overload(sig, data)
            except OSError:
                raise
            except Exception:  # the index is damaged
                self.flush()
                super().save_overload(sig, data)
        except Exception as error:
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            _unkept.append(f"{FOLDER.path} cannot be written to: {reason}")
            tell(f"{FOLDER.path}: compiled kernels cannot be kept: {reason}; {cache.REMEDY}")
