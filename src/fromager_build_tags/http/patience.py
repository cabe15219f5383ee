"""How long a server is waited for: retries, pauses that it asks for, and when to give it up."""

from __future__ import annotations

import collections
import urllib.parse
from collections.abc import Callable
from typing import Any, Final, Self

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from .prefetch import THREADS

#: Seconds that a server may ask to wait before the next attempt.
PATIENCE: Final = 30
#: Seconds of waiting that nobody has to be told of.
UNNOTICED: Final = 3
#: How often in a row a host may leave a request without an answer.
SILENCE: Final = 5
_RETRIED: Final = (429, 500, 502, 503, 504)


class SilentHostError(requests.ConnectionError):
    """A host that did not answer again and again is not asked any more."""


class PatientAdapter(HTTPAdapter):
    """Asks again what fails for a moment, and never again a host that does not answer."""

    def __init__(self, *, backoff: float, told: Callable[[float], None]) -> None:
        """Take seconds of *backoff*, doubled each time, and who is *told* of long pauses."""
        # What does not answer in time costs half a minute each time: it is asked again once.
        retry = _Retry(
            total=3,
            connect=2,
            read=1,
            backoff_factor=backoff,
            status_forcelist=_RETRIED,
            raise_on_status=False,
        )
        retry.told = told
        super().__init__(pool_maxsize=THREADS, max_retries=retry)
        # A thread may undo what another counts: then one request more is made.
        self._silent: collections.Counter[str] = collections.Counter()

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Return the answer.

        Raises:
            SilentHostError: the host did not give one again and again.
        """
        host = urllib.parse.urlsplit(request.url or "").netloc
        if self._silent[host] >= SILENCE:
            raise SilentHostError(request=request)
        try:
            response = super().send(request, *args, **kwargs)
        except requests.exceptions.SSLError:
            raise
        except (requests.Timeout, requests.ConnectionError):
            self._silent[host] += 1
            raise
        self._silent[host] = 0
        return response


class _Retry(Retry):
    """Attempts that a server cannot put off for hours, nor for long in silence."""

    told: Callable[[float], None]

    def new(self, **kw: Any) -> Self:
        """Return what is left of the attempts."""
        left = super().new(**kw)
        left.told = self.told
        return left

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the seconds to wait."""
        seconds = min(super().parse_retry_after(retry_after), PATIENCE)
        if seconds > UNNOTICED:
            self.told(seconds)
        return seconds
