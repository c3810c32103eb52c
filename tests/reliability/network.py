"""The way to the remote: a proxy and the remote's TLS in one, which may refuse, ask for a password or show a wrong certificate."""

import datetime as dt
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "erp.invalid"
"""No name server knows it; whoever goes through the proxy gets there."""
DAY = dt.timedelta(days=1)
CERTIFICATES = ("good", "self-signed", "expired", "of another host")


@dataclass(frozen=True)
class Authority:
    """Who signs certificates. `trusted`: the file that says so."""

    key: ec.EllipticCurvePrivateKey
    name: x509.Name
    trusted: Path
    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        """A new one, with its certificate in a file."""
        key, name = ec.generate_private_key(ec.SECP256R1()), _name("a test's authority")
        builder = _certificate(name, name, key.public_key(), DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        trusted = folder / "authority.pem"
        trusted.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return cls(key, name, trusted, folder)

    def context(self, kind: str) -> ssl.SSLContext:
        """The server's side of TLS with a certificate of that kind."""
        key = ec.generate_private_key(ec.SECP256R1())
        host = "elsewhere.invalid" if kind == "of another host" else HOST
        signer, issuer = (key, _name(host)) if kind == "self-signed" else (self.key, self.name)
        ends = -DAY if kind == "expired" else DAY
        builder = _certificate(_name(host), issuer, key.public_key(), ends)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        path = self.folder / f"{kind}.pem"
        form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, *form)
            + builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _certificate(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, ends: dt.timedelta) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - 10 * DAY).not_valid_after(now + ends)


class Network:
    """A proxy on a port of this machine. `state`: `well`, `proxy asks for a password`, or the kind of certificate that is shown."""

    def __init__(self, authority: Authority, remote_port: int) -> None:
        self.state = "well"
        self.tunnels = 0
        self._contexts = {kind: authority.context(kind) for kind in CERTIFICATES}
        self._remote = remote_port
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    def becomes(self, state: str) -> None:
        """From now on; what is open is cut."""
        self.state = state
        with self._lock:
            for end in self._open:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def close(self) -> None:
        """Takes no more connections."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.becomes("closed")

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                threading.Thread(target=self._meet, args=(caller,), daemon=True).start()

    def _meet(self, caller: socket.socket) -> None:
        """One caller, from its CONNECT to its end."""
        with suppress(OSError), caller:
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += caller.recv(4096) or b"\r\n\r\n"
            if self.state == "proxy asks for a password":
                caller.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
                return
            caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            context = self._contexts["good" if self.state == "well" else self.state]
            with context.wrap_socket(caller, server_side=True) as inner, socket.create_connection(("127.0.0.1", self._remote)) as remote:
                self.tunnels += 1
                with self._lock:
                    self._open += [inner, remote]
                back = threading.Thread(target=pump, args=(remote, inner), daemon=True)
                back.start()
                pump(inner, remote)
                back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    """Hands all bytes on, until either side ends; then both end."""
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class Hole:
    """A port of this machine that answers nobody: its queue is full, so that whoever calls waits for a connection in vain."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port = int(self._listener.getsockname()[1])
        self._callers = [socket.socket() for _ in range(4)]
        for caller in self._callers:
            caller.setblocking(False)
            with suppress(BlockingIOError):
                caller.connect(("127.0.0.1", self.port))

    def close(self) -> None:
        """Lets go of the port."""
        for end in (*self._callers, self._listener):
            end.close()
