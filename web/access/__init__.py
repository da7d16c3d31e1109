"""Who is asking, and whether they may: passwords, sessions, form tokens, host names, how often one may try."""

from __future__ import annotations

from storage.operators import Operator
from web.access.forms import checked_form, form_token
from web.access.signing_in import NotSignedIn, SignedIn, operator_of, session_in

__all__ = ["NotSignedIn", "Operator", "SignedIn", "checked_form", "form_token", "operator_of", "session_in"]
