"""The command `casebook`: what a person types, a module a subcommand."""
