"""Neuron's metrics for Prometheus: a DaemonSet, because no chart has it.

https://awsdocs-neuron.readthedocs-hosted.com/en/latest/containers/tutorials/k8s-neuron-monitor.html
"""

from typing import Any, Final

from . import labels, versions
from .device_plugins import DevicePluginSettings
from .placements import tolerations
from .pool_set import PoolSet

NAME: Final = "neuron-monitor"
_PORT: Final = 8000
_LABELS: Final = {"app.kubernetes.io/name": NAME}


def neuron_monitor(pools: PoolSet, settings: DevicePluginSettings) -> dict[str, Any] | None:
    """The spec of the DaemonSet that reads the devices of `pools`, or None when there are none or nobody wants to."""
    plans = [plan for plan in pools.plan.pools if plan.accelerator is not None and plan.accelerator.vendor == "neuron"]
    if not plans or not settings.monitoring:
        return None
    expression = {"key": labels.ACCELERATOR_MANUFACTURER, "operator": "In", "values": ["aws"]}
    terms = [{"matchExpressions": [expression]}]
    return {
        "selector": {"matchLabels": _LABELS},
        "template": {
            "metadata": {
                "labels": _LABELS,
                "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": str(_PORT)},
            },
            "spec": {
                "affinity": {
                    "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
                },
                "tolerations": tolerations(plans),
                "automountServiceAccountToken": False,
                "containers": [_container()],
            },
        },
    }


def _container() -> dict[str, Any]:
    return {
        "name": NAME,
        "image": versions.NEURON_MONITOR_IMAGE,
        "command": ["/opt/bin/entrypoint.sh"],
        "args": ["--port", str(_PORT)],
        "ports": [{"name": "metrics", "containerPort": _PORT}],
        # counters are read from /sys and from the devices themselves
        "securityContext": {"privileged": True, "runAsUser": 0},
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
    }
