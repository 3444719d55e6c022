"""A Pulumi project run by the real engine, with the plugins that the twin puts in the engine's way."""

import json
import os
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from eks_twin.binaries import tool


class Stack:
    """One stack; this process's environment, and what is given beside it, say which AWS and cluster it sees."""

    def __init__(self, directory: Path, **environment: str) -> None:
        self.directory = directory
        home, programs = directory / "home", directory / "bin"
        modules = {programs / "pulumi-language-python": "eks_twin.plugins.language_host", programs / "aws": "awscli"}
        for package in ("aws", "eks", "kubernetes"):
            folder = home / "plugins" / f"resource-{package}-v{version(f'pulumi-{package}')}"
            modules[folder / f"pulumi-resource-{package}"] = f"eks_twin.plugins.{package}"
        for path, module in modules.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
            path.chmod(0o755)
        (directory / "state").mkdir()
        (directory / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
        self.environment = os.environ | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": (directory / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **environment,
        }
        self.run("stack", "init", "dev")

    def program(self, text: str) -> None:
        (self.directory / "__main__.py").write_text(text)

    def run(self, *arguments: str, fails: bool = False) -> str:
        command = [tool("pulumi"), *arguments, "--non-interactive"]
        answer = subprocess.run(
            command, cwd=self.directory, env=self.environment, capture_output=True, text=True, check=False
        )
        output = answer.stdout + answer.stderr
        assert (answer.returncode != 0) == fails, output[-4000:]
        return output

    def up(self, *, fails: bool = False) -> str:
        return self.run("up", "--yes", "--skip-preview", "--stack", "dev", fails=fails)

    def preview(self, *, fails: bool = False) -> str:
        return self.run("preview", "--diff", "--stack", "dev", fails=fails)

    def steps(self) -> dict[str, str]:
        """Resource name → what a preview would do with it, without what stays the same."""
        output = self.run("preview", "--json", "--stack", "dev")
        steps = json.loads(output[output.index("{") : output.rindex("}") + 1])["steps"]
        return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in steps if step["op"] != "same"}

    def export(self) -> str:
        return self.run("stack", "export", "--stack", "dev")

    def resources(self) -> list[dict]:
        return json.loads(self.export())["deployment"]["resources"]

    def outputs(self) -> dict:
        return json.loads(self.run("stack", "output", "--json", "--stack", "dev"))

    def tree(self) -> list[tuple[str, str, str]]:
        """Type, name and parent's name of every resource but providers that the engine made by itself."""
        return sorted(
            (resource["type"], _name(resource["urn"]), _name(resource.get("parent", "")))
            for resource in self.resources()
            if not _name(resource["urn"]).startswith("default")
        )


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]
