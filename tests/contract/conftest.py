"""A real API server that serves Karpenter's kinds."""

import time

import pytest
import yaml
from eks_twin.binaries import karpenter_source
from eks_twin.kube import KubeError

from tests.contract.crds import FILES
from tests.control_planes import running

SERVED_SECONDS = 30
API = {"NodePool": "karpenter.sh/v1", "EC2NodeClass": "karpenter.k8s.aws/v1", "NodeOverlay": "karpenter.sh/v1alpha1"}


@pytest.fixture(scope="session")
def api_server(tmp_path_factory):
    """A client of it, once it serves the CRDs."""
    with running(tmp_path_factory.mktemp("cluster")) as plane:
        kube = plane.client()
        for file in FILES.values():
            kube.create(yaml.safe_load((karpenter_source() / "pkg" / "apis" / "crds" / file).read_text()))
        deadline = time.monotonic() + SERVED_SECONDS
        while not served(kube):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield kube


def served(kube):
    try:
        for kind, version in API.items():
            kube.kind(version, kind)
            kube.list(version, kind)
    except KubeError:
        kube.forget_kinds()
        return False
    return True


@pytest.fixture
def verdict(api_server):
    """What the API server says of a spec: nothing, or why not. Nothing is stored."""

    def verdict(kind, spec):
        body = {"apiVersion": API[kind], "kind": kind, "metadata": {"name": "p"}, "spec": spec}
        try:
            api_server.create(body, dryRun="All", fieldValidation="Strict")
        except KubeError as error:
            return error.message
        return ""

    return verdict
