"""The command line: a module a subcommand, each with `run` and the `arguments` that it takes."""
