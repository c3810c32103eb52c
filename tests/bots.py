"""Somebody else's robots and mail server, on real sockets: they keep what they were sent, and answer as they are told to."""

import base64
import contextlib
import datetime as dt
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

WELL = (200, b'{"errcode":0,"errmsg":"ok"}')
"""What a robot answers when it has posted a message."""


@dataclass(frozen=True)
class Request:
    """A request as it arrived."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Robot:
    """A robot. `answers`: to the next calls, then `usual`; None cuts the connection. `hold`: it answers nothing until that is set.

    `dislikes`: a word that it fails at.
    """

    answers: deque[tuple[int, bytes] | None] = field(default_factory=deque)
    usual: tuple[int, bytes] | None = WELL
    requests: list[Request] = field(default_factory=list)
    hold: threading.Event | None = None
    dislikes: str | None = None
    url: str = ""

    @property
    def texts(self) -> list[str]:
        """The texts of the requests: of 企业微信's, 钉钉's and 飞书's form, or a webhook's."""
        return [_text(request.json) for request in self.requests]

    def answer(self, request: Request) -> tuple[int, bytes] | None:
        """Takes a request."""
        self.requests.append(request)
        if self.hold is not None:
            self.hold.wait(60)
        if self.dislikes is not None and self.dislikes in request.body.decode():
            return 500, b""
        return self.answers.popleft() if self.answers else self.usual


def _text(body: Any) -> str:
    match body:
        case {"text": {"content": str(text)}} | {"content": {"text": str(text)}} | {"text": str(text)}:
            return text
        case _:
            raise AssertionError(body)


@contextmanager
def robot(**settings: Any) -> Iterator[Robot]:
    """A robot that listens."""
    at = Robot(**settings)

    class Handler(BaseHTTPRequestHandler):
        """One call."""

        def do_POST(self) -> None:
            """Any path."""
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found = at.answer(Request(path, query, {name.lower(): value for name, value in self.headers.items()}, body))
            if found is None:
                self.close_connection = True
                return
            with contextlib.suppress(OSError):
                self.send_response(found[0])
                self.send_header("Content-Length", str(len(found[1])))
                self.end_headers()
                self.wfile.write(found[1])

        def log_message(self, *_arguments: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    at.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield at
    finally:
        if at.hold is not None:
            at.hold.set()
        server.shutdown()
        server.server_close()


# -- mail ----------------------------------------------------------------------------------------------------------------------------
@dataclass
class Post:
    """A mail server of one mail a connection. `says`: what it answers to a command instead of the usual; an empty text hangs up."""

    says: dict[str, str] = field(default_factory=dict)
    security: str = "none"
    password: str | None = None
    context: ssl.SSLContext | None = None
    envelopes: list[list[str]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[list[str]] = field(default_factory=list)
    port: int = 0

    def serve(self, line: socket.socket) -> None:
        """One connection."""
        line.settimeout(30)
        with ExitStack() as stack:
            self._talk(self._secure(line, stack) if self.security == "tls" else line, stack)

    def _secure(self, line: socket.socket, stack: ExitStack) -> socket.socket:
        assert self.context is not None
        return stack.enter_context(self.context.wrap_socket(line, server_side=True))

    def _talk(self, line: socket.socket, stack: ExitStack) -> None:
        reader, envelope = line.makefile("rb"), list[str]()
        line.sendall(b"220 post\r\n")
        while command := reader.readline().decode().strip():
            word = command.partition(" ")[0].upper()
            said = self.says.get(command, self.says.get(word))
            if said == "":
                return
            if word == "DATA" and said is None:
                line.sendall(b"354 go on\r\n")
                self._take(reader, envelope)
                said = self.says.get(".", "250 taken")
                if said == "":
                    return
            if word in ("MAIL", "RCPT") and said is None:
                envelope.append(command)
            if word == "AUTH" and said is None:
                self.logins.append(base64.b64decode(command.split()[2]).decode().split("\0")[1:])
                said = "235 welcome" if self.logins[-1][1] == self.password else "535 no"
            line.sendall((said or self._usual(word)).encode() + b"\r\n")
            if word == "QUIT":
                return
            if word == "STARTTLS":
                line = self._secure(line, stack)
                reader = line.makefile("rb")

    def _usual(self, word: str) -> str:
        if word != "EHLO":
            return "220 go on" if word == "STARTTLS" else "250 well"
        more = (["STARTTLS"] if self.security == "starttls" else []) + (["AUTH PLAIN"] if self.password else [])
        return "\r\n".join([*(f"250-{each}" for each in ["post", *more]), "250 SIZE 1000000"])

    def _take(self, reader: Any, envelope: list[str]) -> None:
        content = b""
        while (each := reader.readline()) not in (b".\r\n", b""):
            content += each
        self.envelopes.append(envelope)
        self.mails.append(message_from_bytes(content, policy=default))


@contextmanager
def post(folder: Path, **settings: Any) -> Iterator[Post]:
    """A mail server that listens; its certificate is `folder/server.pem`."""
    at = Post(**settings)
    if at.security != "none":
        at.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        at.context.load_cert_chain(certificate(folder))
    listener = socket.create_server(("127.0.0.1", 0))
    at.port = listener.getsockname()[1]

    def work() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                with line, contextlib.suppress(OSError):
                    at.serve(line)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield at
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(30)


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that only those trust who are told to."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(start).not_valid_after(start + dt.timedelta(days=36500))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
    signed = made.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path
