{{/* Rules the real chart enforces while rendering; each names the values that break it. */}}
{{- define "nvdp.validate" -}}
{{- if hasKey .Values "namespace" -}}
{{- fail "namespace: no longer a value; give helm --namespace, or set namespaceOverride" -}}
{{- end -}}
{{- if and (eq (include "nvdp.namespace" .) "default") (not .Values.allowDefaultNamespace) -}}
{{- fail "namespace default: refused unless allowDefaultNamespace is true; install into a namespace of its own" -}}
{{- end -}}
{{- with .Values.config -}}
{{- if and .name .map -}}
{{- fail "config.name and config.map exclude each other: name takes an existing ConfigMap, map makes one" -}}
{{- end -}}
{{- if and .default .map (not (hasKey .map .default)) -}}
{{- fail (printf "config.default %s: config.map has no such entry" .default) -}}
{{- end -}}
{{- $named := and (has "named" .fallbackStrategies) (hasKey .map "default") -}}
{{- $single := and (has "single" .fallbackStrategies) (eq (len .map) 1) -}}
{{- if and .map (not (or .default $named $single (has "empty" .fallbackStrategies))) -}}
{{- fail "config.map has several entries and no default: set config.default to one of them" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "nvdp.name" -}}
{{- .Values.nameOverride | default .Chart.Name -}}
{{- end -}}

{{- define "nvdp.fullname" -}}
{{- $name := include "nvdp.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "nvdp.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{- define "nvdp.selector" -}}
app.kubernetes.io/name: {{ include "nvdp.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "nvdp.configs" -}}
{{- if .Values.config.map -}}
{{- include "nvdp.fullname" . }}-configs
{{- else -}}
{{- .Values.config.name -}}
{{- end -}}
{{- end -}}

{{/* A container of the plugin's image; takes a dict of root, name and program. */}}
{{- define "nvdp.container" -}}
- name: {{ .name }}
  image: {{ .root.Values.image.repository }}:{{ .root.Values.image.tag | default (printf "v%s" .root.Chart.AppVersion) }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [{{ .program }}]
  env:
    - name: NODE_NAME
      valueFrom:
        fieldRef:
          fieldPath: spec.nodeName
{{- end -}}

{{/* What the config manager is told, as container and as init container. */}}
{{- define "nvdp.configEnv" -}}
- name: NODE_LABEL
  value: nvidia.com/device-plugin.config
- name: CONFIG_FILE_SRCDIR
  value: /available-configs
- name: CONFIG_FILE_DST
  value: /config/config.yaml
- name: DEFAULT_CONFIG
  value: {{ .Values.config.default | quote }}
- name: FALLBACK_STRATEGIES
  value: {{ join "," .Values.config.fallbackStrategies }}
{{- end -}}

{{/* A DaemonSet on NVIDIA nodes; takes a dict of root, suffix, container, program and nodeSelector. */}}
{{- define "nvdp.daemonset" -}}
{{- $values := .root.Values -}}
{{- $configs := include "nvdp.configs" .root -}}
{{- $mps := eq .program "mps-control-daemon" -}}
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: {{ include "nvdp.fullname" .root }}{{ .suffix }}
  namespace: {{ include "nvdp.namespace" .root }}
  labels:
    {{- include "nvdp.selector" .root | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "nvdp.selector" .root | nindent 6 }}
  updateStrategy:
    {{- toYaml $values.updateStrategy | nindent 4 }}
  template:
    metadata:
      labels:
        {{- include "nvdp.selector" .root | nindent 8 }}
      {{- with $values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "nvdp.fullname" .root }}-service-account
      priorityClassName: {{ $values.priorityClassName }}
      {{- with $values.runtimeClassName }}
      runtimeClassName: {{ . }}
      {{- end }}
      {{- if and $mps $values.mps.enableHostPID }}
      hostPID: true
      {{- end }}
      {{- with merge (dict) .nodeSelector $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      affinity:
        {{- toYaml $values.affinity | nindent 8 }}
      tolerations:
        {{- toYaml $values.tolerations | nindent 8 }}
      {{- if $configs }}
      initContainers:
        {{- include "nvdp.container" (dict "root" .root "name" (printf "%s-init" .container) "program" "config-manager") | nindent 8 }}
            {{- include "nvdp.configEnv" .root | nindent 12 }}
            - name: ONESHOT
              value: "true"
          volumeMounts:
            - {name: available-configs, mountPath: /available-configs}
            - {name: config, mountPath: /config}
      {{- end }}
      containers:
        {{- if $configs }}
        {{- include "nvdp.container" (dict "root" .root "name" (printf "%s-sidecar" .container) "program" "config-manager") | nindent 8 }}
            {{- include "nvdp.configEnv" .root | nindent 12 }}
          volumeMounts:
            - {name: available-configs, mountPath: /available-configs}
            - {name: config, mountPath: /config}
        {{- end }}
        {{- include "nvdp.container" (dict "root" .root "name" .container "program" .program) | nindent 8 }}
            {{- range $variable, $value := dict "MIG_STRATEGY" $values.migStrategy "DEVICE_LIST_STRATEGY" $values.deviceListStrategy "DEVICE_ID_STRATEGY" $values.deviceIDStrategy "FAIL_ON_INIT_ERROR" $values.failOnInitError }}
            {{- if not (kindIs "invalid" $value) }}
            - name: {{ $variable }}
              value: {{ $value | quote }}
            {{- end }}
            {{- end }}
            {{- if $configs }}
            - name: CONFIG_FILE
              value: /config/config.yaml
            {{- end }}
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          volumeMounts:
            - {name: device-plugin, mountPath: /var/lib/kubelet/device-plugins}
            - {name: mps-root, mountPath: /mps}
            {{- if $configs }}
            - {name: config, mountPath: /config}
            {{- end }}
      volumes:
        - name: device-plugin
          hostPath: {path: /var/lib/kubelet/device-plugins}
        - name: mps-root
          hostPath: {path: {{ $values.mps.root }}, type: DirectoryOrCreate}
        {{- if $configs }}
        - name: available-configs
          configMap: {name: {{ $configs }}}
        - name: config
          emptyDir: {}
        {{- end }}
{{- end -}}
