"""Imported by a server that forks once it has imported all that its workers share: it has all its cores again."""

from uncork_runtime import cores

cores.take_all()
