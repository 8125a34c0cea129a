"""A reporter that remembers what it was told."""


class Collected:
    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.notes: list[str] = []

    def begin(self, why: str) -> None:
        self.begun.append(why)

    def end(self, why: str, seconds: float) -> None:
        assert seconds >= 0
        self.ended.append(why)

    def note(self, text: str) -> None:
        self.notes.append(text)
