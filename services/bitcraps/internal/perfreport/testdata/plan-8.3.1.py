import json
import statistics

with open('latency_metrics.json') as f:
    data = json.load(f)

values = [float(point[1]) for point in data['data']['result'][0]['values']]
print(f"Average latency: {statistics.mean(values):.2f}s")
print(f"95th percentile: {statistics.quantiles(values, n=20)[18]:.2f}s")
print(f"99th percentile: {statistics.quantiles(values, n=100)[98]:.2f}s")

if statistics.mean(values) > 0.5:
    print("  HIGH LATENCY DETECTED")
    print("Recommended actions:")
    print("1. Check database query performance")
    print("2. Review consensus algorithm efficiency")
    print("3. Analyze network connectivity")
