// Faults of servers by completion queues, and of what they stand on; `name` begins with the rule's number.

const TABLE = "surface/server/method_table.ts";
const STYLES = "surface/server/server_styles.ts";
const SERVER = "surface/server/server.ts";
const TABLE_TEST = "tests/surface/server/method_table_test.ts";

const REQUESTS = "surface/queue/server_requests.ts";
const MATCHER = "surface/queue/call_matcher.ts";
const REQUEST = "surface/queue/call_request.ts";
const QUEUE_SERVER = "surface/queue/queue_server.ts";
const CALL = "surface/queue/server_call.ts";
const REQUESTS_TEST = "tests/surface/queue/server_requests_test.ts";

const ofRequests = (file, before, after, name) => ({ file, before, after, test: REQUESTS_TEST, name });

/** As `readMutations` describes them. */
export default [
  {
    file: TABLE,
    before: "return ofHost ?? this.methods.get(path) ?? this.fallback;",
    after: "return this.methods.get(path) ?? ofHost ?? this.fallback;",
    test: TABLE_TEST,
    name: "[Q62] first what",
  },
  {
    file: TABLE,
    before: "if (table.has(key))",
    after: "if (host === undefined && table.has(key))",
    test: TABLE_TEST,
    name: "[Q62] the same",
  },
  {
    file: TABLE,
    before: "this.fallback.removed = true;",
    after: "",
    test: TABLE_TEST,
    name: "who remembers",
  },
  {
    file: STYLES,
    before: "if (this.isStarted) return;",
    after: "this.isStarted = true;",
    test: TABLE_TEST,
    name: "they learn once",
  },
  {
    file: SERVER,
    before: "    this.#styles.over();\n",
    after: "",
    test: TABLE_TEST,
    name: "they learn once",
  },
  ofRequests(REQUESTS, "const number = this.queues.indexOf(core);", "const number = 0;", "[Q61] a queue"),
  ofRequests(REQUESTS, "if (this.queues.includes(queue)) return;", "return;", "[Q61] a queue"),
  ofRequests(
    REQUESTS,
    "Cannot register a completion queue with a server that has started",
    "Cannot register",
    "[Q61] a queue",
  ),
  ofRequests(REQUEST, "bound.check(", "notified.check(", "[Q61] a queue"),
  ofRequests(
    REQUESTS,
    "const key = hostKey(path, host);",
    "const key = path;",
    "[Q62] a method of one host",
  ),
  ofRequests(
    MATCHER,
    "if (match(request, call)) this.remove(request);",
    "match(request, call);",
    "[Q62] one request",
  ),
  ofRequests(CALL, "this.single = this.takeRequest();", "this.takeRequest();", "[Q63] READ_INITIAL"),
  ofRequests(QUEUE_SERVER, "if (wanted === registered) return;", "return;", "[Q63] a payload"),
  ofRequests(
    MATCHER,
    "for (const call of this.waiting) {\n      this",
    "for (const call of [...this.waiting].reverse()) {\n      this",
    "[Q64] calls before",
  ),
  ofRequests(MATCHER, "if (this.waiting.size >= this.limit) {", "if (false) {", "[Q64] calls that wait"),
  ofRequests(MATCHER, "requests[(home + i) % requests.length]?.[0]", "requests[i]?.[0]", "[Q65]"),
  ofRequests(REQUESTS, "this.nextHome++ % this.queues.length", "0", "[Q65]"),
  ofRequests(
    MATCHER,
    "for (let i = 0; i < requests.length; i++) {",
    "for (let i = 0; i < 1; i++) {",
    "[Q65]",
  ),
  ofRequests(CALL, "      this.matcher.withdraw(this);\n", "", "[Q67]"),
  ofRequests(
    MATCHER,
    "if (!call.prepare()) return false;",
    "call.prepare();",
    "a request that cannot be decoded",
  ),
  ofRequests(MATCHER, "for (const request of requests) request.fail();", "", "[Q69] shutdown fails"),
  ofRequests(
    REQUESTS,
    "if (this.server.styles.isOver) this.notify(notification);\n    else ",
    "",
    "[Q69] shutdown fails",
  ),
  ofRequests(
    MATCHER,
    'for (const call of [...this.waiting]) call.cancelWith(Status.UNAVAILABLE, "server is shutting down");',
    "",
    "[Q69] calls that wait",
  ),
  ofRequests(MATCHER, "if (this.isShutDown) return request.fail();", "", "[Q70]"),
  ofRequests(REQUESTS, "    this.server.close();\n", "", "[Q71]"),
  ofRequests(REQUESTS, "    queue.addOwner(this);\n", "", "[Q25]"),
  ofRequests(REQUESTS, "if (left.length === 0) return;", "return;", "[Q72]"),
  ofRequests(REQUESTS, "if (this.queues.length > 0 ||", "if (true ||", "[Q120]"),
  ofRequests(
    QUEUE_SERVER,
    "? requests.serve(descriptor, payloadOf(descriptor)).begin",
    "? requests.asGeneric().begin",
    "[Q119]",
  ),
  ofRequests(
    QUEUE_SERVER,
    ": requests.asGeneric().begin",
    ": requests.serve(descriptor, payloadOf(descriptor)).begin",
    "[Q117]",
  ),
];
