"""From the spool to groups, and from groups to what is to be sent: quick, and nobody is waited for."""

from uncork.alerts.trouble import Trouble
from uncork.layout import AppLayout
from uncork.model import Release


def collect(layout: AppLayout, release: Release, now: float) -> Trouble | None:
    """Count what the app's workers have spooled, and put into the outbox what is due at `now` (epoch seconds).

    `release` is the one that serves. It touches files of the app's `alerts` folder alone, takes milliseconds, and may
    be called as often as one likes, while `deliver` runs in another thread or process too. It never raises for a full
    disk or a broken file: nothing is lost then, and the next call goes on; what it returns says what is wrong.
    """
    raise NotImplementedError
