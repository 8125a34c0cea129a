"""What a daemon process of mod_wsgi imports: the release's `application`, with what it prints in the server's log.

Apache's own log would cut long lines, and encode what is not ASCII. A process that is asked to end while it imports
ends at once: nobody waits for it yet.
"""

import ctypes
import os
import signal
import sys

RELEASE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))

_log = os.open(os.environ.pop("UNCORK_LOG"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
os.dup2(_log, 1)
os.dup2(_log, 2)
os.close(_log)
sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
sys.stderr = sys.stdout

# The app's own children need not know how the front gets here.
for _name in ("UNCORK_KEY", "UNCORK_PORT"):
    os.environ.pop(_name, None)

# Python's own `signal` knows nothing of a handler in C, and could not put it back.
_signal = ctypes.CDLL(None).signal
_signal.argtypes, _signal.restype = (ctypes.c_int, ctypes.c_void_p), ctypes.c_void_p
_handler = _signal(signal.SIGTERM, None)

sys.path.insert(0, RELEASE)
from uncork_runtime.application import imported  # noqa: E402

del sys.path[0]
application = imported(os.path.join(RELEASE, "run.py")).application

_signal(signal.SIGTERM, _handler)
