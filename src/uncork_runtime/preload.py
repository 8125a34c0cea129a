"""Imported once by a server that forks, before it does: what each of its workers would import of the runtime."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

from uncork_runtime import env, logs, mail, spool, wsgi  # noqa: F401 - for the workers

del sys.path[0]
