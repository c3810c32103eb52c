"""Notices by mail: SMTP over TLS, one notice a mail, judged by the server's own code."""

import datetime as dt
import smtplib
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import ClassVar, Literal

from bulkorders.core.words import Words
from bulkorders.crash import crash_point

from .classify import one_line
from .mask import Mask
from .notice import CALL_SECONDS, Message, Told

SUBJECT_LENGTH = 60
LONGEST_SECONDS = 4 * CALL_SECONDS
"""For all the questions and answers of one mail; smtplib limits each alone, and each byte of it anew."""
_HELLO = "bulkorders"
"""What it calls itself to the server: this machine's own name is nobody's business, and to ask for it may take its time."""


@dataclass(frozen=True)
class Mail:
    """Mail through one server. `security`: TLS from the first byte, TLS by STARTTLS, or none (only within this machine)."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    sender: str
    receivers: Sequence[str]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    longest: float = LONGEST_SECONDS

    most: ClassVar[int] = 1
    room: ClassVar[int] = 100_000
    pause: ClassVar[float] = 0.0

    def send(self, messages: Sequence[Message], now: dt.datetime) -> Told:
        """Sends one mail."""
        (message,) = messages
        mail, has_left = self._mail(message, now), False
        server, clock = self._server(), threading.Timer(self.longest, lambda: _cut(server))
        clock.start()
        try:
            with closing(server):
                self._connect(server)
                refused = self._address(server)
                crash_point()
                has_left = True
                code, said = server.data(mail)
                crash_point()
                _leave(server)
        except smtplib.SMTPResponseException as error:
            return Told(False, self._refused(error.smtp_code, error.smtp_error))
        except (smtplib.SMTPException, ssl.SSLError, OSError, UnicodeError) as error:
            return Told(False, _reason(error), has_left)
        finally:
            clock.cancel()
        if code != _TAKEN:
            return Told(False, self._refused(code, said))
        return Told(True, _SOME.fill(count=refused) if refused else None)

    def _mail(self, message: Message, now: dt.datetime) -> bytes:
        """The mail as it goes out. Its id is the notice's, so that a mailbox can tell a repetition."""
        mail = EmailMessage(policy=SMTP)
        first = message.text.splitlines()[0] if message.text else ""
        mail["Subject"] = "[bulkorders] " + (first if len(first) <= SUBJECT_LENGTH else first[:SUBJECT_LENGTH] + "…")
        mail["From"], mail["To"], mail["Date"] = self.sender, ", ".join(self.receivers), now
        mail["Message-ID"] = f"<{message.id}@{self.sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text + "\n", cte="base64")
        return mail.as_bytes()

    def _server(self) -> smtplib.SMTP:
        """A server that is not connected yet."""
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=_HELLO, timeout=CALL_SECONDS, context=ssl.create_default_context())
        else:
            server = smtplib.SMTP(local_hostname=_HELLO, timeout=CALL_SECONDS)
        server._host = self.host  # type: ignore[attr-defined]  # whose certificate it must be; smtplib takes it only together with connecting
        return server

    def _connect(self, server: smtplib.SMTP) -> None:
        """Makes the server know us."""
        server.connect(self.host, self.port)
        if self.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if self.user is not None and self.password is not None:
            server.login(self.user, self.password)

    def _address(self, server: smtplib.SMTP) -> int:
        """Sender and receivers; gives how many of these the server refused. Raises SMTPResponseException where it refused all."""
        server.ehlo_or_helo_if_needed()
        code, said = server.mail(self.sender)
        if code != _TAKEN:
            raise smtplib.SMTPSenderRefused(code, said, self.sender)
        answers = [server.rcpt(each) for each in self.receivers]
        refused = [answer for answer in answers if answer[0] not in (_TAKEN, 251)]
        if len(refused) == len(answers):
            raise smtplib.SMTPResponseException(*refused[0])
        return len(refused)

    def _refused(self, code: int, said: bytes | str) -> Words:
        """What the server said: without addresses, without the password in any form."""
        if code in (530, 534, 535, 538):
            return _LOGIN.fill(code=code)
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        quoted = one_line(Mask().hiding(self.password, self.user, self.sender, *self.receivers).apply(text))
        return Words(f"邮件服务器说：{quoted or '没有说明'}（{code}）", f"the mail server says: {quoted or 'nothing'} ({code})")


_TAKEN = 250
_SOME = Words("有 {count} 个收件地址被邮件服务器拒绝：请核对 to", "the mail server refused {count} of the addresses: check to")
_LOGIN = Words(
    "邮件服务器不让登录（{code}）：请核对 user 和 password，很多邮箱要用授权码", "the mail server refuses user or password ({code})"
)


def _cut(server: smtplib.SMTP) -> None:
    """Its time is over: whoever waits for an answer gets none."""
    if (line := server.sock) is not None:
        with suppress(OSError):
            socket.socket.shutdown(line, socket.SHUT_RDWR)  # beneath TLS, which is in use by who waits


def _leave(server: smtplib.SMTP) -> None:
    """The mail is taken, however the farewell goes."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def _reason(error: Exception) -> Words:
    """Why a call failed, without what it was about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Words("邮件服务器的安全证书不对，没有发送", "the mail server's certificate is not valid")
    if isinstance(error, ssl.SSLError):
        return Words("和邮件服务器的加密连接失败：请核对 port 和 security", "no TLS with the mail server: check port and security")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return Words("邮件服务器不支持这样加密或登录：请核对 port 和 security", "the mail server has no such TLS or login: check security")
    if isinstance(error, TimeoutError):
        return Words("邮件服务器没有在时限内回答", "the mail server did not answer in time")
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return Words("邮件服务器断开了连接", "the mail server broke the connection")
    return Words("连不上邮件服务器", "the mail server cannot be reached")
