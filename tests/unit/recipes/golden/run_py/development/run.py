"""Starts shop, release 12, for development. Servers run `application`; `app` is the app itself."""

import os
import sys

RELEASE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, RELEASE)

# The release's own, whatever its environment has installed; from then on the project's modules come first.
from uncork_runtime import env, logs, mail, wsgi  # noqa: E402

sys.path[:1] = [os.path.join(RELEASE, 'source')]
sys.path.append(RELEASE)

# What `uncork config set` was told; outlives releases, and is read here so that it is in no config file.
env.load('/state/apps/shop/shared/.env')
os.environ['UNCORK_ENV'] = 'development'
logs.configure(os.path.join(RELEASE, "logging.json"))

from wsgi import application  # noqa: E402

app = application


logs.attach(app)
mail.take_over(app)
application = wsgi.serve(
    app, mount='/', worker_memory=536870912, log='/state/apps/shop/logs/server.log', release=12
)
