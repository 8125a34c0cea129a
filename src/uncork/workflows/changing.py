"""The frame of every change of an app: its lock, the machine as it should be before, the history after."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from uncork.app_layout import AppLayout
from uncork.errors import RefusedError, StepFailedError, UserError
from uncork.machine import files
from uncork.model import Facts
from uncork.recipes import provision
from uncork.recipes.front import is_missing
from uncork.recipes.redact import redact
from uncork.workflows import values
from uncork.workflows.accounts import see_to_secrets
from uncork.workflows.audit import audited
from uncork.workflows.down import end_if_idle
from uncork.workflows.front import port_is_free, serve
from uncork.workflows.work import FRONT_WAIT, Work, record


@contextmanager
def changing(work: Work, app: str, event: str, *, wake: bool = True) -> Iterator[Facts]:
    """Hold the app's lock, bring the machine to what it should be, and give the facts.

    `wake` says whether what is down is brought up for it; what lost its supervisor is not down.

    A change that fails is written into the app's history, with the reason. Raises LockedError at once if another
    change of the app is under way.
    """
    with _alone(work, app, event):
        started = time.monotonic()
        facts = _converged(work, app, wake=wake)
        try:
            yield facts
        except UserError as error:
            _hide_values(error, work.layout.app(app))
            record(work, app, event, error.release if isinstance(error, RefusedError) else None, started, error)
            raise


@contextmanager
def _alone(work: Work, app: str, event: str) -> Iterator[None]:
    """Be the only one who changes the app, and be named in the audit, whatever becomes of it."""
    with audited(work.layout, app, event, work.report):
        work.do(*provision.folders(work.layout, app, root=work.account is not None))
        see_to_secrets(work.layout, app)
        with files.hold(work.layout.app(app).lock), _leaving_nothing(work, app):
            yield


@contextmanager
def _leaving_nothing(work: Work, app: str) -> Iterator[None]:
    """A first deploy that is refused has started a supervisor for nothing."""
    try:
        yield
    except BaseException:
        end_if_idle(work, app)
        raise


def _converged(work: Work, app: str, *, wake: bool) -> Facts:
    """Return the facts once supervisord runs, with the live instances and nothing else of the app's, and the front.

    The front comes first: whatever becomes of the change, visitors are answered meanwhile.
    """
    with files.hold_waiting(work.layout.lock, FRONT_WAIT):
        facts = work.facts()
        if not wake and (facts.down or not facts.leftovers):
            return facts
        steps = provision.converge(facts, work.layout, work.supervisor, _on_disk(work, facts), app)
        if facts.supervising:
            steps += provision.agent(facts, work.layout, work.supervisor, programs(work))
        work.do(*steps)
    facts = work.facts() if steps else facts
    if facts.address and is_missing(facts):
        try:
            port_is_free(facts, facts.address, work.front)
            serve(work, facts.address)
        except (UserError, StepFailedError) as error:
            work.report.note(f"the front is not back yet: {error}")
        return work.facts()
    return facts


def programs(work: Work) -> dict[Path, str]:
    """Return the texts of the supervisor's programs as they are on disk."""
    return {path: files.read(path) for path in _ours(work) if not path.is_symlink()}


def _ours(work: Work) -> tuple[Path, ...]:
    """Return what a supervisor has on disk of ours; systemd has the units of others beside them."""
    supervisor, layout = work.supervisor, work.layout
    found = (path for folder in supervisor.folders(layout) for path in files.names_in(folder))
    return tuple(path for path in found if not layout.machine or path.name.startswith("uncork-"))


def _on_disk(work: Work, facts: Facts) -> tuple[Path, ...]:
    """Return the supervisor's files, and the folders of all instances."""
    apps = tuple(work.layout.app(app.name) for app in facts.apps)
    folders = (path for app in apps for path in files.names_in(app.sockets) if not path.is_symlink())
    return (*_ours(work), *folders)


def _hide_values(error: UserError, app: AppLayout) -> None:
    """An app's own message may quote what it was given."""
    secret = values.read(app.secrets).values()
    error.problem = redact(error.problem, secret)
    error.fix = redact(error.fix, secret)
    error.detail = redact(error.detail, secret)
