"""Run commands in folders, each folder in a process of its own; report what Python did there.

Reads a list of jobs in JSON from stdin, and writes a list of reports to stdout. The process
imports the commands once and forks for each folder. An audit hook sees each file that Python opens,
each module that it imports, and each process that it starts; what git does, it does not see.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import signal
import sys
from typing import Any

import click.testing

from fromager_build_tags.commands import main

MEMORY = 4 << 30
"""Bytes of address space: an endless read ends here, not in the memory of the machine."""
SECONDS = 120
"""CPU seconds for all commands of a folder."""
PROCESSES = {"os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn"}

opened: set[str] = set()
started: list[list[str]] = []
imported: set[str] = set()
connected: list[str] = []


def normal(path: str) -> str:
    return os.path.normpath(pathlib.Path.cwd() / path)  # resolve() would open what it follows


def audit(event: str, args: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(args[0], str | bytes):
        opened.add(normal(os.fsdecode(args[0])))
    elif event == "subprocess.Popen":
        started.append([os.fsdecode(each) for each in args[1]])
    elif event in PROCESSES:
        started.append([event])
    elif event == "import" and args[1]:
        imported.add(normal(args[1]))
    elif event in {"socket.connect", "urllib.Request"}:
        connected.append(event)


def run(command: list[str]) -> dict[str, Any]:
    result = click.testing.CliRunner().invoke(main, command)
    error = result.exception
    return {
        "command": command,
        "status": result.exit_code,
        "stdout": result.stdout_bytes.decode("utf-8", "surrogateescape"),
        "stderr": result.stderr_bytes.decode("utf-8", "surrogateescape"),
        "exception": "" if error is None or isinstance(error, SystemExit) else repr(error),
    }


def work(job: dict[str, Any]) -> dict[str, Any]:
    os.chdir(job["folder"])
    os.environ.update(job["environ"])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    signal.alarm(SECONDS * 3)
    before = {*sys.modules}
    sys.addaudithook(audit)
    done = [run(command) for command in job["commands"]]
    modules = [sys.modules[name] for name in {*sys.modules} - before]
    return {
        "commands": done,
        "opened": sorted(opened),
        "started": started,
        "connected": connected,
        "imported": sorted(imported | {str(getattr(each, "__file__", "")) for each in modules}),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def in_a_fork(job: dict[str, Any]) -> dict[str, Any]:
    report = pathlib.Path(job["report"])
    child = os.fork()
    if not child:
        try:
            report.write_text(json.dumps(work(job)))
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    if not report.exists():
        return {"died": status}
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def start() -> None:
    for name in ("check", "lock", "review", "bump"):  # each imports fromager, which takes a second
        main.get_command(click.Context(main), name)
    import fromager_build_tags.plan.locking
    import fromager_build_tags.review.evaluation  # noqa: F401 - before the forks, once

    print(json.dumps([in_a_fork(job) for job in json.load(sys.stdin)]))


if __name__ == "__main__":
    start()
