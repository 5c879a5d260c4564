"""A finished message, taken apart again as a mail program would."""

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage


@dataclass(frozen=True)
class Finished:
    """The parts of a message that checks look at."""

    message: EmailMessage
    language: str
    postal_address: str
    html: str
    text: str
    html_bytes: int
    """The HTML's size as sent, in its transfer encoding."""

    @property
    def where(self) -> str:
        return f"the {self.language} edition"

    @property
    def unsubscribe_url(self) -> str:
        """The address in the List-Unsubscribe header, or nothing."""
        return str(self.message["List-Unsubscribe"] or "").strip().strip("<>")


def read(data: bytes, language: str, postal_address: str) -> Finished:
    """Parse the bytes of a message of ours."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    return Finished(
        message=message,
        language=language,
        postal_address=postal_address,
        html=html.get_content() if html else "",
        text=text.get_content() if text else "",
        html_bytes=len(str(html.get_payload())) if html else 0,
    )
