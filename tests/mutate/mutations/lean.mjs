// Faults of features: what is given is there, and what is not says so.

const LEAN = "tests/surface/lean_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/channel/channel.ts",
    before: "if (callCredentials === undefined || makePermission !== undefined) return makePermission;",
    after: "if (callCredentials !== null) return makePermission;",
    test: LEAN,
    name: "lean: what is not given",
  },
  {
    file: "surface/client/client_call.ts",
    before: "permission === undefined ? NO_IDENTITIES : permission.obstacle",
    after: "permission?.obstacle",
    test: LEAN,
    name: "lean: calls have an authority",
  },
  {
    file: "surface/channel/channel.ts",
    before: "if (reader === undefined && options.lookUpServiceConfig === true)",
    after: "if (false as boolean)",
    test: LEAN,
    name: "lean: what is not given",
  },
  {
    file: "pollers/native/engine.ts",
    before: "if (this.listening !== undefined) return this.listening;",
    after: "return this.listening!;",
    test: LEAN,
    name: "lean: the poller of programs that only connect",
  },
  {
    file: "surface/channel/channel.ts",
    before: 'enableRetries && features.first("retries") !== undefined',
    after: "enableRetries",
    test: LEAN,
    name: "lean: a poller is given itself",
  },
  {
    file: "surface/features/feature_set.ts",
    before: "this.all = [...own, ...given];",
    after: "this.all = own;",
    test: LEAN,
    name: "lean: a poller is given itself",
  },
  {
    file: "pollers/choose.ts",
    before: "if (probed.usable) {",
    after: "if (probed.usable && factory === chosen.at(-1)) {",
    test: LEAN,
    name: "lean: a list of pollers",
  },
  {
    file: "surface/channel/channel.ts",
    before: "if (option === undefined || option === false) return undefined;",
    after: "return undefined;",
    test: LEAN,
    name: "lean: what is not given",
  },
  {
    file: "surface/features/feature_set.ts",
    before: "if (!Array.isArray(given)) {",
    after: "if (false as boolean) {",
    test: LEAN,
    name: "lean: what is not given",
  },
  {
    file: "surface/engines.ts",
    before: "if (defaults !== undefined) return defaults();",
    after: 'return defaults?.() ?? "native";',
    test: LEAN,
    name: "lean: what is not given",
  },
  {
    file: "pollers/native/thread_module.ts",
    before: 'isGranted({ name: "read", path }) && builtin("node:fs").existsSync(path) ? module : undefined',
    after: "path === undefined ? undefined : module",
    test: "tests/pollers/native/thread_module_test.ts",
    name: "a thread's module is its file",
  },
  {
    file: "pollers/native/thread_module.ts",
    before: "} catch { // no import.meta.url, or no file\n    return undefined;",
    after: "} catch (error) {\n    throw error;",
    test: "tests/pollers/native/thread_module_test.ts",
    name: "a thread runs from the text",
  },
  {
    file: "surface/credentials/lean_client.ts",
    before: "new ChannelCredentials(options, CHANNELS_TLS_LIBRARY)",
    after: "new ChannelCredentials(options, [])",
    test: LEAN,
    name: "lean: TLS by",
  },
  {
    file: "surface/channel/channel.ts",
    before: 'connectInProcess: features.first("inProcess")?.connect,',
    after: "",
    test: LEAN,
    name: "lean: servers of the thread",
  },
  {
    file: "transport/accept.ts",
    before: 'if ("accept" in from) return from.accept(this.engine, this.options, sink);',
    after: 'if ("accept" in from) from.close();',
    test: LEAN,
    name: "lean: servers of the thread",
  },
];
