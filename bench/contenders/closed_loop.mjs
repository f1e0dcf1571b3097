// A closed loop of calls: keeps a number of calls in flight for a time and tells how many were done.

/**
 * Keeps `inFlight` calls of `call` (returns a promise of the echoed body's length) going: first for `warmUpMs`,
 * uncounted, then for `seconds`. Gives calls a second, CPU microseconds a call of this process, the median and
 * 99th percentile latency in microseconds, and how many answers were wrong.
 */
export async function closedLoop({ call, inFlight, seconds, warmUpMs, bodyBytes }) {
  await runLoop(call, inFlight, warmUpMs, bodyBytes);
  const cpuBefore = process.cpuUsage();
  const { calls, wrong, elapsedMs, latencies } = await runLoop(call, inFlight, seconds * 1000, bodyBytes);
  const cpu = process.cpuUsage(cpuBefore);
  latencies.sort((a, b) => a - b);
  const percentile = (p) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))] * 1000;
  return {
    callsPerSecond: calls / elapsedMs * 1000,
    cpuMicrosecondsPerCall: (cpu.user + cpu.system) / calls,
    p50Microseconds: percentile(0.5),
    p99Microseconds: percentile(0.99),
    calls,
    wrong,
  };
}

async function runLoop(call, inFlight, forMs, bodyBytes) {
  const start = performance.now();
  const end = start + forMs;
  const latencies = [];
  let calls = 0;
  let wrong = 0;
  const one = async () => {
    for (;;) {
      const sentAt = performance.now();
      if (sentAt >= end) return;
      if (await call() !== bodyBytes) wrong++;
      calls++;
      // One latency in sixteen is kept: enough for percentiles, too few to weigh on the loop.
      if ((calls & 15) === 0) latencies.push(performance.now() - sentAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  if (latencies.length === 0) latencies.push(forMs);
  return { calls, wrong, elapsedMs: performance.now() - start, latencies };
}
