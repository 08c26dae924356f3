"""One text, two bindings: the kernels as plain Python, and the same text compiled. Owns the switch between them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from freehold.errors import SolveError

__all__ = ["accelerate", "accelerate_with_room", "companion", "compiled_copy", "has_compiler"]

_Function = TypeVar("_Function", bound=Callable[..., Any])
_compiling: list[bool] = []


def has_compiler() -> bool:
    """Whether the extra ``fast`` is installed (without importing it)."""
    return importlib.util.find_spec("numba") is not None


def accelerate(function: _Function) -> _Function:
    """Mark a kernel: itself when its module is imported, compiled when it is loaded by :func:`compiled_copy`.

    A kernel so marked makes no list and no view: without those, numba need not count references, and counting those of
    forty arrays at every call takes several times as long as the kernel itself.
    """
    return _compiled(function, counted=False) if _compiling else function


def accelerate_with_room(function: _Function) -> _Function:
    """Mark a kernel that makes lists or views to work in; see :func:`accelerate`."""
    return _compiled(function, counted=True) if _compiling else function


def _compiled(function: _Function, *, counted: bool) -> _Function:
    import numba

    njit: Any = numba.njit
    options: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}
    try:
        compiled: _Function = njit(**options, _nrt=counted)(function)
    except (TypeError, KeyError):  # the option is not a public one: a numba without it counts references, and is slower
        compiled = njit(**options)(function)
    return compiled


def companion(name: str) -> ModuleType:
    """Give the module that a kernel module calls: compiled while that one is being compiled, else as imported."""
    return compiled_copy(name) if _compiling else importlib.import_module(name)


@cache
def compiled_copy(name: str) -> ModuleType:
    """Load a second copy of a kernel module in which every marked function is compiled.

    Parameters
    ----------
    name
        Full name of the module.

    Raises
    ------
    freehold.errors.SolveError
        If numba is not installed.
    """
    if not has_compiler():
        raise SolveError("the compiled kernel needs numba. Install it: pip install 'freehold[fast]'. Or use the plain one.")
    original = importlib.util.find_spec(name)
    if original is None or original.origin is None:
        raise SolveError(f"there is no kernel module '{name}'.")
    alias = f"{name}_compiled"
    spec = importlib.util.spec_from_file_location(alias, Path(original.origin))
    if TYPE_CHECKING:
        assert spec is not None
        assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    _compiling.append(True)
    try:
        spec.loader.exec_module(module)
    finally:
        _compiling.pop()
    return module
