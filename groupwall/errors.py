"""Every error a client can see: its code, its message and its HTTP status.

    ApiError
      InvalidGroup.NotFound, InvalidPermission.Duplicate ... one function for each recorded form

An operation raises one of these with the facts of the case; nothing else reaches a client. The texts are AWS's, as the
reference gives them (section 23); a function whose text was not found there says ``inferred``.
"""

from __future__ import annotations


class ApiError(Exception):
    """A refusal in AWS's form.

    code: what clients match on, such as ``InvalidGroup.NotFound``. status: the HTTP status, 4xx or 5xx.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
