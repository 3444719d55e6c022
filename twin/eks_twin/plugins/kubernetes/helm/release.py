"""Check, diff, create, read, update and delete of a Helm release."""

from pathlib import Path
from typing import Final

import yaml

from eks_twin.charts import ChartError, locate
from eks_twin.kube import Object
from eks_twin.plugins.base import Difference, Failure, InitError, PluginError, Request
from eks_twin.plugins.kubernetes import trees
from eks_twin.plugins.kubernetes.checking import suffix
from eks_twin.plugins.kubernetes.session import Session
from eks_twin.plugins.wire import UNKNOWN, has_unknown

from . import inputs as release_inputs
from . import manifest
from .inputs import DEFAULT_SECONDS
from .program import HelmError, release, run

FLAGS: Final = {
    "install": {
        "atomic": "--atomic",
        "createNamespace": "--create-namespace",
        "disableOpenapiValidation": "--disable-openapi-validation",
        "disableWebhooks": "--no-hooks",
        "renderSubchartNotes": "--render-subchart-notes",
        "replace": "--replace",
        "skipCrds": "--skip-crds",
        "takeOwnership": "--take-ownership",
    },
    "upgrade": {
        "atomic": "--atomic",
        "cleanupOnFail": "--cleanup-on-fail",
        "disableCRDHooks": "--no-hooks",
        "disableOpenapiValidation": "--disable-openapi-validation",
        "forceUpdate": "--force",
        "recreatePods": "--recreate-pods",
        "renderSubchartNotes": "--render-subchart-notes",
        "resetValues": "--reset-values",
        "reuseValues": "--reuse-values",
        "takeOwnership": "--take-ownership",
    },
}
"""Action → input → flag of Helm; each action reads its own set (hr.go)."""
FAILED: Final = {
    "install": "was created, but failed to initialize completely",
    "upgrade": "failed to initialize completely",
}
"""Action → what happened to a release that Helm has stored although the action failed."""
NAME_IN_USE: Final = "cannot re-use a name that is still in use"
"""Helm's refusal when the release in the cluster is someone else's."""
IDENTITY: Final = (".name", ".namespace")
"""Inputs whose change replaces a release."""


def check(session: Session, request: Request) -> tuple[Object, list[Failure]]:
    """The complete inputs, with the chart's exact version; the chart is really located, also in preview."""
    refused = release_inputs.failures(request.inputs)
    if refused:
        return request.inputs, refused
    stored = release_inputs.complete(request.inputs)
    stored["name"] = stored["name"] or request.old_inputs.get("name") or f"{request.name}-{suffix(request)}"
    stored["namespace"] = stored["namespace"] or session.namespace()
    if has_unknown(stored):
        return stored, []
    try:
        chart = _chart(session, stored)
        stored["version"] = _version(session, chart)
    except (ChartError, HelmError) as error:
        return stored, [Failure("chart", f"{error}; check the chart name and repository configuration.")]
    _learn_definitions(session, chart, stored)
    return stored, []


def _chart(session: Session, inputs: Object) -> Path:
    repository = (inputs.get("repositoryOpts") or {}).get("repo", "")
    return locate(inputs["chart"], repository, inputs["version"], session.settings.helm)


def _version(session: Session, chart: Path) -> str:
    return str(yaml.safe_load(run(session, ["show", "chart", str(chart)]))["version"])


def _learn_definitions(session: Session, chart: Path, inputs: Object) -> None:
    """Custom kinds of the chart have a scope from now on, before any cluster serves them.

    A chart that cannot be rendered yet (values that need a cluster, say) fails at create with Helm's own message.
    """
    crds = [] if inputs["skipCrds"] else ["--include-crds"]
    arguments = ["template", inputs["name"], str(chart), "--namespace", inputs["namespace"], *crds]
    try:
        rendered = run(session, arguments, inputs["values"])
    except HelmError as error:
        session.log(f"{inputs['chart']}: not rendered in advance: {error}", severity="DEBUG")
        return
    for definition in manifest.definitions(rendered):
        session.learn(definition)


def diff(request: Request) -> Difference:
    """Changed inputs; only another name or namespace makes another release."""
    changes = trees.changed(request.old_inputs, request.inputs, request.ignore_changes, IDENTITY)
    return Difference(changes, tuple(path for path, kind in changes.items() if kind.endswith("-replace")))


def create(session: Session, request: Request) -> tuple[str, Object]:
    """`helm install`; in preview the inputs, with everything that Helm will find out unknown."""
    if request.preview:
        return "", _foreseen(request.inputs)
    _applied(session, request, request.inputs, "install")
    return _id(request.inputs), _outputs(session, request.inputs)


