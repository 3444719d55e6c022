"""A real API server with its controllers, and the plugin as the engine would configure it."""

import threading

import pytest
from eks_twin.plugins.base import Request
from eks_twin.plugins.kubernetes.plugin import Kubernetes
from eks_twin.plugins.wire import decode, encode

from tests.control_planes import running
from tests.twin.plugins.engine import Stack


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory):
    with running(tmp_path_factory.mktemp("cluster")) as plane:
        yield plane


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


@pytest.fixture
def stack(tmp_path, control_plane):
    return Stack(tmp_path, TEST_KUBECONFIG=str(control_plane.kubeconfig))


@pytest.fixture
def cancel_after(plugin):
    """Interrupt the plugin after some seconds, as Ctrl-C does."""
    return lambda seconds: threading.Timer(seconds, plugin.cancelled.set).start()
