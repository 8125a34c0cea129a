"""`python -m uncork` is the same as `uncork`."""

import sys

from uncork.cli import main

sys.exit(main())
