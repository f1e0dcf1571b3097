// Faults of the generator as a tool: `pollwire gen`, protoc-gen-pollwire, and how they load .proto files.

const GEN = "tests/surface/cli/gen/gen_test.ts";
const OUTPUTS = "tests/surface/cli/gen/outputs_test.ts";
const PLUGIN = "tests/surface/cli/gen/plugin_test.ts";
const SOURCES = "tests/surface/proto/load_sources_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/proto/paths.ts",
    before: 'root === "\\\\\\\\" ? root : root.toUpperCase()',
    after: "root.toUpperCase()",
    test: "tests/surface/proto/paths_test.ts",
    name: "paths have one form",
  },
  {
    file: "surface/proto/paths.ts",
    before: 'part !== ".." || root === ""',
    after: 'part !== ".." || root !== "/"',
    test: "tests/surface/proto/paths_test.ts",
    name: "paths have one form",
  },
  {
    file: "surface/cli/commands/gen.ts",
    before: "if (errors.length === 0) return;",
    after: "if (errors.length >= 0) return;",
    test: GEN,
    name: "where files are wrong",
  },
  {
    file: "surface/cli/commands/gen.ts",
    before: "const wrong = missing.length + differing.length + stale.length;",
    after: "const wrong = missing.length + differing.length;",
    test: GEN,
    name: "what is gone from it is stale",
  },
  {
    file: "surface/cli/commands/gen.ts",
    before: "if (last === undefined) return ExitCode.FAILED;",
    after: "return ExitCode.FAILED;",
    test: GEN,
    name: "--watch generates again",
  },
  {
    file: "surface/cli/gen/outputs.ts",
    before: "if (found !== undefined && sameLines(found, text)) continue;",
    after: "",
    test: OUTPUTS,
    name: "others are not touched",
  },
  {
    file: "surface/cli/gen/outputs.ts",
    before: 'return found === text || found.includes("\\r\\n") &&',
    after: "return found === text || false &&",
    test: OUTPUTS,
    name: "others are not touched",
  },
  {
    file: "surface/cli/gen/outputs.ts",
    before: "    refuseOutside(path);\n",
    after: "",
    test: OUTPUTS,
    name: "nothing is written outside",
  },
  {
    file: "surface/cli/gen/outputs.ts",
    before: "if (texts.has(place)) throw",
    after: "if (false) throw",
    test: OUTPUTS,
    name: "nothing is written outside",
  },
  {
    file: "pollers/native/file_sets.ts",
    before: "    await Promise.all([...written.values()].map((beside) => rm(beside, { force: true })));\n",
    after: "",
    test: OUTPUTS,
    name: "where one file cannot be written",
  },
  {
    file: "pollers/native/watch_places.ts",
    before: "if (name === null || this.stamps.has(folder + name)) return this.soon();",
    after: "if (name === null) return this.soon();",
    test: GEN,
    name: "--watch generates again",
  },
  {
    file: "pollers/native/watch_places.ts",
    before: 'if (!this.whole.has(folder) || !name.endsWith(".proto")) return;',
    after: "if (true) return;",
    test: GEN,
    name: "--watch generates again",
  },
  {
    file: "surface/cli/gen/plugin.ts",
    before: "    takeComments(found.file, found.bytes);\n",
    after: "",
    test: PLUGIN,
    name: "comments of a descriptor",
  },
  {
    file: "surface/cli/gen/plugin.ts",
    before: "const FEATURE_SUPPORTS_EDITIONS = 2n;",
    after: "const FEATURE_SUPPORTS_EDITIONS = 0n;",
    test: PLUGIN,
    name: "the plugin makes of descriptors",
  },
  {
    file: "surface/cli/gen/options.ts",
    before: 'const name = written.replaceAll("_", "-");',
    after: "const name = written;",
    test: PLUGIN,
    name: "the plugin makes of descriptors",
  },
  {
    file: "surface/proto/load_sources.ts",
    before: "const name = isIncluded ? line.path : this.#nameOf(location) ?? line.path;",
    after: "const name = this.#nameOf(location) ?? line.path;",
    test: SOURCES,
    name: "an import is named as protoc names it",
  },
  {
    file: "surface/proto/load_sources.ts",
    before: "return below ? whole.slice(this.#here.length) : normalise(location);",
    after: "return normalise(location);",
    test: SOURCES,
    name: "a file is one file",
  },
  {
    file: "surface/proto/language/link_files.ts",
    before: "wrong.has(line.file))) return false;\n  wrong.add(file);",
    after: "wrong.has(line.file))) return false;",
    test: SOURCES,
    name: "what is only wrong because",
  },
  {
    file: "surface/proto/language/report.ts",
    before: "if (report === undefined) return step();",
    after: "if (report === undefined || true) return step();",
    test: SOURCES,
    name: "every error is there",
  },
  {
    file: "surface/proto/generate/module.ts",
    before: 'up + runtime.replace(/^\\.\\//, "")',
    after: "runtime",
    test: GEN.replace("gen_test", "own_files_test"),
    name: "what is generated in the library",
  },
  {
    file: "surface/services/load_report_service.ts",
    before: 'import { encodeFramed } from "../proto/codec.ts";',
    after: 'import { encodeFramed } from "../proto/mod.ts";',
    test: "tests/surface/proto/generate/entry_test.ts",
    name: "what the library speaks besides",
  },
];
