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

const STREAMS = "surface/queue/server_streams.ts";
const CONTEXT = "surface/queue/server_context.ts";
const CORE = "surface/server/server_call_core.ts";
const BATCH = "surface/queue/batch.ts";
const BATCHES_TEST = "tests/surface/queue/server_batches_test.ts";
const STREAMS_TEST = "tests/surface/queue/server_streams_test.ts";

const ofBatches = (file, before, after, name) => ({ file, before, after, test: BATCHES_TEST, name });
const ofStreams = (file, before, after, name) => ({ file, before, after, test: STREAMS_TEST, name });
const MANAGER = "surface/queue/thread_manager.ts";
const POLLED = "surface/queue/polled_methods.ts";
const POLLED_CALL = "surface/queue/polled_call.ts";
const MANAGER_TEST = "tests/surface/queue/thread_manager_test.ts";
const POLLED_TEST = "tests/surface/queue/polled_methods_test.ts";

const ofManager = (file, before, after, name) => ({ file, before, after, test: MANAGER_TEST, name });
const ofPolled = (file, before, after, name) => ({ file, before, after, test: POLLED_TEST, name });
const ofRequests = (file, before, after, name) => ({ file, before, after, test: REQUESTS_TEST, name });

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/queue/call_matcher.ts",
    before: "this.requests[request.home]!.shift();",
    after: "",
    test: "tests/surface/queue/server_streams_test.ts",
    name: "[Q68]",
  },
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
    before: "if (path !== this.lastPath) {",
    after: "if (this.lastPath === undefined) {",
    test: TABLE_TEST,
    name: "what serves all others",
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
  ofRequests(REQUEST, "else if (bound.isOver) bound", "else if (notified.isOver) bound", "[Q61] a queue"),
  ofRequests(
    REQUESTS,
    "const key = nameAt(path, host);",
    "const key = path;",
    "[Q62] a method of one host",
  ),
  ofRequests(
    MATCHER,
    "this.requests[request.home]!.shift();",
    "",
    "[Q62] one request",
  ),
  ofRequests(
    CALL,
    "if (payload === NO_MESSAGE || this.isOver) return false;",
    "if (payload === NO_MESSAGE) return false;",
    "[Q70] a request fails once",
  ),
  ofRequests(
    MATCHER,
    'if (this.isShutDown) return call.cancelWith(Status.UNAVAILABLE, "server is shutting down");',
    "",
    "[Q70] a request fails once",
  ),
  ofRequests(CALL, "this.single = this.takeRequest();", "this.takeRequest();", "[Q63] READ_INITIAL"),
  ofRequests(QUEUE_SERVER, "if (wanted === registered) return;", "return;", "[Q63] a payload"),
  ofRequests(
    "surface/queue/waiting_calls.ts",
    "  get first(): C | undefined {\n    return this.head;",
    "  get first(): C | undefined {\n    return this.last;",
    "[Q64] calls before",
  ),
  ofRequests(MATCHER, "if (this.waiting.size >= this.limit) {", "if (false) {", "[Q64] calls that wait"),
  ofRequests(MATCHER, "requests[(home + i) % requests.length]?.[0]", "requests[i]?.[0]", "[Q65]"),
  ofRequests(REQUESTS, "connection.number % this.queues.length", "0", "[Q65]"),
  ofRequests(
    MATCHER,
    "for (let i = 0; i < requests.length; i++) {",
    "for (let i = 0; i < 1; i++) {",
    "[Q65]",
  ),
  ofRequests(CALL, "      this.matcher.withdraw(this);\n", "", "[Q67]"),
  ofRequests(
    MATCHER,
    "if (call.prepare()) return request.match(call);",
    "call.prepare();\n      return request.match(call);",
    "[Q70] a request fails where",
  ),
  ofRequests(
    MATCHER,
    "if (this.nextRequest(call.home) !== undefined && !call.prepare()) return;",
    "if (this.nextRequest(call.home) !== undefined) call.prepare();",
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
    '      call.cancelWith(Status.UNAVAILABLE, "server is shutting down");',
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
  ofBatches(REQUEST, "call.handOut(this.bound,", "call.handOut(this.notified,", "[Q27]"),
  ofBatches(BATCH, "(mask & SERVER_KINDS) === 0", "false", "[Q32]"),
  ofBatches(
    CALL,
    "kind === SEND_INITIAL_METADATA && this.sentMessages",
    "false",
    "initial metadata went out",
  ),
  ofBatches(
    BATCH,
    "    call.startedKinds |= kinds;",
    "    call.startedKinds = kinds;",
    "[Q33] initial metadata, status",
  ),
  ofBatches(
    BATCH,
    "const NOT_WITH_STATUS = bit(RECV_MESSAGE) | bit(RECV_CLOSE_ON_SERVER);",
    "const NOT_WITH_STATUS = 0;",
    "[Q35]",
  ),
  ofBatches(
    CALL,
    "return Number.isInteger(number) && number! >= 0 && number! <= 16 ? number : undefined;",
    "return number;",
    "[Q36]",
  ),
  ofBatches(CALL, "details, batch.trailers?.fields", "details", "arrive as they were sent"),
  ofBatches(
    CALL,
    "this.sendInitialMetadata(batch.headers)",
    "this.sendInitialMetadata(undefined)",
    "arrive as they were sent",
  ),
  ofBatches(
    CALL,
    "else if (!this.isOver && !this.writeBlocked) this.sent(true);",
    "else if (!this.isOver) this.sent(true);",
    "[Q44]",
  ),
  ofBatches(
    CALL,
    "protected override onReady(): void {\n    this.sent(true);",
    "protected override onReady(): void {",
    "[Q44]",
  ),
  ofBatches(
    CALL,
    "    sendingMessage?.done(false);\n    sendingEnd?.done(false);\n",
    "    sendingMessage?.done(true);\n    sendingEnd?.done(true);\n",
    "[Q45] [Q49] [Q52]",
  ),
  ofBatches(
    CALL,
    "if (wasOver) this.failSends(batch);",
    "if (wasOver) this.sent(false);",
    "[Q44] a status that waits",
  ),
  ofBatches(
    CALL,
    "if (this.receivingMessage !== operation) return;",
    "if (message === NO_MESSAGE || this.receivingMessage !== operation) return;",
    "[Q5] [Q83]",
  ),
  ofBatches(CALL, "    this.end(false, true);", "    this.end(true, true);", "[Q45] a message"),
  ofBatches(
    CALL,
    "operation.done(!operation.strict && !this.readsFail)",
    "operation.done(!operation.strict && !this.isCancelled)",
    "[Q45] [Q49] [Q52]",
  ),
  ofBatches(CALL, "error !== undefined || this.cancelled", "error !== undefined", "[Q52] what the library"),
  ofBatches(
    CORE,
    "    this.wasCancelled = true; // the stream may end, and say so, with the status\n",
    "",
    "[Q52] what the library",
  ),
  ofBatches(CALL, "operation.done(!operation.strict && !this.readsFail)", "operation.done(false)", "[Q48]"),
  ofBatches(
    CALL,
    "if (this.isCancelled) this.stored = undefined;",
    "if (this.isOver) this.stored = undefined;",
    "[Q53]",
  ),
  ofBatches(CALL, 'if (!this.isClosed) this.reset("call was cancelled by the server");', "", "[Q41]"),
  ofBatches(CALL, "    if (isTold) this.through();\n", "", "a call that its client has left"),
  ofBatches(
    CALL,
    "if (status !== undefined || this.isClosed) this.through();",
    "if (status !== undefined && !wasOver) this.through();",
    "a call that its client has left",
  ),
  ofStreams(
    STREAMS,
    "isOk ? [sendMessage(message), last] : [last]",
    "[sendMessage(message), last]",
    "[Q82] with a status",
  ),
  ofStreams(STREAMS, "if (isOkStatus(readStatus(status).code)) {", "if (false) {", "[Q82] with a status"),
  ofStreams(
    STREAMS,
    "sendInitialMetadata(initialMetadataOf(this.context))",
    "sendInitialMetadata()",
    "[Q82] unary",
  ),
  ofStreams(STREAMS, "new Metadata(trailing)", "new Metadata()", "[Q82] unary"),
  ofStreams(STREAMS, "RECV_MESSAGE, 0, undefined, true)", "RECV_MESSAGE, 0)", "[Q80] client streaming"),
  ofStreams(STREAMS, "if (last) this.#lastSent = true;", "", "[Q81] server streaming"),
  ofStreams(
    STREAMS,
    "const operations = [sendMessage(message, flags | OpFlags.BUFFER_HINT), this.status(status)];",
    "const operations = [this.status(status)];",
    "[Q81] writeAndFinish",
  ),
  ofStreams(CALL, "this.cancelWith(code, details);\n      return NO_MESSAGE;", "return NO_MESSAGE;", "[Q83]"),
  ofStreams(STREAMS, "if (responder.kind !== kind) {", "if (false) {", "a responder is of"),
  ofStreams(CONTEXT, "context.#isRequested = true;", "", "a responder is of"),
  ofStreams(
    STREAMS,
    "    super.begin();\n    markContext(this.responder.context, this.done);",
    "    markContext(this.responder.context, this.done);\n    super.begin();",
    "[Q73] a request that is refused",
  ),
  ofStreams(
    CALL,
    "if (whenDone !== undefined) this.queue.end(whenDone, true);",
    "",
    "[Q73] asyncNotifyWhenDone",
  ),
  ofStreams(CONTEXT, "this.#isSync || this.#done?.isDone", "true", "[Q73] asyncNotifyWhenDone"),
  ofStreams(
    REQUEST,
    "if (this.whenDone !== undefined) this.bound.end(this.whenDone, false);",
    "if (this.whenDone !== undefined) this.bound.end(this.whenDone, true);",
    "[Q73] where the server",
  ),
  ofStreams(CONTEXT, "this.#call?.cancel();", "", "tryCancel"),
  ofBatches(CALL, "if (this.isClosed) this.host.pending.delete(this);", "", "server.describePending()"),
  ofManager(
    MANAGER,
    "if (this.#isShutDown || this.#pollers >= this.#min) return true;",
    "return true;",
    "[Q75] a consumer that found",
  ),
  ofManager(
    MANAGER,
    "this.#isShutDown || this.#pollers >= this.#min",
    "this.#isShutDown",
    "[Q75] a consumer that found",
  ),
  ofManager(
    MANAGER,
    "if (this.#isShutDown || this.#pollers >= this.#max) return false;",
    "if (this.#isShutDown) return false;",
    "[Q75] a consumer that found",
  ),
  ofStreams(
    "surface/queue/server_streams.ts",
    "if (read.code === undefined) {",
    "if (false) {",
    "[Q82] with a status",
  ),
  ofStreams(
    "surface/queue/server_streams.ts",
    'if (typeof (read.details ?? "") === "string") return read;',
    "return read;",
    "[Q82] with a status",
  ),
  ofManager(
    MANAGER,
    "Number.isSafeInteger(given) && (given as number) >= 1",
    "(given as number) >= 1",
    "thread manager: wrong numbers",
  ),
  ofManager(MANAGER, "if (isCount(count) && count !== Infinity) return;", "return;", "wrong numbers"),
  ofManager(MANAGER, 'if (queue.completionType !== "NEXT") {', "if (false) {", "no queue of type NEXT"),
  ofManager(MANAGER, "maxPollers = 2,", "maxPollers = 3,", "[Q74]"),
  ofManager(MANAGER, "queueTimeoutMs = 10_000", "queueTimeoutMs = 1_000", "[Q74]"),
  ofManager(MANAGER, "return this.#pollers > 0;", "return true;", "[Q75] where the quota"),
  ofManager(MANAGER, "    this.#quota.release(1);\n", "", "[Q75] where the quota"),
  ofManager(
    MANAGER,
    "if (this.#isShutDown || this.#pollers >= this.#max) return false;",
    "if (this.#pollers >= this.#max) return false;",
    "[Q75] a consumer that times out",
  ),
  ofManager(
    MANAGER,
    "      await this.#work(event.tag, event.success, true);\n    }",
    "    }",
    "[Q75] a consumer that times out",
  ),
  ofPolled(
    POLLED_CALL,
    "done = resources ? this.run()",
    "done = resources || true ? this.run()",
    "[Q75] calls of a queue",
  ),
  ofPolled(
    POLLED,
    "if (!this.server.styles.isShutDown) this.request(call.method, call.notified);\n    return call.serve(resources);",
    "return Promise.resolve(call.serve(resources)).then(() => this.request(call.method, call.notified));",
    "[Q75] calls of a queue",
  ),
  ofPolled(
    POLLED,
    "for (const queue of this.queues) calls.registerCompletionQueue(queue);",
    "calls.registerCompletionQueue(this.queues[0]);",
    "[Q74] several queues",
  ),
  ofPolled(POLLED_CALL, "...trailing?.toHeaders()?.fields ?? [], ...fields", "...fields", "[Q76]"),
  ofPolled(
    POLLED_CALL,
    "statusOfThrown(error, this.host.exposeErrors)",
    "statusOfThrown(error, true)",
    "[Q76]",
  ),
  ofPolled(POLLED_CALL, "isEncoding ? new EncodeError(thrown.message) : thrown", "thrown", "[Q76]"),
  ofPolled(POLLED_CALL, "    this.sentInitial = true;\n", "", "[Q74] handlers of all four"),
  ofPolled(POLLED_CALL, "isInstance(thrown, CallError) &&", "thrown instanceof CallError &&", "[Q76]"),
  ofPolled(POLLED, "    this.checkQuota();\n", "", "[Q75] a server that did not start"),
  ofPolled(CONTEXT, "if (this.#isSync ||", "if (", "a cancelled call"),
  ofRequests(
    CORE,
    "if (this.host.interceptors !== undefined) this.intercept(this.host.interceptors);\n    else this.onTurn();",
    "this.onTurn();",
    "interceptors admit",
  ),
  {
    file: REQUEST,
    before: "    else if (bound.isOver) bound.refuse(this.purpose);",
    after: "    else bound.check(this);",
    test: REQUESTS_TEST,
    name: "[Q27] the tag",
  },
  ofBatches(CALL, "if (this.isCancelled) this.readsFail = true;", "", "[Q45] [Q49] [Q52]"),
  {
    file: CALL,
    before: "if (this.isCancelled) this.readsFail = true;",
    after: "this.readsFail = true;",
    test: "tests/surface/queue/server_oracle_test.ts",
    name: "oracle",
  },
  {
    file: "surface/queue/waiting_calls.ts",
    before: "    else this.head = next;",
    after: "",
    test: "tests/surface/queue/waiting_calls_test.ts",
    name: "leave in any order",
  },
  {
    file: "surface/queue/waiting_calls.ts",
    before: "if (call.previousWaiting !== undefined) call.keep();",
    after: "call.keep();",
    test: "tests/surface/queue/waiting_calls_test.ts",
    name: "kept apart",
  },
  {
    file: "surface/queue/waiting_calls.ts",
    before: "    this.recent.length = 0;",
    after: "",
    test: "tests/surface/queue/waiting_calls_test.ts",
    name: "kept apart",
  },
  {
    file: "surface/queue/server_call.ts",
    before: "    if (status !== undefined && !wasOver) {\n      this.sendCorked();",
    after: "    if (status !== undefined && !wasOver) {",
    test: "tests/surface/queue/server_batches_test.ts",
    name: "[Q38]",
  },
  {
    file: "surface/queue/server_requests.ts",
    before:
      "    this.begin(method, request);\n    if (!isServed) methods.setFallback(FALLBACK, method.begin);\n    this.unregistered = method;\n",
    after:
      "    if (!isServed) methods.setFallback(FALLBACK, method.begin);\n    this.unregistered = method;\n    this.begin(method, request);\n",
    test: "tests/surface/queue/server_requests_test.ts",
    name: "a refused requestCall leaves unknown methods UNIMPLEMENTED",
  },
  {
    file: "surface/queue/server_requests.ts",
    before: "    if (!isServed) methods.checkFallback(FALLBACK);\n",
    after: "",
    test: "tests/surface/queue/server_requests_test.ts",
    name: "requestCall where another service has all that is not registered is refused",
  },
  {
    file: "surface/queue/server_requests.ts",
    before: "const isServed = methods.isFallback(method.begin);",
    after: "const isServed = this.unregistered !== undefined;",
    test: "tests/surface/queue/server_requests_test.ts",
    name: "requestCall where another service has all that is not registered is refused",
  },
  {
    file: "surface/server/handler_slots.ts",
    before: "!this.starting) this.owner.schedule(this);",
    after: "!this.starting) this.resume();",
    test: "tests/surface/queue/server_requests_test.ts",
    name: "[Q121]",
  },
  {
    file: "surface/server/beginnings.ts",
    before: "!this.resuming) this.schedule(this);",
    after: "!this.resuming) this.resumeWaiting();",
    test: "tests/surface/server/beginnings_test.ts",
    name: "[Q121]",
  },
  {
    file: "surface/queue/polled_call.ts",
    before: "    if (complaint !== undefined) this.host.reporter",
    after: "    if (complaint === null) this.host.reporter",
    test: "tests/surface/queue/polled_methods_test.ts",
    name: "[Q76] what a handler throws",
  },
];
