{{/* Rules the real chart enforces while rendering, and what the stand-in lacks; each names the values that break it. */}}
{{- define "operator.validate" -}}
{{- if and .Values.clusterPolicy.deployCR .Values.gpuCluster.deployCR -}}
{{- fail "clusterPolicy.deployCR and gpuCluster.deployCR exclude each other" -}}
{{- end -}}
{{- if and .Values.cdi.nriPluginEnabled (not (and .Values.cdi.enabled .Values.toolkit.enabled)) -}}
{{- fail "cdi.nriPluginEnabled requires cdi.enabled and toolkit.enabled: the toolkit brings the plugin" -}}
{{- end -}}
{{- with .Values.devicePlugin.config -}}
{{- if and .create (or (not .name) (not .data)) -}}
{{- fail "devicePlugin.config.create requires devicePlugin.config.name and devicePlugin.config.data" -}}
{{- end -}}
{{- if and .data (not .create) -}}
{{- fail "devicePlugin.config.data is for devicePlugin.config.create: true; set it" -}}
{{- end -}}
{{- end -}}
{{- if or .Values.gpuCluster.deployCR (not .Values.clusterPolicy.deployCR) -}}
{{- fail "gpuCluster.deployCR, clusterPolicy.deployCR: the twin's stand-in of this chart models the cluster policy only" -}}
{{- end -}}
{{- range list "sandboxWorkloads" "gds" "gdrcopy" "nodeStatusExporter" -}}
{{- if (index $.Values .).enabled -}}
{{- fail (printf "%s.enabled: the twin's stand-in of this chart does not model it" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "operator.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/* Image of a part of the values; takes a dict of root and part. */}}
{{- define "operator.image" -}}
{{- .part.repository }}/{{ .part.image }}:{{ .part.version | default .root.Chart.AppVersion -}}
{{- end -}}
