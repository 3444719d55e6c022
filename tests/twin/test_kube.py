"""How a kubeconfig becomes a client."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from eks_twin.kube import KubeError, from_kubeconfig


def document(user, **cluster):
    cluster = {
        "server": "https://127.0.0.1:1",
        "certificate-authority-data": base64.b64encode(b"CA").decode(),
    } | cluster
    return yaml.safe_dump(
        {
            "current-context": "x",
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {k: v for k, v in cluster.items() if v is not None}}],
            "users": [{"name": "u", "user": user}],
        }
    )


def exec_user(tmp_path, expires):
    """A plugin whose every answer is another token."""
    script = tmp_path / "token"
    status = {"token": "TOKEN", **({"expirationTimestamp": expires} if expires else {})}
    script.write_text(
        f"#!/bin/sh\necho >> {tmp_path}/calls\n"
        f"echo '{json.dumps({'status': status})}' | sed s/TOKEN/token-$(wc -l < {tmp_path}/calls)/\n"
    )
    script.chmod(0o755)
    return {"exec": {"command": str(script), "env": None}}


def in_minutes(minutes):
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(("minutes", "asked"), [(None, 1), (14, 1), (0.5, 2), (-5, 2)])
def test_a_token_is_asked_for_again_before_it_expires(tmp_path, minutes, asked):
    expires = None if minutes is None else in_minutes(minutes)
    client = from_kubeconfig(document(exec_user(tmp_path, expires)))
    tokens = [client._token(), client._token()]
    assert tokens == ["token-1", f"token-{asked}"]


def test_a_failing_plugin_is_named_with_what_it_said(tmp_path):
    script = tmp_path / "broken"
    script.write_text("#!/bin/sh\necho no credentials >&2\nexit 1\n")
    script.chmod(0o755)
    client = from_kubeconfig(document({"exec": {"command": str(script)}}))
    with pytest.raises(KubeError, match="broken: no credentials"):
        client.request("GET", "/version")


def test_a_server_that_cannot_be_verified_is_refused():
    with pytest.raises(ValueError, match="certificate-authority is missing; the server cannot be verified"):
        from_kubeconfig(document({"token": "t"}, **{"certificate-authority-data": None}))


def test_what_a_kubeconfig_lacks_is_named():
    with pytest.raises(ValueError, match=r"current-context.* is missing"):
        from_kubeconfig("apiVersion: v1")


def test_an_unreachable_server_is_an_error_with_status_0():
    with pytest.raises(KubeError, match=r"GET https://127\.0\.0\.1:1/version") as refused:
        from_kubeconfig(
            document({"token": "t"}, **{"certificate-authority-data": None, "certificate-authority": __file__})
        ).request("GET", "/version")
    assert refused.value.status == 0
