"""What is told of apps: what they log, whom mail reaches, what is sent, certified, can't be done. Frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Logging:
    """What an app logs, where, and how long it is kept. `levels` are pairs of a logger's name and its level.

    `to` is `file` or `console` (the server's log); `format` is `text`, `json` or a format string of Python's logging.
    `dict_config` is the JSON of a whole configuration for logging.config.dictConfig, in place of all that; empty: none.
    A log is rotated past `rotate_size` bytes or `rotate_age` seconds; `keep` old ones stay, compressed if `compress`.
    """

    level: str = "INFO"
    levels: tuple[tuple[str, str], ...] = ()
    to: str = "file"
    format: str = "text"
    dict_config: str = ""
    rotate_size: int = 50 * 1024**2
    rotate_age: float = 86400.0
    keep: int = 14
    compress: bool = True


@dataclass(frozen=True)
class Mail:
    """Whom an app's errors reach, and how often. None is silence: then the app's own MAIL_* config holds.

    `level` is the least level of a record that is kept as an error; empty: none is. A group's repetitions come in a
    digest, first after `digest_after` seconds, then every `digest_every`; `most` mails about errors leave in
    `digest_after` seconds. `report` is the time of day (`07:00`) of the status report; empty: none is sent.
    """

    server: str | None = None
    port: int | None = None
    username: str | None = None
    use_tls: bool | None = None
    use_ssl: bool | None = None
    default_sender: str | None = None
    admins: tuple[str, ...] | None = None
    subject_prefix: str | None = None
    level: str = "ERROR"
    digest_after: float = 600.0
    digest_every: float = 3600.0
    most: int = 10
    report: str = "07:00"
    webhook: str = ""


@dataclass(frozen=True)
class Message:
    """What is mailed, whatever the sender.

    `kind` is `error`, `regression`, `digest`, `report`, `certificate` or `test`.
    """

    subject: str
    text: str
    html: str = ""
    kind: str = "error"


@dataclass(frozen=True)
class Trouble:
    """What the agent can't do for an app, as a sentence without its subject, and since when: UTC in ISO 8601."""

    app: str
    what: str
    since: str


@dataclass(frozen=True)
class Certificate:
    """What a CA has certified for an app by ACME: the names, from when to when in epoch seconds; empty: nothing yet.

    `server` is the URL of its directory. `problem` and `fix` are why it gave no other one when it was last asked;
    that is so since `since` (epoch seconds).
    """

    names: tuple[str, ...] = ()
    begins: float = 0.0
    ends: float = 0.0
    server: str = ""
    problem: str = ""
    fix: str = ""
    since: float = 0.0
