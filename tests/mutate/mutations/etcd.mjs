// Faults of what speaks to etcd.

const RESOLVER = "tests/surface/etcd/etcd_resolver_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/channel/channel_route.ts",
    before: "if (this.holdsProcess) this.engine.hold();",
    after: "this.engine.hold();",
    test: "tests/surface/process_test.ts",
    name: "a channel that does not hold it",
  },
  {
    file: "surface/etcd/prefix_watch.ts",
    before: "const startRevision = this.revision + 1n;",
    after: "const startRevision = this.revision;",
    test: RESOLVER,
    name: "right after the revision",
  },
  {
    file: "surface/etcd/prefix_watch.ts",
    before: "if (this.revision === 0n) this.revision = header?.revision ?? 0n;",
    after: "this.revision = header?.revision ?? 0n;\n    if (kvs.length > 0) this.keys.length = 0;",
    test: RESOLVER,
    name: "all pages are of that revision",
  },
  {
    file: "surface/etcd/prefix_watch.ts",
    before: "    if (fragment) return;\n",
    after: "",
    test: RESOLVER,
    name: "that come in parts",
  },
  {
    file: "surface/etcd/prefix_watch.ts",
    before: "if (this.isWatching && engine.now() >= startedAt + WORKED_MS) session.succeeded();",
    after: "if (this.isWatching) session.succeeded();",
    test: RESOLVER,
    name: "by the backoff and not in a loop",
  },
  {
    file: "surface/etcd/prefix_watch.ts",
    before: "    if (canceled) {",
    after: "    if (canceled && compactRevision === 0n) {",
    test: RESOLVER,
    name: "are compacted",
  },
  {
    file: "surface/etcd/prefix_watch.ts",
    before: "    this.timer = this.engine.runAt(this.nextAt",
    after: "    if (!reason.includes('read')) this.timer = this.engine.runAt(this.nextAt",
    test: RESOLVER,
    name: "away for minutes",
  },
  {
    file: "surface/etcd/etcd_resolver.ts",
    before: "    this.entries = new Map();\n",
    after: "",
    test: RESOLVER,
    name: "comes back without its data",
  },
  {
    file: "surface/etcd/etcd_resolver.ts",
    before: "if (changed) this.publish();",
    after: "this.publish();",
    test: RESOLVER,
    name: "nothing is said where nothing has changed",
  },
  {
    file: "surface/etcd/etcd_resolver.ts",
    before: "if (known !== undefined && sameOctets(known.value, value)) return",
    after: "if (false) return",
    test: RESOLVER,
    name: "logged once",
  },
  {
    file: "surface/etcd/etcd_session.ts",
    before: "    if (this.untried-- > 0) return now;\n",
    after: "",
    test: RESOLVER,
    name: "the next endpoint takes over at once",
  },
  {
    file: "surface/etcd/etcd_session.ts",
    before: "      keepalive: KEEPALIVE,\n",
    after: "",
    test: RESOLVER,
    name: "is left within the time of keepalive",
  },
  {
    file: "surface/etcd/etcd_session.ts",
    before: "    this.token = undefined;\n    return true;",
    after: "    return true;",
    test: RESOLVER,
    name: "a user of etcd's",
  },
  {
    file: "surface/etcd/etcd_calls.ts",
    before: ', hasleader: "true"',
    after: "",
    test: RESOLVER,
    name: "has no leader",
  },
  {
    file: "surface/etcd/server_value.ts",
    before: "written.addr ?? written.Addr",
    after: "written.addr",
    test: RESOLVER,
    name: "what Go's naming package writes",
  },
  {
    file: "surface/etcd/server_value.ts",
    before: "...(isWeight ? { weight } : {})",
    after: "",
    test: RESOLVER,
    name: "a weight in its metadata",
  },
];
