{{- define "probefleet.labels" -}}
app.kubernetes.io/name: probefleet
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "probefleet.tag" -}}
{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}

{{- /* A secret of the core by its key. */ -}}
{{- define "probefleet.secret" -}}
- name: {{ .key }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
      optional: {{ default false .optional }}
{{- end }}

{{- define "probefleet.core.env" -}}
{{ include "probefleet.secret" (dict "secret" .Values.existingSecret "key" "DATABASE_URL") }}
{{ include "probefleet.secret" (dict "secret" .Values.existingSecret "key" "REDIS_URL") }}
{{ include "probefleet.secret" (dict "secret" .Values.existingSecret "key" "INFLUXDB_TOKEN" "optional" true) }}
{{ include "probefleet.secret" (dict "secret" .Values.existingSecret "key" "SEAL_KEY") }}
- name: INFLUXDB_URL
  value: {{ quote .Values.influxdb.url }}
- name: INFLUXDB_ORG
  value: {{ quote .Values.influxdb.org }}
- name: PUBLIC_URL
  value: {{ quote .Values.publicUrl }}
- name: LOG_LEVEL
  value: {{ quote .Values.logLevel }}
- name: SHARDS
  value: {{ quote .Values.shards }}
{{- end }}

{{- /* Nobody in these pods is root, writes to the image, or can become more. */ -}}
{{- define "probefleet.pod.security" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "probefleet.container.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end }}

{{- define "probefleet.probes" -}}
livenessProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: ops}
  periodSeconds: 5
startupProbe:
  httpGet: {path: /healthz, port: ops}
  periodSeconds: 2
  failureThreshold: 60
{{- end }}
