"""The server: uvicorn with the application, on one address, until somebody asks it to end."""

import logging
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from bulkorders.errors import UsageError
from bulkorders.pipeline.app import App

from .app import make_app
from .connections import Connection
from .site import Options, Site

GRACE_SECONDS = 3
"""How long requests that are underway may take once it was asked to end."""
BACKLOG = 1024
SWITCH_SECONDS = 0.0002
"""How long a thread computes before another has its turn. A page asks the journal some twenty times, and waits for its turn behind each
check and each order that is computed just then, each time: at Python's own 5 ms that is what its answer mostly consists of."""


@dataclass(frozen=True)
class Address:
    """Where it listens. `port` 0 takes a free one. `proxy`: whose X-Forwarded-For and -Proto are believed."""

    host: str = "127.0.0.1"
    port: int = 8765
    proxy: str | None = None


def bind(address: Address) -> socket.socket:
    """Takes the address. Raises UsageError where that cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # said outright: else asyncio lets each answer wait 40 ms (Nagle)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address.host, address.port))
        made.listen(BACKLOG)  # from now on who comes waits until he is answered
    except (OSError, UnicodeError) as error:
        made.close()
        raise UsageError(
            f"地址 {address.host} 的端口 {address.port} 用不了：请用 --port 换一个，或核对 --host。",
            f"port {address.port} of {address.host} cannot be used: choose another with --port, or check --host.",
        ) from error
    return made


def serve(app: App, options: Options, address: Address, listening: socket.socket) -> None:
    """Serves until `options.interrupted` says so."""
    _allow_many_files()
    sys.setswitchinterval(SWITCH_SECONDS)
    made = make_app(app, options)
    config = uvicorn.Config(
        made, log_config=None, access_log=False, server_header=False, lifespan="on", ws="none", loop="asyncio", http=Connection,
        proxy_headers=address.proxy is not None, forwarded_allow_ips=[address.proxy] if address.proxy else [],
        timeout_graceful_shutdown=GRACE_SECONDS, backlog=BACKLOG, h11_max_incomplete_event_size=64 * 1024,
    )  # fmt: skip
    logging.disable(logging.CRITICAL)  # libraries print what a request says, and whole tracebacks; what is logged is ours alone
    _Server(config, made.state.site).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends when the program was asked to end, and ends the open streams first: they would go on for ever."""

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The command line listens to them."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to end."""
        return await super().on_tick(counter) or self._site.options.interrupted() is not None

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what would go on for ever, then all else."""
        self._site.end()
        await super().shutdown(sockets)


def _allow_many_files() -> None:
    """Each connection is an open file: as many as the system lets this user have."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 8192) if hard != resource.RLIM_INFINITY else 8192
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
