"""A client on Python gRPC, without generated code: kind "sync", one call that blocks after another.

Takes the arguments of drive.mjs and prints the same figures; other kinds it refuses.
"""
import argparse
import json
import os
import resource
import sys
import time

import grpc

parser = argparse.ArgumentParser()
for name in ("port", "connections", "streams", "bytes"):
    parser.add_argument(f"--{name}", type=int, default=1)
for name in ("seconds", "warm-up"):
    parser.add_argument(f"--{name}", type=float, default=1)
parser.add_argument("--kind")
options = parser.parse_args()
if options.kind != "sync":
    sys.exit(f"the Python client has no {options.kind}")

# Field 1 with its length, which takes one octet for bodies below 128.
request = bytes((10, options.bytes)) + b"x" * options.bytes
unary = grpc.insecure_channel(f"127.0.0.1:{options.port}").unary_unary("/bench.Echo/Unary")


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


def call_for(seconds):
    count = wrong = 0
    latencies = []
    end = time.perf_counter() + seconds
    at = time.perf_counter()
    while at < end:
        wrong += unary(request) != request
        count += 1
        now = time.perf_counter()
        if count & 15 == 0:
            latencies.append((now - at) * 1e6)
        at = now
    return count, wrong, sorted(latencies)


call_for(options.warm_up / 1_000)
print("measuring", flush=True)
before, begun = cpu(), time.perf_counter()
count, wrong, latencies = call_for(options.seconds)
elapsed, used = time.perf_counter() - begun, cpu() - before
shares = (0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1)
print(json.dumps({
    "count": count,
    "wrong": wrong,
    "elapsedMs": elapsed * 1_000,
    "cpuMicroseconds": used,
    "rssBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024,
    "latencyMicroseconds": [
        [share, latencies[min(len(latencies) - 1, int(share * len(latencies)))]] for share in shares if latencies
    ],
}), flush=True)
os._exit(0)
