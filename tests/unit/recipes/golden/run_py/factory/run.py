"""Starts shop, release 12, for testing. Servers run `application`; `app` is the app itself."""

import os
import sys
from importlib import import_module

RELEASE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, RELEASE)

# The release's own, whatever its environment has installed; from then on the project's modules come first.
from uncork_runtime import env, logs, mail, wsgi  # noqa: E402

sys.path[:1] = [os.path.join(RELEASE, 'source/src'), os.path.join(RELEASE, 'source')]
sys.path.append(RELEASE)

# What `uncork config set` was told; outlives releases, and is read here so that it is in no config file.
env.load('/state/apps/shop/shared/.env')
os.environ['UNCORK_ENV'] = 'testing'
os.environ.pop("FLASK_DEBUG", None)  # the debugger runs code for whoever asks
logs.configure(os.path.join(RELEASE, "logging.json"))

create_app = import_module('shop.web-app').create_app

app = create_app('testing')

if getattr(app, "debug", False):
    app.debug = False  # tracebacks are for the log, not for visitors

logs.attach(app)
mail.take_over(app)
application = wsgi.serve(
    app, mount='/shop', worker_memory=536870912, log='/state/apps/shop/logs/server.log', release=12
)
