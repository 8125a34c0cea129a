"""The config: what a project says under [tool.uncork] in pyproject.toml, or at the top of uncork.toml."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Config:
    """What holds for one deploy, with the environment's own values laid over. Times in seconds, sizes in bytes."""

    name: str
    environment: str = "production"
    app: str | None = None
    environment_variable: str | None = None
    server: str = "uwsgi"
    processes: int | None = None
    threads: int | None = None
    worker_memory: int | None = None
    domains: tuple[str, ...] = ()
    mount: str = "/"
    bind: str | None = None
    port: int | None = None
    static: bool = True
    health: str | None = None
    request_timeout: float = 30.0
    boot_deadline: float = 30.0
    drain: float = 30.0
    keep_releases: int = 5
    release_command: tuple[str, ...] = ()
