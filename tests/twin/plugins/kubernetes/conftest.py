"""A real API server with its controllers, and the plugin as the engine would configure it."""

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

import pytest
from eks_twin.binaries import tool
from eks_twin.cluster.control_plane import AUDIENCE, ControlPlane, Plan
from eks_twin.plugins.base import Request
from eks_twin.plugins.kubernetes.plugin import Kubernetes
from eks_twin.plugins.wire import decode, encode
from eks_twin.processes import Processes

READY_SECONDS = 60


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory):
    directory = tmp_path_factory.mktemp("cluster")
    processes = Processes(directory / "processes.jsonl")
    plan = Plan("plugin-tests", "10.100.0.0/16", AUDIENCE, "http://127.0.0.1:9/unused")
    plane = ControlPlane(plan, directory, processes, tool)
    plane.start()
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not plane.ready():
            if time.monotonic() > deadline:
                raise TimeoutError((directory / "log" / "kube-apiserver.log").read_text()[-2000:])
            time.sleep(0.2)
        yield plane
    finally:
        plane.stop()


@pytest.fixture
def kube(control_plane):
    return control_plane.client()


@pytest.fixture
def plugin(control_plane):
    """The plugin, configured for the cluster; what it logs is in `plugin.logged`."""
    plugin = Kubernetes()
    plugin.logged = []
    plugin.log = lambda message, **_: plugin.logged.append(message)
    plugin.configure({"kubeconfig": str(control_plane.kubeconfig)})
    return plugin


@pytest.fixture
def namespace(kube, request):
    """A namespace of the test's own, with the default service account its pods need."""
    created = kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "test-"}})
    name = created["metadata"]["name"]
    yield name
    kube.delete(created)


class Engine:
    """Calls the plugin in the order the engine does, for one resource."""

    def __init__(self, plugin: Kubernetes, token: str, name: str = "thing") -> None:
        self.plugin, self.token, self.name = plugin, token, name
        self.id, self.inputs, self.state = "", {}, {}

    def request(self, **fields) -> Request:
        urn = f"urn:pulumi:dev::project::{self.token}::{self.name}"
        return Request(urn=urn, type=self.token, name=self.name, seed=b"seed", **fields)

    def check(self, inputs: dict) -> dict:
        checked, failures = self.plugin.check(self.request(inputs=inputs, old_inputs=self.inputs))
        assert not failures
        return plain(checked)

    def preview(self, inputs: dict) -> dict:
        checked = self.check(inputs)
        if self.id:
            return plain(self.plugin.update(self.change(checked, preview=True)))
        id_, state = self.plugin.create(self.request(inputs=checked, preview=True))
        assert id_ == ""
        return plain(state)

    def change(self, checked: dict, **fields) -> Request:
        return self.request(id=self.id, inputs=checked, old_inputs=self.inputs, state=self.state, **fields)

    def diff(self, inputs: dict, **fields):
        return self.plugin.diff(self.change(self.check(inputs), **fields))

    def up(self, inputs: dict, **fields) -> dict:
        checked = self.check(inputs)
        if self.id:
            self.state = plain(self.plugin.update(self.change(checked, **fields)))
        else:
            id_, state = self.plugin.create(self.request(inputs=checked, **fields))
            self.id, self.state = id_, plain(state)
        self.inputs = checked
        return self.state

    def refresh(self) -> str:
        found, state, inputs = self.plugin.read(self.request(id=self.id, old_inputs=self.inputs, state=self.state))
        if found:
            self.state, self.inputs = plain(state), plain(inputs)
        return found

    def destroy(self, **fields) -> None:
        self.plugin.delete(self.request(id=self.id, old_inputs=self.inputs, state=self.state, **fields))


def plain(value):
    """Values as the engine sends them back: secrets unwrapped."""
    return decode(encode(value))


@pytest.fixture
def engine(plugin):
    return lambda token, name="thing": Engine(plugin, token, name)


class Stack:
    """A Pulumi project run by the real engine."""

    def __init__(self, directory: Path, kubeconfig: Path) -> None:
        self.directory = directory
        home, bin_ = directory / "home", directory / "bin"
        folder = home / "plugins" / f"resource-kubernetes-v{version('pulumi-kubernetes')}"
        for path, module in (
            (folder / "pulumi-resource-kubernetes", "eks_twin.plugins.kubernetes"),
            (bin_ / "pulumi-language-python", "eks_twin.plugins.language_host"),
        ):
            path.parent.mkdir(parents=True)
            path.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
            path.chmod(0o755)
        (directory / "state").mkdir()
        (directory / "Pulumi.yaml").write_text("name: project\nruntime: python\n")
        self.environment = os.environ | {
            "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": (directory / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "TEST_KUBECONFIG": str(kubeconfig),
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
        assert (answer.returncode != 0) == fails, output
        return output

    def up(self, **how) -> str:
        return self.run("up", "--yes", "--stack", "dev", **how)

    def preview_steps(self) -> dict[str, str]:
        """Resource name → what a preview would do with it, without what stays the same."""
        output = self.run("preview", "--json", "--stack", "dev")
        steps = json.loads(output[output.index("{") : output.rindex("}") + 1])["steps"]
        return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in steps if step["op"] != "same"}

    def state(self) -> str:
        return self.run("stack", "export", "--stack", "dev")


@pytest.fixture
def stack(tmp_path, control_plane):
    return Stack(tmp_path, control_plane.kubeconfig)


@pytest.fixture
def cancel_after(plugin):
    """Interrupt the plugin after some seconds, as Ctrl-C does."""
    return lambda seconds: threading.Timer(seconds, plugin.cancelled.set).start()
