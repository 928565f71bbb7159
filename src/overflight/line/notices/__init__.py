"""Unmanned free balloon notices, who is to be told, and the formats that aviation and warning systems read."""

from overflight.line.notices.content import KINDS, missing
from overflight.line.notices.notice import Notice, Sending, notice_of
from overflight.line.notices.recipients import Recipient, Recipients, recipients
from overflight.line.notices.write import write

__all__ = ["KINDS", "Notice", "Recipient", "Recipients", "Sending", "missing", "notice_of", "recipients", "write"]
