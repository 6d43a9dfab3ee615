"""How worlds are reached: the applications, sockets, TLS, and the hosting of many worlds by one thread."""
