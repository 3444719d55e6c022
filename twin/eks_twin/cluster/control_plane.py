"""The control plane of one cluster: etcd, kube-apiserver, kube-scheduler and kube-controller-manager on loopback."""

import functools
import ipaddress
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from eks_twin.cluster.pki import Authority, KeyPair, kubeconfig, service_account_key
from eks_twin.kube import Kube, KubeError
from eks_twin.nodes.ports import free_port
from eks_twin.processes import Processes

LOOPBACK: Final = "127.0.0.1"
UNROUTED: Final = "192.0.2.1"
"""Advertised address (TEST-NET-1, RFC 5737): the API server refuses loopback here, and nobody connects through it."""
AUDIENCE: Final = "https://kubernetes.default.svc"
"""Default audience of service account tokens on EKS."""
MEMORY_LIMITS: Final = {
    "etcd": "64MiB",
    "kube-apiserver": "320MiB",
    "kube-scheduler": "64MiB",
    "kube-controller-manager": "112MiB",
}
"""GOMEMLIMIT per program, near what each needs for tens of nodes; a soft limit, above which Go collects more often."""
RESTART_SECONDS: Final = 1
"""Pause before a program that ended by itself is started again."""
CONTROLLERS: Final = "*,-node-ipam-controller,-node-route-controller,-service-lb-controller"
"""All but those that ask a cloud; the node agent does their work."""


@dataclass(frozen=True)
class Plan:
    """What one control plane has to be."""

    name: str
    service_cidr: str
    """Range of Service addresses; its first address is the API server's own."""
    issuer: str
    """OIDC issuer in service account tokens."""
    review_url: str
    """TokenReview webhook that knows EKS tokens."""


