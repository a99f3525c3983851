"""Arguments and options that several subcommands take, refused in one line before anything slow is loaded."""

from __future__ import annotations

import errno
import socket
from functools import wraps
from typing import TYPE_CHECKING

import click

from casebook.cases.registry import known_cases
from casebook.config.extras import MissingExtraError, require_extra

if TYPE_CHECKING:
    from collections.abc import Callable

    Decorator = Callable[[Callable[..., None]], Callable[..., None]]

LOOPBACK = "127.0.0.1"
# 0 would let the system choose, and nobody would know which.
PORT = click.IntRange(1, 65535)
# After so many that are taken the user names one himself.
PORTS_TRIED = 100


class CaseName(click.ParamType[str]):
    """A case's name; another one is refused in a single line that lists them.

    The configuration, where declared cases are found, is read when a name is checked or help is asked for.
    """

    name = "case"
    # What else is accepted, in words.
    beside = ""

    def __init__(self, more: tuple[str, ...] = ()) -> None:
        """Store the names that are accepted beside those of cases."""
        self._more = more

    @property
    def names(self) -> tuple[str, ...]:
        """The names that are accepted, those of cases first."""
        return (*known_cases(), *self._more)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        """Return the name.

        Raises:
            ClickException: there is none like it.
        """
        if value not in self.names:
            raise click.ClickException(f"there is no case {value!r}; there are {', '.join(self.names)}")
        return value


class CaseCommand(click.Command):
    """A command on a case, whose help ends in the list of them."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write which cases there are."""
        (kind,) = (param.type for param in self.params if isinstance(param.type, CaseName))
        self.epilog = f"CASE is one of {', '.join(kind.names)}{kind.beside and f', or {kind.beside}'}."
        super().format_epilog(ctx, formatter)


def case_argument(*more: str) -> Decorator:
    """Add the argument CASE.

    Args:
        more: names that are accepted beside those of cases.
    """
    return click.argument("case", metavar="CASE", type=CaseName(more))


def host_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--host`, parsed before the port that is checked on it."""
    return click.option(
        "--host",
        default=LOOPBACK,
        show_default=True,
        metavar="ADDRESS",
        is_eager=True,
        help="Address to listen on; 0.0.0.0 answers other machines too, without any password.",
    )(command)


def port_option(default: int) -> Decorator:
    """Add `--port`; a port that is taken is refused with a free one."""
    return click.option(
        "--port",
        type=PORT,
        metavar="NUMBER",
        default=default,
        show_default=True,
        callback=_check_port,
        help="Port to listen on.",
    )


def _check_port(context: click.Context, _option: click.Parameter, port: int) -> int:
    """Return a port that is free.

    Raises:
        ClickException: it is not, or nothing can listen there.
    """
    host: str = context.params.get("host", LOOPBACK)
    fault = _listen(host, port)
    if fault is None:
        return port
    if fault.errno != errno.EADDRINUSE:
        raise click.ClickException(f"nothing can listen on {host} port {port}: {fault.strerror or fault}")
    free = next((p for p in range(port + 1, port + 1 + PORTS_TRIED) if p <= PORT.max and not _listen(host, p)), None)  # type: ignore[operator]
    raise click.ClickException(f"port {port} is taken; use --port {free or '<another>'}")


def _listen(host: str, port: int) -> OSError | None:
    """Try to listen; return the error, or None."""
    try:
        (family, *_, place), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        with socket.socket(family) as listener:
            # As servers do: what lingers of an ended one does not matter.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
    except OSError as error:
        return error
    return None


def extra_needed(extra: str, what: str) -> Decorator:
    """Refuse a command whose extra is not installed; goes below the options, so that invalid ones are refused first."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def checked(*values: object, **options: object) -> None:
            try:
                require_extra(extra, what)
            except MissingExtraError as error:
                raise click.ClickException(str(error)) from None
            command(*values, **options)

        return checked

    return decorate
