{{- define "nfd.name" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end -}}

{{- define "nfd.fullname" -}}
{{- $name := include "nfd.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "nfd.selector" -}}
app.kubernetes.io/name: {{ include "nfd.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Name of a part's service account; takes a dict of root, part and name. */}}
{{- define "nfd.account" -}}
{{- $part := index .root.Values .name -}}
{{- $part.serviceAccount.name | default (printf "%s-%s" (include "nfd.fullname" .root) .name) -}}
{{- end -}}

{{/* Pod template of a part; takes a dict of root and name. */}}
{{- define "nfd.pod" -}}
{{- $part := index .root.Values .name -}}
metadata:
  labels:
    {{- include "nfd.selector" .root | nindent 4 }}
    role: {{ .name }}
spec:
  serviceAccountName: {{ include "nfd.account" . }}
  {{- with .root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- with $part.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $part.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command: [nfd-{{ .name }}]
      env:
        - name: NODE_NAME
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
      resources:
        {{- toYaml $part.resources | nindent 8 }}
{{- end -}}
