// Faults of the services that a server has beside the application's.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/services/health.ts",
    before: 'if (status === undefined) throw new RpcError("NOT_FOUND"',
    after: 'if (status === null) throw new RpcError("NOT_FOUND"',
    test: "tests/surface/services/health_test.ts",
    name: "[C50] Check",
  },
  {
    file: "surface/services/health.ts",
    before: 'this.health.status(this.service) ?? "SERVICE_UNKNOWN"',
    after: 'this.health.status(this.service) ?? "NOT_SERVING"',
    test: "tests/surface/services/health_test.ts",
    name: "[C50] Watch sends",
  },
  {
    file: "surface/services/health.ts",
    before: "if (status !== this.sent) {",
    after: "if (this.sent === undefined) {",
    test: "tests/surface/services/health_test.ts",
    name: "[C50] Watch sends",
  },
  {
    file: "surface/services/health.ts",
    before: "    if (ok) this.write();\n",
    after: "    if (!ok) this.write();\n",
    test: "tests/surface/services/health_test.ts",
    name: "[C50] Watch: of changes",
  },
  {
    file: "surface/services/health.ts",
    before: "if (size > MOST_LISTED)",
    after: "if (size > 1_000)",
    test: "tests/surface/services/health_test.ts",
    name: "[C50] List",
  },
  {
    file: "surface/services/health.ts",
    before: "    for (const watcher of this.#watchers) watcher.changed();\n  }\n\n  #tell",
    after: "  }\n\n  #tell",
    test: "tests/surface/services/health_test.ts",
    name: "[C51]",
  },
  {
    file: "surface/services/health.ts",
    before: 'this.#statuses.set(service, "NOT_SERVING");',
    after: "",
    test: "tests/surface/services/health_test.ts",
    name: "[C51]",
  },
  {
    file: "surface/services/health.ts",
    before: "    if (this.isShutDown) return;\n    this.#statuses.set",
    after: "    this.#statuses.set",
    test: "tests/surface/services/health_test.ts",
    name: "[C51]",
  },
];
