"""What things cost."""


def price(of: str) -> int:
    """In cents."""
    return {"bottle": 900}[of]
