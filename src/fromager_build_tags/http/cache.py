"""Pages on disk, with what the server needs to tell whether they changed."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass

from ..http.urls import shown_url


@dataclass(frozen=True, kw_only=True, slots=True)
class CachedPage:
    """A page as it was; *validators* are the headers that ask whether it still is."""

    url: str
    content_type: str
    body: bytes
    validators: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PageCache:
    """A folder of pages, a file each: a line of JSON, then the body.

    Attributes:
        reader: who asks, with credentials: a page of one reader is not another's.
    """

    folder: pathlib.Path
    reader: str

    def find(self, url: str) -> CachedPage | None:
        """Return what is kept of *url*; a file that is damaged is none."""
        try:
            head, _, body = self._path(url).read_bytes().partition(b"\n")
            known = json.loads(head)
            if known["sha256"] != hashlib.sha256(body).hexdigest():
                return None
            return CachedPage(
                url=known["url"],
                content_type=known["content_type"],
                body=body,
                validators=known["validators"],
            )
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def keep(
        self, asked: str, url: str, content_type: str, body: bytes, headers: Mapping[str, str]
    ) -> None:
        """Keep a page if the server can tell whether it changed; a full disk is no failure."""
        validators = {
            ask: headers[told]
            for told, ask in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"))
            if told in headers
        }
        if not validators or "no-store" in headers.get("Cache-Control", ""):
            return
        head = {
            "url": shown_url(url),
            "content_type": content_type,
            "validators": validators,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(descriptor, "wb") as file:
                file.write(json.dumps(head).encode() + b"\n" + body)
            pathlib.Path(name).replace(self._path(asked))
        except OSError:
            return

    def _path(self, url: str) -> pathlib.Path:
        key = f"{self.reader}\0{url}"
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.page"


def default_folder() -> pathlib.Path | None:
    """Return where pages are kept, by the XDG base directory specification; None without a home."""
    told = os.environ.get("XDG_CACHE_HOME")
    try:
        base = pathlib.Path(told) if told else pathlib.Path.home() / ".cache"
    except RuntimeError:  # a container's user need not be in its passwd
        return None
    return base / "fromager-build-tags" / "pages"
