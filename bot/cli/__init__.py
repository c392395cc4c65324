"""The command line, a module a subject; each command migrates the database itself where it needs one."""
