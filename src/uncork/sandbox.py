"""What a template of a project's own can do: put values in. Who deploys may be root, and who wrote it is not."""

from jinja2.sandbox import ImmutableSandboxedEnvironment


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, which alone would let a path that it is given be read, written and removed."""

    def is_safe_callable(self, obj: object) -> bool:
        """Whether that may be called: nothing but the methods of a text may."""
        return isinstance(getattr(obj, "__self__", None), str) and super().is_safe_callable(obj)
