"""Remove an app whole: its releases, its environments, its data, its logs, what it is pushed to."""

from uncork.layout import Layout
from uncork.machine import files
from uncork.machine.rotation import rotated
from uncork.plan import File, Remove
from uncork.report import Reporter
from uncork.serving import Address
from uncork.workflows import accounts
from uncork.workflows.cache import remove
from uncork.workflows.changing import changing
from uncork.workflows.down import end_all
from uncork.workflows.front import serve
from uncork.workflows.stop import end
from uncork.workflows.work import FRONT_WAIT, begin


def destroy(layout: Layout, app: str, report: Reporter) -> None:
    """Remove the app and all that is kept of it; with the last app the front and the supervisor end too."""
    work = begin(layout, report, app)
    paths = layout.app(app)
    with changing(work, app, "destroy", wake=False) as facts:
        work.do(File(paths.stopped, ""))  # else whoever comes in between would start again what ends
        if facts.supervising:
            serve(work, facts.address or Address(), gone=app)
            end(work, facts, app)
        remove(layout, app)
        outside = (*rotated(paths.outside_access_log), paths.outside_access_log, paths.logs)
        # A push to one that was left would deploy it again, with none of its data.
        pushed = [Remove(layout.repository(user.name, app)) for user in files.names_in(layout.repositories)]
        whole = Remove(paths.root, "remove all that is kept of it")
        work.do(*pushed, whole, Remove(paths.sockets), *map(Remove, outside))
        work.do(*work.supervisor.settle())
        accounts.remove(layout, app, report)
    with files.hold_waiting(layout.lock, FRONT_WAIT):
        if not work.facts().apps:
            # A machine set up for serving goes on to be one.
            work.do(*work.front.leave()) if layout.machine else end_all(work)
            work.do(Remove(layout.down), Remove(layout.front))
            return
    if facts.supervising:  # whoever changed another app meanwhile may have put this one's site back
        serve(work, facts.address or Address())
