"""A port to listen on: a number in range, and free before anything slow is loaded."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import click

# What one byte pair can number; 0 would let the system choose.
PORTS = click.IntRange(1, 65535)
TRIED_PORTS = 100


def port_option(default: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option `--port`, whose value has been found free."""
    return click.option(
        "--port", type=PORTS, default=default, show_default=True, callback=_check, help="Port to listen on."
    )


def _check(context: click.Context, option: click.Parameter, port: int) -> int:
    """Return the port.

    Raises:
        ClickException: another program listens there; names the next free one.
    """
    host = context.params.get("host", "127.0.0.1")
    if is_free(host, port):
        return port
    following = range(port + 1, min(port + 1 + TRIED_PORTS, PORTS.max + 1))
    free = next((number for number in following if is_free(host, number)), None)
    advice = f"use {option.opts[0]} {free}" if free else f"give another with {option.opts[0]}"
    raise click.ClickException(f"port {port} is taken; {advice}")


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen there."""
    with socket.socket() as listener:
        # As servers do: connections of an ended server that still linger do not matter.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError:
            return False
    return True