class ControlPlane:
    """The programs of one cluster. Nothing blocks: `start`, then ask `ready` until it is."""

    def __init__(self, plan: Plan, directory: Path, processes: Processes, tools: Callable[[str], Path]) -> None:
        for leftover in ("pki", "etcd"):
            shutil.rmtree(directory / leftover, ignore_errors=True)
        directory.mkdir(parents=True, exist_ok=True)
        self._plan = plan
        self._directory = directory
        self._processes = processes
        self._tools = tools
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: dict[str, float] = {}
        self._etcd, self._peer, self._port = free_port(), free_port(), free_port()
        self._authority = Authority(directory / "pki", f"{plan.name} CA")
        self._pairs = self._issue()
        self.service_account_public_key = service_account_key(self._pki("service-accounts.key"))
        self._commands = self._plan_commands()
        self._complete = False

    @property
    def endpoint(self) -> str:
        """URL of the API server."""
        return f"https://{LOOPBACK}:{self._port}"

    @property
    def ca_pem(self) -> bytes:
        """Certificate of the cluster's CA."""
        return self._authority.pem

    @property
    def ca_file(self) -> Path:
        """File of that certificate."""
        return self._authority.certificate

    @property
    def kubeconfig(self) -> Path:
        """Administrator's kubeconfig; written once the API server is ready."""
        return self._directory / "kubeconfig"

    def client(self) -> Kube:
        """The API as cluster administrator, for the twin's own controllers."""
        pair = self._pairs["twin"]
        files = (str(pair.certificate), str(pair.key))
        return Kube(self.endpoint, str(self.ca_file), lambda: "", client_cert=files)

    def start(self) -> None:
        """Start etcd and the API server, which waits for etcd by itself."""
        self._write_configs()
        for name in ("etcd", "kube-apiserver"):
            self._start(name)

    def ready(self) -> bool:
        """Whether the API server serves; the first time, scheduler and controllers start."""
        if self._complete:
            return True
        try:
            self.client().request("GET", "/readyz")
        except KubeError:
            return False
        for name in ("kube-scheduler", "kube-controller-manager"):
            self._start(name)
        admin = self._pairs["admin"]
        self.kubeconfig.touch(mode=0o600)
        self.kubeconfig.write_text(kubeconfig(self._plan.name, self.endpoint, self.ca_file, admin))
        self._complete = True
        return True

    def revive(self) -> list[str]:
        """Start again what ended by itself, as EKS does; the names of what was started."""
        revived = []
        for name, process in list(self._running.items()):
            if process.poll() is None:
                continue
            ended = self._ended.setdefault(name, time.monotonic())
            if time.monotonic() - ended >= RESTART_SECONDS:
                del self._ended[name]
                self._processes.stop(process)
                self._start(name)
                revived.append(name)
        return revived

    def stop(self) -> None:
        """End the programs at once: nothing of their state is wanted any more."""
        self.kubeconfig.unlink(missing_ok=True)
        running = list(self._running.values())
        self._running.clear()
        for process in running:
            if process.poll() is None:
                process.kill()
        self._processes.stop(*running)
        shutil.rmtree(self._directory / "etcd", ignore_errors=True)

    def _start(self, name: str) -> None:
        self._running[name] = self._processes.start(
            f"{self._plan.name}/{name}",
            [self._tools(name), *(f"--{flag}={value}" for flag, value in self._commands[name].items())],
            log=self._directory / "log" / f"{name}.log",
            env={"GOMEMLIMIT": MEMORY_LIMITS[name], "HOME": str(self._directory), "PATH": "/usr/bin:/bin"},
        )

    def _pki(self, file: str) -> Path:
        return self._directory / "pki" / file

    def _issue(self) -> dict[str, KeyPair]:
        service_ip = str(next(ipaddress.ip_network(self._plan.service_cidr).hosts()))
        names = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]
        authority = self._authority
        return {
            "etcd": authority.server("etcd", [LOOPBACK]),
            "apiserver": authority.server("apiserver", [LOOPBACK, "localhost", service_ip, *names]),
            "etcd-client": authority.client("etcd-client", "kube-apiserver"),
            "admin": authority.client("admin", "kubernetes-admin", "system:masters"),
            "twin": authority.client("twin", "eks:twin", "system:masters"),
            "kube-scheduler": authority.client("kube-scheduler", "system:kube-scheduler"),
            "kube-controller-manager": authority.client("kube-controller-manager", "system:kube-controller-manager"),
        }

    def _write_configs(self) -> None:
        for name in ("kube-scheduler", "kube-controller-manager"):
            path = self._pki(f"{name}.kubeconfig")
            path.touch(mode=0o600)
            path.write_text(kubeconfig(name, self.endpoint, self.ca_file, self._pairs[name]))
        webhook = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "aws", "cluster": {"server": self._plan.review_url}}],
            "users": [{"name": "apiserver", "user": {}}],
            "contexts": [{"name": "webhook", "context": {"cluster": "aws", "user": "apiserver"}}],
            "current-context": "webhook",
        }
        self._pki("authentication-webhook.yaml").write_text(yaml.safe_dump(webhook))

    def _plan_commands(self) -> dict[str, dict[str, str]]:
        return {
            "etcd": self._etcd_flags(),
            "kube-apiserver": self._apiserver_flags(),
            "kube-scheduler": self._component_flags("kube-scheduler"),
            "kube-controller-manager": self._component_flags("kube-controller-manager")
            | {
                "allocate-node-cidrs": "false",
                "controllers": CONTROLLERS,
                "kube-api-burst": "200",
                "kube-api-qps": "100",
                "root-ca-file": str(self.ca_file),
                "service-account-private-key-file": str(self._pki("service-accounts.key")),
                "use-service-account-credentials": "true",
            },
        }

    def _etcd_flags(self) -> dict[str, str]:
        pair, ca = self._pairs["etcd"], str(self.ca_file)
        client, peer = f"https://{LOOPBACK}:{self._etcd}", f"https://{LOOPBACK}:{self._peer}"
        return {
            "advertise-client-urls": client,
            "cert-file": str(pair.certificate),
            "client-cert-auth": "true",
            "data-dir": str(self._directory / "etcd"),
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"default={peer}",
            "key-file": str(pair.key),
            "listen-client-urls": client,
            "listen-peer-urls": peer,
            "log-level": "warn",
            "peer-cert-file": str(pair.certificate),
            "peer-client-cert-auth": "true",
            "peer-key-file": str(pair.key),
            "peer-trusted-ca-file": ca,
            "trusted-ca-file": ca,
            "unsafe-no-fsync": "true",
        }

    def _apiserver_flags(self) -> dict[str, str]:
        serving, etcd, ca = self._pairs["apiserver"], self._pairs["etcd-client"], str(self.ca_file)
        key = str(self._pki("service-accounts.key"))
        return {
            "advertise-address": UNROUTED,
            "allow-privileged": "true",  # as on EKS: device plugins and CSI nodes need it
            "api-audiences": AUDIENCE,
            "authentication-token-webhook-cache-ttl": "5s",
            "authentication-token-webhook-config-file": str(self._pki("authentication-webhook.yaml")),
            "authentication-token-webhook-version": "v1",
            "authorization-mode": "RBAC",
            "bind-address": LOOPBACK,
            "client-ca-file": ca,
            "enable-admission-plugins": "ExtendedResourceToleration",
            "endpoint-reconciler-type": "none",
            "etcd-cafile": ca,
            "etcd-certfile": str(etcd.certificate),
            "etcd-keyfile": str(etcd.key),
            "etcd-servers": f"https://{LOOPBACK}:{self._etcd}",
            "profiling": "false",
            "secure-port": str(self._port),
            "service-account-issuer": self._plan.issuer,
            "service-account-key-file": key,
            "service-account-signing-key-file": key,
            "service-cluster-ip-range": self._plan.service_cidr,
            "tls-cert-file": str(serving.certificate),
            "tls-private-key-file": str(serving.key),
        }

    def _component_flags(self, name: str) -> dict[str, str]:
        return {
            "kubeconfig": str(self._pki(f"{name}.kubeconfig")),
            "leader-elect": "false",
            "profiling": "false",
            "secure-port": "0",
        }


@functools.cache
def available_minor(apiserver: Path) -> str:
    """Kubernetes minor version, such as 1.35, of the program `apiserver`."""
    answer = subprocess.run([apiserver, "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"v(\d+\.\d+)\.", answer.stdout)
    if match is None:
        raise ValueError(f"{apiserver} --version printed {answer.stdout.strip()!r}, which names no version")
    return match[1]


def server_version(kube: Kube) -> str:
    """The API server's gitVersion, such as v1.35.4."""
    return str(kube.request("GET", "/version")["gitVersion"])
