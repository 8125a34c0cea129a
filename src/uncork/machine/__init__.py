"""The only hands: files, commands, sockets, processes."""
