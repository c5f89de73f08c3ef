#!/usr/bin/env bash
# The analysis of slow requests: the latencies of the last hour, and profiles of a service. It writes latency_metrics.json,
# performance_report.md and a directory of profiles with flame graphs to OUT.
#
#   ENVIRONMENT=production deploy/scripts/performance-analysis.sh     a cluster, with kubectl
#   deploy/scripts/performance-analysis.sh                            the fleet in data-fleet and a local Prometheus
set -euo pipefail

environment=${ENVIRONMENT:-local}
namespace=${NAMESPACE:-bitcraps}
service=${SERVICE:-game}
seconds=${SECONDS_OF_PROFILE:-60}
out=${OUT:-.}
here=$(cd "$(dirname "$0")" && pwd)
bitcraps=${BITCRAPS:-$here/../../bin/bitcraps}

echo "Performance analysis started"
if [ "$environment" = local ]; then
  where=(--service "$service" --dir "${FLEET_DIR:-data-fleet}")
  prometheus=${PROMETHEUS_URL:-http://127.0.0.1:9090}
else
  echo "1. Resource usage"
  kubectl top nodes
  kubectl top pods -n "$namespace" --sort-by=cpu
  kubectl top pods -n "$namespace" --sort-by=memory
  prometheus=${PROMETHEUS_URL:-http://prometheus:9090}
fi

echo "2. Latency of the last hour"
"$bitcraps" perf-report --prometheus "$prometheus" --environment "$environment" --out "$out"

echo "3. Profiles of $service, $seconds s"
if [ "$environment" != local ]; then
  # kubectl prints the port that it has chosen once it forwards.
  exec {forward}< <(exec kubectl port-forward -n "$namespace" "deployment/bitcraps-$service" ":${ADMIN_PORT:-7100}")
  forwarder=$!
  trap 'kill "$forwarder" 2>/dev/null || true' EXIT
  read -r line <&"$forward"
  [[ $line =~ 127\.0\.0\.1:([0-9]+) ]] || { echo "unexpected output of kubectl port-forward: $line" >&2; exit 1; }
  where=(--admin "http://127.0.0.1:${BASH_REMATCH[1]}")
fi
"$bitcraps" profile "${where[@]}" --seconds "$seconds" --out "$out/profiles"

echo "Performance analysis completed"
