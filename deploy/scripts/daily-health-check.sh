#!/usr/bin/env bash
# The daily health check of a platform, at 09:00 UTC: seven steps, each of which runs even if others fail.
#
#   ENVIRONMENT=production deploy/scripts/daily-health-check.sh     a cluster, with kubectl, curl and jq
#   deploy/scripts/daily-health-check.sh [--target=local] [...]     the fleet in data-fleet, with `bitcraps health` and its other flags
#
# It exits with 0 if everything is healthy, and otherwise with 1, also if an alert is active; `bitcraps health` exits with 2 if degraded.
set -uo pipefail

environment=${ENVIRONMENT:-local}
namespace=${NAMESPACE:-bitcraps}
prometheus=${PROMETHEUS_URL:-http://prometheus:9090}
alertmanager=${ALERTMANAGER_URL:-http://alertmanager:9093}
# The plan's bitcraps-mesh is missing because it has no server yet. Each validator is a separate workload of the same service.
services=${SERVICES:-bitcraps-api bitcraps-game bitcraps-consensus bitcraps-gateway}
workloads=${WORKLOADS:-bitcraps-api bitcraps-game statefulset/bitcraps-consensus-0 statefulset/bitcraps-consensus-1
  statefulset/bitcraps-consensus-2 statefulset/bitcraps-consensus-3 bitcraps-gateway}
port=${HEALTH_PORT:-7100} # Every service's admin port, which serves the probes; only the gateway also serves them on 8080.

if [ "$environment" = local ] || [ "${1:-}" = --target=local ]; then
  here=$(cd "$(dirname "$0")" && pwd)
  exec "${BITCRAPS:-$here/../../bin/bitcraps}" health "$@"
fi

failed=0
step() { printf '\n%s:\n' "$1"; }

# rollout waits for a workload. The name may begin with the workload's kind; otherwise it is an Argo Rollout, as the releases are, or a
# Deployment.
rollout() {
  if [[ $1 = */* ]]; then
    kubectl rollout status "$1" -n "$namespace" --timeout=60s
  elif kubectl get rollouts.argoproj.io "$1" -n "$namespace" -o name >/dev/null 2>&1; then
    kubectl argo rollouts status "$1" -n "$namespace" --timeout 60s
  else
    kubectl rollout status "deployment/$1" -n "$namespace" --timeout=60s
  fi
}

# errors prints the last ten errors of the day. It is not a failure if there are none.
errors() {
  local lines
  lines=$(kubectl logs -n "$namespace" -l app=bitcraps --all-containers --prefix --tail=-1 --max-log-requests=50 --since=24h) || return
  grep ERROR <<<"$lines" | tail -10
  return 0
}

# alerts prints the active alerts, and fails if there are any.
alerts() {
  local active
  active=$(curl -sSf "$alertmanager/api/v2/alerts?active=true" | jq '.[] | select(.status.state=="active")') || return
  [ -z "$active" ] || { printf '%s\n' "$active"; return 1; }
}

echo "=== BitCraps Daily Health Check ==="
echo "Date: $(date -u)"
echo "Environment: $environment"

step "1. System health"
kubectl get nodes -o wide || failed=1
kubectl top nodes || failed=1

step "2. Application status"
kubectl get pods -n "$namespace" -o wide || failed=1
for workload in $workloads; do
  rollout "$workload" || failed=1
done

step "3. Service health"
for service in $services; do
  kubectl get service "$service" -n "$namespace" || failed=1
  # Through the API server's proxy, since the images contain no curl.
  kubectl get --raw "/api/v1/namespaces/$namespace/services/$service:$port/proxy/health" || failed=1
done

step "4. Resource usage"
kubectl top pods -n "$namespace" --sort-by=cpu || failed=1
kubectl top pods -n "$namespace" --sort-by=memory || failed=1

step "5. Errors of the last 24 hours"
errors || failed=1

step "6. Performance"
curl -sSf "$prometheus/api/v1/query?query=bitcraps_request_duration_seconds" | jq . || failed=1

step "7. Active alerts"
alerts || failed=1

if [ "$failed" = 0 ]; then
  printf '\nDaily health check completed\n'
else
  printf '\nDaily health check completed: a step could not run or found a failure\n'
fi
exit "$failed"
