// Faults of servers by completion queues, and of what they stand on; `name` begins with the rule's number.

const TABLE = "surface/server/method_table.ts";
const STYLES = "surface/server/server_styles.ts";
const SERVER = "surface/server/server.ts";
const TABLE_TEST = "tests/surface/server/method_table_test.ts";

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
];
