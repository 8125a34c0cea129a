"""Output that nobody may read any more: what has been done does not fail by that."""

import errno
import io
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_GONE: Final = {errno.EPIPE, errno.EIO}
"""The reader of a pipe left, the terminal was closed."""


class _Unread(io.FileIO):
    """A file that takes what nobody reads."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, or pass over what there is no reader for."""
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in _GONE:
                raise
            return memoryview(data).nbytes


def unread(stream: TextIO) -> TextIO:
    """Return the stream as one that takes all, whether its reader is there or has left."""
    try:
        number = stream.fileno()
    except OSError:  # it is no file: a test's
        return stream
    stream.flush()
    raw = io.BufferedWriter(_Unread(number, "wb", closefd=False))
    return io.TextIOWrapper(raw, stream.encoding, "surrogateescape", line_buffering=stream.isatty())
