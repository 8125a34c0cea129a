"""Carries out a plan step by step, and takes it back if any step fails; `preview` says what would be done."""

import shlex
import time

from uncork.errors import StepFailedError
from uncork.machine import authority, commands, files, leftovers, masters, processes, supervisord, systemd, waits
from uncork.machine.supervisord import SupervisorFault
from uncork.model import Account
from uncork.plan import (
    Answer,
    Call,
    Certify,
    Changed,
    Copy,
    Directory,
    Drain,
    End,
    File,
    Gone,
    Link,
    Orphans,
    Plan,
    Probe,
    Reload,
    Remove,
    Room,
    Run,
    Step,
    Units,
    Warm,
)
from uncork.report import Reporter


def apply(plan: Plan, account: Account | None, report: Reporter) -> None:
    """Carry out a plan: prepare, switch, clean up. Raises what made a step fail, once all has been taken back.

    The switch has been made when the cleanup begins: what fails there is noted, and the next deploy makes up for it.
    """
    try:
        for step in plan.prepare + plan.switch:
            _told(step, account, report)
    except BaseException:
        _try_each(plan.revert, account, report, "could not take back")
        raise
    _try_each(plan.cleanup, account, report, "could not clean up")


def _try_each(steps: tuple[Step, ...], account: Account | None, report: Reporter, trouble: str) -> None:
    """Carry out every step, whatever happens to the others; an impatient Ctrl-C stops none of them either."""
    for step in steps:
        try:
            _told(step, account, report)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001, PERF203 -- whatever it is, the rest must be tried
            report.note(f"{trouble}: {_what(step)}: {error or type(error).__name__}")


def _told(step: Step, account: Account | None, report: Reporter) -> None:
    """Carry out a step, and report it if it says why."""
    if not step.why:
        carry_out(step, account, report)
        return
    report.begin(step.why)
    begun = time.monotonic()
    carry_out(step, account, report)
    report.end(step.why, time.monotonic() - begun)


def carry_out(step: Step, account: Account | None, report: Reporter) -> None:
    """Carry out one step. Raises StepFailedError."""
    match step:
        case Directory() | File() | Link() | Copy() | Remove() | Room() | Certify():
            _change_files(step, account)
        case Run():
            commands.run(step, account)
        case Call():
            _call(step)
        case Units():
            systemd.carry_out(step)
        case End():
            _end(step)
        case Orphans():
            leftovers.kill(step.run)
        case Reload():
            masters.reload(step, account)
        case Probe() | Warm() | Answer() | Drain() | Gone():
            _wait(step, report)


def _change_files(step: Changed, account: Account | None) -> None:
    match step:
        case Directory():
            files.make(step, account)
        case File():
            files.write(step, account)
        case Link():
            files.link(step)
        case Copy():
            files.copy(step)
        case Remove():
            files.remove(step)
        case Room():
            files.room(step)
        case Certify():
            authority.issue(step, account)


def _wait(step: Probe | Warm | Answer | Drain | Gone, report: Reporter) -> None:
    match step:
        case Probe():
            waits.probe(step)
        case Warm():
            waits.warm(step, report)
        case Answer():
            waits.answer(step)
        case Drain():
            waits.drain(step, report)
        case Gone():
            waits.gone(step)


def _call(step: Call) -> None:
    why = step.why or f"call {step.method}"
    try:
        supervisord.call(step.socket, step.method, step.params)
    except SupervisorFault as fault:
        if fault.name not in step.unless:
            raise StepFailedError(why, f"supervisord says {fault.text}") from fault
    except OSError as error:
        raise StepFailedError(
            why, f"supervisord does not answer at {step.socket}: {error.strerror or error}"
        ) from error


def _end(step: End) -> None:
    """A supervisor comes before what it would start again; by the time a group is asked, it may have ended already."""
    deadline = time.monotonic() + step.most
    for pid in step.pids:
        processes.stop_group(pid, max(0.5, deadline - time.monotonic()))


def preview(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return what a plan would do if nothing fails: for each step why it is done, and what."""
    return tuple((step.why, _what(step)) for step in plan.steps)


def _what(step: Step) -> str:  # noqa: PLR0911 -- one for each kind of step
    match step:
        case Run():
            return shlex.join(step.argv)
        case Call():
            return " ".join((step.method, *(str(param) for param in step.params)))
        case Units():
            return shlex.join(("systemctl", step.verb, *step.names))
        case Directory() | File() | Link() | Copy() | Remove() | Room() | Certify():
            return _what_file(step)
        case Reload():
            return f"signal HUP to the process in {step.pid_file}, and wait until its workers are new"
        case End() | Orphans():
            return _whom(step)
        case Probe() | Warm() | Answer() | Drain() | Gone():
            return _what_wait(step)


def _whom(step: End | Orphans) -> str:
    match step:
        case End():
            return f"end the processes {', '.join(str(pid) for pid in step.pids)}"
        case Orphans():
            return f"kill what is left of the processes of {step.run}"


def _what_file(step: Changed) -> str:  # noqa: PLR0911 -- one for each kind of step
    match step:
        case Directory():
            return f"make {step.path}/ ({step.mode:o})"
        case File():
            return f"write {step.path}"
        case Link():
            return f"link {step.path} -> {step.points_to}"
        case Copy():
            return f"copy {len(step.names)} files from {step.source} to {step.to}"
        case Remove():
            return f"remove {step.path}"
        case Room():
            return f"see that the disk of {step.path} is not full"
        case Certify():
            return f"certify {', '.join(step.names)} by the CA in {step.authority}, in {step.path}"


def _what_wait(step: Probe | Warm | Answer | Drain | Gone) -> str:
    match step:
        case Probe():
            return f"ask {step.socket} for {step.path} until it answers, for {step.deadline:g} s at most"
        case Warm():
            return f"ask {step.probe.socket} until {step.workers} workers have answered, for {step.most:g} s at most"
        case Answer():
            return f"ask http://{step.address}:{step.port}/ until it answers, for {step.deadline:g} s at most"
        case Drain():
            return f"wait until nobody is at {step.socket}, for {step.most:g} s at most"
        case Gone():
            return f"wait until {step.program} has ended, for {step.most:g} s at most"
