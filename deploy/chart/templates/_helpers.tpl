{{- define "journeycast.name" -}}
{{- if contains "journeycast" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-journeycast" (.Release.Name | trunc 40 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "journeycast.selector" -}}
app.kubernetes.io/name: journeycast
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "journeycast.labels" -}}
{{ include "journeycast.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "journeycast.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{- define "journeycast.replicas" -}}
{{- if eq .Values.mode "embedded" }}1{{ else }}{{ .Values.replicas | default 2 }}{{ end }}
{{- end }}

{{- /* journeycast.toml. JSON text is TOML text as well. */}}
{{- define "journeycast.toml" -}}
{{- if regexMatch "(?m)^\\s*\\[(log|keys|http)\\b" .Values.settings }}
{{- fail "settings: [log], [keys] and [http] are written by the chart; use the values mode, kafka, keys and persistence" }}
{{- end -}}
[log]
kind = {{ .Values.mode | toJson }}
{{- if eq .Values.mode "embedded" }}
path = "/var/lib/journeycast"
{{- else }}

[log.kafka]
bootstrap_servers = {{ .Values.kafka.bootstrapServers | toJson }}
group = {{ .Values.kafka.group | toJson }}
{{- with .Values.kafka.client }}

[log.kafka.client]
{{- range $name, $value := . }}
{{ $name | toJson }} = {{ $value | toString | toJson }}
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.keys.secretName }}

[keys]
key_file = "/etc/journeycast/keys/master.key"
{{- end }}

[http]
listen = "0.0.0.0:8080"

{{ required "settings: must hold at least one [[business_unit]] and one [[planning_group]]; start from examples/journeycast.toml" .Values.settings }}
{{- end }}

{{- define "journeycast.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "journeycast.container" -}}
image: {{ include "journeycast.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources: {{- toYaml .Values.resources | nindent 2 }}
{{- end }}

{{- define "journeycast.mounts" -}}
- {name: config, mountPath: /etc/journeycast/journeycast.toml, subPath: journeycast.toml, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- if .Values.keys.secretName }}
- {name: keys, mountPath: /etc/journeycast/keys, readOnly: true}
{{- end }}
{{- if .Values.kafka.secretName }}
- {name: kafka, mountPath: /etc/journeycast/kafka, readOnly: true}
{{- end }}
{{- end }}

{{- define "journeycast.secretVolumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- with .Values.keys.secretName }}
- name: keys
  secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- with .Values.kafka.secretName }}
- name: kafka
  secret: {secretName: {{ . | quote }}, defaultMode: 0440}
{{- end }}
{{- end }}
