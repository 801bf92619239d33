"""Form definitions: one TOML file, loaded and checked once, every error reported with its place.

The file is given to the gateway, which accepts by it, and to the notify service, which confirms by it.
"""

from shared.forms.definitions import NAME, ConfirmationMail, Dialect, Field, FieldType, Form, Forms, FormsError
from shared.forms.file import load

__all__ = ["NAME", "ConfirmationMail", "Dialect", "Field", "FieldType", "Form", "Forms", "FormsError", "load"]
