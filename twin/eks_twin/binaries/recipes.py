"""Which programs the twin runs, in which version, and how each can be had: one closed table."""

from dataclasses import dataclass, field
from typing import Final

KUBERNETES: Final = "1.35.4"
KARPENTER: Final = "1.14.1"
PULUMI: Final = "3.246.0"
"""The newest engine whose Go module the module proxy serves."""
ETCD: Final = "3.6.5"
HELM: Final = "3.20.2"
"""The version that pulumi-kubernetes 4.34 links."""


@dataclass(frozen=True)
class Recipe:
    """One Go module and the programs built from it."""

    name: str
    """Directory under `modules/` with its go.mod and go.sum, which pin every dependency by hash."""
    version: str
    packages: dict[str, str]
    """Program name → Go package."""
    stamp: dict[str, str] = field(default_factory=dict)
    """Go variable → value, set at link time so that the program reports its version."""
    minutes: float = 1
    """Cold build on 2 cores, measured; shown so that nobody waits in the dark."""
    source: tuple[str, ...] = ()
    """Directories of `module` kept beside the programs."""
    module: str = ""
    """Go module that `source` belongs to."""
    probe: tuple[str, ...] = ()
    """Arguments that make a found program print its version; empty where it cannot, and then PATH is not trusted."""
    accepts: str = ""
    """Regular expression the printed version must contain for a program found on PATH to be used."""
    download: dict[str, str] = field(default_factory=dict)
    """Program → URL of the official file, with {os} and {arch}; `.tar.gz` archives are searched for the program."""


def _kubernetes_stamp() -> dict[str, str]:
    major, minor, _ = KUBERNETES.split(".")
    package = "k8s.io/component-base/version"
    return {
        f"{package}.gitVersion": f"v{KUBERNETES}",
        f"{package}.gitMajor": major,
        f"{package}.gitMinor": minor,
        f"{package}.gitTreeState": "clean",
    }


_K8S_PROGRAMS: Final = ("kube-apiserver", "kube-scheduler", "kube-controller-manager", "kubectl")

RECIPES: Final = (
    Recipe(
        "pulumi",
        PULUMI,
        {"pulumi": "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"},
        stamp={"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": PULUMI},
        minutes=6,
        probe=("version",),
        accepts=r"^v?3\.(2[0-9][0-9]|[3-9][0-9][0-9])\.",
        download={"pulumi": f"https://get.pulumi.com/releases/sdk/pulumi-v{PULUMI}-{{os}}-{{arch:x64}}.tar.gz"},
    ),
    Recipe(
        "etcd",
        ETCD,
        {"etcd": "go.etcd.io/etcd/server/v3"},
        minutes=1,
        probe=("--version",),
        accepts=r"etcd Version: 3\.6\.",
        download={
            "etcd": f"https://github.com/etcd-io/etcd/releases/download/v{ETCD}/etcd-v{ETCD}-{{os}}-{{arch}}.tar.gz"
        },
    ),
    Recipe(
        "kubernetes",
        KUBERNETES,
        {program: f"k8s.io/kubernetes/cmd/{program}" for program in _K8S_PROGRAMS},
        stamp=_kubernetes_stamp(),
        minutes=7,
        probe=("--version",),
        accepts=r"v1\.35\.",
        download={
            program: f"https://dl.k8s.io/release/v{KUBERNETES}/bin/{{os}}/{{arch}}/{program}"
            for program in _K8S_PROGRAMS
        },
    ),
    Recipe(
        "karpenter",
        KARPENTER,
        {"karpenter": "github.com/aws/karpenter-provider-aws/cmd/controller"},
        stamp={"sigs.k8s.io/karpenter/pkg/operator.Version": KARPENTER},
        minutes=5,
        module="github.com/aws/karpenter-provider-aws",
        source=("charts", "pkg/apis/crds"),
    ),
    Recipe(
        "helm",
        HELM,
        {"helm": "helm.sh/helm/v3/cmd/helm"},
        stamp={"helm.sh/helm/v3/internal/version.version": f"v{HELM}"},
        minutes=2,
        probe=("version", "--short"),
        accepts=r"^v3\.(1[89]|[2-9][0-9])\.",
        download={"helm": f"https://get.helm.sh/helm-v{HELM}-{{os}}-{{arch}}.tar.gz"},
    ),
)

PROGRAMS: Final = {program: recipe for recipe in RECIPES for program in recipe.packages}
"""Program name → the recipe that makes it."""

PATH_PROBES: Final = {"kubectl": ("version", "--client")}
"""Programs whose version question differs from their recipe's."""
