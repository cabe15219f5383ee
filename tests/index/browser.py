"""A headless Chromium, driven over the W3C WebDriver protocol by chromedriver on loopback."""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import requests

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
)
ESCAPE, TAB = "\ue00c", "\ue004"


@dataclass(frozen=True, kw_only=True)
class Browser:
    """A session of a browser."""

    url: str

    def open(self, page: pathlib.Path | str) -> None:
        """Open a file or a URL."""
        self._post("url", url=page if isinstance(page, str) else page.as_uri())

    def run(self, script: str, *arguments: object) -> Any:
        """Run JavaScript in the page, and return what it returns."""
        return self._post("execute/sync", script=script, args=arguments)

    def keys(self, text: str) -> None:
        """Press keys, wherever the focus is."""
        strokes = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._post("actions", actions=[{"type": "key", "id": "keys", "actions": strokes}])

    def resize(self, width: int, height: int) -> None:
        """Give the page a size; a window is at least 500 pixels wide."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._post("goog/cdp/execute", cmd="Emulation.setDeviceMetricsOverride", params=size)

    def prefer(self, scheme: str) -> None:
        """Prefer a colour scheme, light or dark."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        params = {"features": features}
        self._post("goog/cdp/execute", cmd="Emulation.setEmulatedMedia", params=params)

    def screenshot(self, path: pathlib.Path) -> None:
        """Write a picture of what the window shows."""
        picture = requests.get(f"{self.url}/screenshot", timeout=60).json()["value"]
        path.write_bytes(base64.b64decode(picture))

    def asked_for(self) -> list[str]:
        """Return the URL of every request since the last call.

        What the browser's own start page is made of comes out of the browser.
        """
        entries = self._post("se/log", type="performance")
        messages = [json.loads(entry["message"])["message"] for entry in entries]
        sent = [each for each in messages if each["method"] == "Network.requestWillBeSent"]
        return [
            each["params"]["request"]["url"]
            for each in sent
            if not each["params"]["documentURL"].startswith("chrome://")
        ]

    def _post(self, command: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/{command}", json=body, timeout=60).json()["value"]
        assert not isinstance(answer, Mapping) or "stacktrace" not in answer, answer
        return answer


@contextlib.contextmanager
def browse(profile: pathlib.Path, *, javascript: bool = True) -> Iterator[Browser]:
    """Start a browser with an empty profile; skip the test where there is none."""
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or chromium is None:
        pytest.skip("chromium and chromium-driver are not installed")
    with subprocess.Popen(
        [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            text = (re.search(r"successfully on port (\d+)", line) for line in process.stdout)
            port = next(match[1] for match in text if match)
            base = f"http://127.0.0.1:{port}/session"
            answer = _start(base, chromium, [*ARGUMENTS, f"--user-data-dir={profile}"], javascript)
            session = f"{base}/{answer['sessionId']}"
            try:
                yield Browser(url=session)
            finally:
                requests.delete(session, timeout=60)
        finally:
            process.terminate()


def _start(base: str, chromium: str, arguments: Sequence[str], javascript: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"binary": chromium, "args": arguments}
    if not javascript:
        options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
    capabilities = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"performance": "ALL"},
    }
    body: Any = {"capabilities": {"alwaysMatch": capabilities}}
    answer: dict[str, Any] = requests.post(base, json=body, timeout=120).json()["value"]
    return answer
