"""The compiled form of our templates, kept beside them as Python keeps that of modules: no deploy compiles one anew."""

import marshal
import sys
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from pathlib import Path
from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket, bc_magic


class Compiled(BytecodeCache):
    """Keeps the templates of a package in its `__pycache__`, which is trusted as what Python has there is.

    The package's own loader reads and writes there: it writes a file whole or not at all, and where it may not write
    nothing is kept. A package that is in no folder has no such loader, and each of its templates is compiled again.
    """

    def __init__(self, package: str) -> None:
        spec = find_spec(package)
        self._loader = spec.loader if spec and isinstance(spec.loader, SourceFileLoader) else None
        self._folder = Path(spec.origin).parent if spec and spec.origin else Path()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:  # noqa: ARG002 -- jinja's signature
        """Return what names a template: its name in the package."""
        return name

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what is kept of a template, if it is of just this text, of this Python and of this jinja."""
        if not self._loader:
            return
        head = _head(bucket)
        with suppress(OSError, EOFError, ValueError, TypeError):
            kept = self._loader.get_data(self._path(bucket))
            code = marshal.loads(kept[len(head) :]) if kept.startswith(head) else None  # noqa: S302 -- as in any .pyc
            bucket.code = code if isinstance(code, CodeType) else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template, unless Python is to keep nothing."""
        if self._loader and not sys.dont_write_bytecode:
            self._loader.set_data(self._path(bucket), _head(bucket) + marshal.dumps(bucket.code))

    def _path(self, bucket: Bucket) -> str:
        return cache_from_source(self._folder / f"{bucket.key}.py")


def _head(bucket: Bucket) -> bytes:
    return bc_magic + MAGIC_NUMBER + bucket.checksum.encode()
