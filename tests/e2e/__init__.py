"""What must hold, tested from outside: the command line, a real nginx, a real uWSGI and real projects."""