def update(session: Session, request: Request) -> Object:
    """`helm upgrade`, in the namespace where the release is."""
    if request.preview:
        return _foreseen(request.inputs)
    inputs = request.inputs | {"namespace": request.old_inputs["namespace"]}
    _applied(session, request, inputs, "upgrade")
    return _outputs(session, inputs)


def _applied(session: Session, request: Request, inputs: Object, action: str) -> None:
    """Run `install` or `upgrade`; a release that Helm has stored although it failed is kept."""
    session.require()
    try:
        run(session, _command(action, session, inputs), inputs["values"])
    except (HelmError, ChartError) as error:
        found, id_ = _stored(session, inputs), _id(inputs)
        if found is None or NAME_IN_USE in str(error):
            raise PluginError(str(error)) from error
        if action == "install":
            session.log(
                f'Helm release "{id_}" was created but has a {found["info"]["status"]} status. Use the helm command to '
                f"investigate the error, correct it, then retry. Reason: {error}",
                urn=request.urn,
                severity="WARNING",
            )
        raise _incomplete(id_, FAILED[action], inputs, found, error) from error


def _command(action: str, session: Session, inputs: Object) -> list[str]:
    """The command line of `install` or `upgrade`."""
    command = [action, inputs["name"], str(_chart(session, inputs)), "--namespace", inputs["namespace"]]
    command += [flag for key, flag in FLAGS[action].items() if inputs[key]]
    command += ["--timeout", f"{inputs['timeout'] or DEFAULT_SECONDS}s"]
    if not inputs["skipAwait"]:
        command += ["--wait", *(["--wait-for-jobs"] if inputs["waitForJobs"] else [])]
    if inputs["description"]:
        command += ["--description", inputs["description"]]
    if action == "upgrade":
        command += ["--history-max", str(inputs.get("maxHistory", 0))]
    return command


def _id(inputs: Object) -> str:
    return f"{inputs['namespace']}/{inputs['name']}"


def _foreseen(inputs: Object) -> Object:
    return {**inputs, "resourceNames": UNKNOWN, "status": UNKNOWN}


def _outputs(session: Session, inputs: Object) -> Object:
    found = _stored(session, inputs)
    if found is None:
        raise PluginError(f"Helm release {_id(inputs)} is gone right after Helm reported success")
    return _state(inputs, found)


def _stored(session: Session, inputs: Object) -> Object | None:
    """The release as Helm stores it, or None."""
    try:
        return release(session, inputs["name"], inputs["namespace"])
    except HelmError as error:
        raise PluginError(str(error)) from error


def _state(inputs: Object, found: Object) -> Object:
    """The inputs, and what the release in the cluster says about itself."""
    metadata = found["metadata"]
    status = {
        "name": found["name"],
        "namespace": found["namespace"],
        "revision": found["version"],
        "status": found["info"]["status"],
        "chart": metadata["chart"],
        "version": metadata["version"],
        "appVersion": metadata["appVersion"],
    }
    names = manifest.resource_names(found["manifest"])
    return {**inputs, "version": metadata["version"], "resourceNames": names, "status": status}


def _incomplete(id_: str, what: str, inputs: Object, found: Object, error: Exception) -> InitError:
    """The release is stored, so the engine must know it: the next up upgrades it."""
    reason = (
        f'Helm release "{id_}" {what}. Use Helm CLI to investigate: failed to become available within allocated '
        f"timeout. Error: Helm Release {id_}: {error}"
    )
    return InitError(id_, _state(inputs, found), [reason])


def read(session: Session, request: Request) -> tuple[str, Object, Object]:
    """The release as Helm stores it; an empty id when there is none."""
    session.require()
    namespace, _, name = request.id.rpartition("/")
    found = _stored(session, {"name": name, "namespace": namespace or session.namespace()})
    if found is None:
        return "", {}, {}
    if not request.old_inputs:
        raise PluginError(f"{request.id}: the twin's kubernetes plugin does not model the import of a Release")
    stored = {key: value for key, value in request.old_inputs.items() if key not in release_inputs.SDK_INTERNAL}
    stored |= {"version": found["metadata"]["version"], "values": found.get("config") or {}}
    return request.id, _state(stored, found), stored


def delete(session: Session, request: Request) -> None:
    """`helm uninstall`; CRDs of a chart's crds/ directory stay."""
    inputs = request.old_inputs or request.state
    if session.kube is None:
        raise PluginError(f"can't delete Helm Release with unreachable cluster. Reason: {session.unreachable}")
    command = ["uninstall", inputs["name"], "--namespace", inputs["namespace"]]
    command += ["--timeout", f"{inputs['timeout'] or DEFAULT_SECONDS}s"]
    if inputs["atomic"] or not inputs["skipAwait"]:
        command.append("--wait")
    try:
        session.log(run(session, command).strip(), urn=request.urn, severity="DEBUG")
    except HelmError as error:
        raise PluginError(str(error)) from error
