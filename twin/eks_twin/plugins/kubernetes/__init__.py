"""Stand-in for the pulumi-kubernetes 4.34 plugin, working on a real API server and with the real Helm.

Modelled: every kind the API server serves, Patch resources, server-side apply, readiness of the built-in kinds,
`pulumi.com/*` annotations, previews by dry run, `helm.sh/v3:Release`. Refused by name: client-side apply, rendering to
a directory, List kinds, functions, and the component types of helm.sh/v4, yaml and kustomize.

Not kept: `__inputs` and `__initialApiVersion` in state, since this plugin compares with the inputs the engine sends.
"""
