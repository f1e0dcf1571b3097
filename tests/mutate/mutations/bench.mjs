// Faults of the bench: a figure that is wrong looks like any other.

const DOCUMENTED = "tests/bench/documented_test.ts";
const REPORT = "tests/bench/report_test.ts";
const POLLER_TABLES = "tests/bench/poller_tables_test.ts";
const GENERATOR = "tests/bench/generator_test.ts";

const mutation = (file, before, after, test, name, runtime = "deno") => ({
  file,
  before,
  after,
  test,
  name,
  runtime,
});

/** As `readMutations` describes them. */
export default [
  mutation(
    "bench/load/connection.ts",
    "slot.right = responses.echoIsRight;",
    "slot.right = true;",
    GENERATOR,
    "another call's headers",
  ),
  mutation(
    "bench/load/response_reader.ts",
    "this.isText(bytes, ZERO)",
    "true",
    "tests/bench/response_reader_test.ts",
    "response reader",
  ),
  mutation(
    "bench/load/response_reader.ts",
    "(this.newest - (index - STATIC_LENGTH - 1))",
    "(this.newest - (index - STATIC_LENGTH))",
    "tests/bench/response_reader_test.ts",
    "response reader",
  ),
  mutation(
    "bench/load/header_script.ts",
    "while (this.size > this.maxSize)",
    "while (this.size > 2 * this.maxSize)",
    GENERATOR,
    "header script",
  ),
  mutation(
    "bench/load/header_script.ts",
    "STATIC_LENGTH + 1 + at",
    "STATIC_LENGTH + at",
    GENERATOR,
    "header script",
  ),
  mutation("bench/report/palette.mjs", 'failed: "#ff8a80"', 'failed: "#d03b3b"', REPORT, "dark colours"),
  mutation("bench/report/palette.mjs", "** 2.4", "** 1", REPORT, "contrast is WCAG's"),
  mutation("bench/report/table.mjs", "widths[0] -= Math.max(0, whole - WIDTH);", "", REPORT, "120 columns"),
  mutation(
    "bench/report/groups.mjs",
    "Number(a.value === undefined) - Number(b.value === undefined)",
    "0",
    "tests/bench/statistics_test.ts",
    "failures come along",
  ),
  mutation(
    "bench/measure/disturbance.mjs",
    "to.work - from.work - own",
    "to.work - from.work",
    REPORT,
    "without our own",
  ),
  mutation("bench/measure/disturbance.mjs", "disturbed > known.length / 5", "false", REPORT, "is busy"),
  mutation("bench/documented.mjs", "(us) => us <= most)", "() => true)", DOCUMENTED, "aims are reached"),
  mutation(
    "bench/report/markdown.mjs",
    "return place(one) - place(other);",
    "return 0;",
    DOCUMENTED,
    "ours first",
  ),
  mutation(
    "bench/report/markdown.mjs",
    "(load === undefined || group.load === load)",
    "true",
    DOCUMENTED,
    "ours first",
  ),
  mutation(
    "bench/report/descriptors.mjs",
    "contenders.filter(({ grpc }) => !grpc), ({ cpu })",
    "contenders, ({ cpu })",
    POLLER_TABLES,
    "medians of rounds",
  ),
  mutation(
    "bench/report/descriptors.mjs",
    "count > limit - SPARE ? most : count",
    "count",
    POLLER_TABLES,
    "as the limit allows",
  ),
  mutation(
    "bench/report/lines.mjs",
    "end.y = Math.min(end.y, lowest);",
    "",
    POLLER_TABLES,
    "inside the drawing",
  ),
  mutation(
    "bench/report/spin.mjs",
    "rate / base.rounds[i].rate",
    "rate / base.rounds[0].rate",
    POLLER_TABLES,
    "round by round",
  ),
  mutation(
    "bench/report/marked.mjs",
    "content === undefined ? there",
    'content === undefined ? ""',
    POLLER_TABLES,
    "keeps what it has",
  ),
];
