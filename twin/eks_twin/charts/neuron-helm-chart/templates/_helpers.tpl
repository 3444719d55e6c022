{{/* Rules the real chart enforces while rendering; each names the values that break it. */}}
{{- define "neuron.validate" -}}
{{- if and .Values.scheduler.enabled (not .Values.devicePlugin.enabled) -}}
{{- fail "scheduler.enabled requires devicePlugin.enabled: the scheduler extension reads what the device plugin annotates" -}}
{{- end -}}
{{- if and .Values.scheduler.enabled .Values.scheduler.customScheduler.enabled .Values.scheduler.defaultScheduler.enabled -}}
{{- fail "scheduler.customScheduler.enabled and scheduler.defaultScheduler.enabled exclude each other" -}}
{{- end -}}
{{- if and .Values.draDriver.enabled .Values.scheduler.enabled -}}
{{- fail "draDriver.enabled and scheduler.enabled exclude each other" -}}
{{- end -}}
{{- range list "draDriver" "ultraserverOperator" -}}
{{- if (index $.Values .).enabled -}}
{{- fail (printf "%s.enabled: the twin's stand-in of this chart does not model it" .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.scheduler.enabled .Values.scheduler.defaultScheduler.enabled -}}
{{- fail "scheduler.defaultScheduler.enabled: for kops clusters only; the twin's stand-in of this chart does not model it" -}}
{{- end -}}
{{- end -}}

{{- define "neuron.instances" -}}
- key: node.kubernetes.io/instance-type
  operator: In
  values:
    {{- toYaml .Values.neuronInstances | nindent 4 }}
{{- end -}}

{{- define "neuron.image" -}}
image: {{ .repository }}:{{ .tag }}
imagePullPolicy: {{ .pullPolicy }}
{{- end -}}

{{- define "neuron.labels" -}}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/instance: {{ .Release.Name }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}
