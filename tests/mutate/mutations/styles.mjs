// Faults of what every style of API has in common for its users: names of statuses, and what is read too early.

const REQUESTS_TEST = "tests/surface/queue/server_requests_test.ts";
const ACCEPTED = "surface/queue/accepted_call.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/promise/message_source.ts",
    before: "    waiter?.({ value, done: false });\n",
    after: "    waiter!({ value, done: false });\n",
    test: "tests/surface/codecs_test.ts",
    name: "which is waited for aborts its call",
  },
  {
    file: "surface/reactor/server_reactors.ts",
    before: 'typeof status === "string" ? statusCode(status) ?? (status as never) : status',
    after: "status as StatusCode",
    test: "tests/surface/reactor/server_test.ts",
    name: "[Q99] finish is called exactly once",
  },
  {
    file: ACCEPTED,
    before: "return this.#inside !== undefined;",
    after: "return true;",
    test: REQUESTS_TEST,
    name: "[Q66]",
  },
  {
    file: ACCEPTED,
    before: "return this.#inside ?? notThere();",
    after: "return this.#inside!;",
    test: REQUESTS_TEST,
    name: "[Q66]",
  },
  {
    file: ACCEPTED,
    before: "if (call.payload !== undefined) requested.#message",
    after: "requested.#message",
    test: REQUESTS_TEST,
    name: "[Q62] one request",
  },
  {
    file: "surface/server/beginnings.ts",
    before: "if (this.begun > 0) this.begun--;",
    after: "",
    test: "tests/surface/server/beginnings_test.ts",
    name: "a handler that ends gives its place",
  },
  {
    file: "surface/server/beginnings.ts",
    before: "if (this.begun > 0) this.begun--;",
    after: "this.begun--;",
    test: "tests/surface/server/beginnings_test.ts",
    name: "a handler that ends gives its place",
  },
  {
    file: "surface/server/handler_slots.ts",
    before: "if (call.streamsResponses) this.owner.beginnings.ended();",
    after: "",
    test: "tests/surface/server/beginnings_test.ts",
    name: "a hundred streams that are answered at once",
  },
];
