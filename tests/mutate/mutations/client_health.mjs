// Faults of client-side health checks.

const test = "tests/surface/channel/client_health_test.ts";
const file = "surface/channel/health_watch.ts";

/** As `readMutations` describes them. */
export default [
  {
    file,
    before: 'status === "SERVING" ? "SERVING"',
    after: 'true ? "SERVING"',
    test,
    name: "[C52] calls go to servers",
  },
  {
    file,
    before: "  get isInternal(): boolean {\n    return true;",
    after: "  get isInternal(): boolean {\n    return false;",
    test,
    name: "[C52] an answer to the watch",
  },
  {
    file: "surface/channel/subchannel_stream.ts",
    before: "  readonly isInternal = true;\n",
    after: "",
    test: "tests/surface/channel/subchannel_stream_test.ts",
    name: "[C52] an answer to it",
  },
  {
    file,
    before: "this.health = QUEUE;",
    after: 'this.health = "SERVING";',
    test,
    name: "[C52] READY only",
  },
  {
    file,
    before: "if (status.code === Status.UNIMPLEMENTED) {",
    after: "if (false) {",
    test,
    name: "[C52] a server without",
  },
  { file, before: "    this.backoff!.reset();\n", after: "", test, name: "[C52] a watch that ends" },
  {
    file,
    before: "this.startedAt + this.backoff!.next()",
    after: "engine.now()",
    test,
    name: "[C52] a watch that ends",
  },
  {
    file,
    before: "this.become(this.failure(`cannot be",
    after: "void (this.failure(`cannot be",
    test,
    name: "[C52] a watch that ends",
  },
  {
    file,
    before: 'this.cancel(Status.INTERNAL, messageOf(error), "library", error);',
    after: "void error;",
    test,
    name: "[C52] a watch whose answer",
  },
  {
    file: "surface/channel/health_checks.ts",
    before: "if (this.warned) return;",
    after: "",
    test,
    name: "[C52] a server without",
  },
  {
    file: "surface/channel/channel_route.ts",
    before: "for (const health of this.subchannels.values()) health?.restart();",
    after: "",
    test,
    name: "[C52] the service config asks",
  },
  {
    file,
    before: "{ ...context, route:",
    after: "{ ...context, callCredentials: undefined, route:",
    test,
    name: "[C53] the watch carries",
  },
  {
    file,
    before: 'cancel(retry);\n    call?.cancel(Status.CANCELLED, NOT_USED, "library");',
    after: "cancel(retry);",
    test,
    name: "[C53] it is cancelled on GOAWAY",
  },
  {
    file,
    before: "route: new WatchRoute(subchannel), ",
    after: "",
    test,
    name: "[C53] it does not keep",
  },
  {
    file,
    before: 'if (state !== "READY") this.stop();',
    after: "",
    test,
    name: "[C53] a connection that is lost",
  },
  {
    file,
    before: "if (call !== undefined) this.watch(subchannel);",
    after: "if (call !== undefined) return;",
    test,
    name: "[C48][C53] the watch goes to another",
  },
  {
    file: "surface/channel/balancer/weighted_round_robin.ts",
    before: "onSubchannelMoved(): void {\n    this.end();\n    this.listen();",
    after: "onSubchannelMoved(): void {",
    test,
    name: "[C48][C53] the stream of load reports goes to another",
  },
  {
    file: "surface/channel/balancer/outlier_detection.ts",
    before: "this.watcher.onSubchannelMoved?.(subchannel);",
    after: "",
    test,
    name: "[C48][C53] the stream of load reports goes to another",
  },
  { file, before: ", observers: new CallObservers()", after: "", test, name: "no watch is an observed call" },
];
