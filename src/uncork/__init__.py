"""uncork: from `flask run` to production with one command, and it stays there."""
