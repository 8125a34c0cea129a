"""Imported once by a server that forks, before it does: what each of its workers would import of the runtime.

It leaves a core to visitors from then on, until one of its workers has imported the app.
"""

import os
import signal
import sys

# uWSGI ignores it until its master has begun. Who is stopped before that ends at once: nobody waits for it yet.
signal.signal(signal.SIGTERM, signal.SIG_DFL)

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))

from uncork_runtime import cores  # noqa: E402

cores.leave_one()

from uncork_runtime import env, logs, mail, spool, wsgi  # noqa: E402, F401 - for the workers

del sys.path[0]
