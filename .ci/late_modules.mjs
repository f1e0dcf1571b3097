// Modules that Bun loads when a function of theirs is called for the first time, not with what imports them.
//
// Bun parses all that is loaded, and the full entry leads to much that a program does not use. Its `import.meta.require` loads
// a module at once, so functions stay what they are.
import { readFileSync } from "node:fs";
import { dirname, posix, relative, resolve } from "node:path";
import { root } from "./runtimes.mjs";

/** Those of which some function is not called by every program of the full entry. */
export const LATE = [
  "pollers/ffi/libc.ts",
  "pollers/ffi_pollers.ts",
  "pollers/native/served.ts",
  "surface/blocking/sync_client.ts",
  "surface/call/standard_details.ts",
  "surface/channelz/service.ts",
  "surface/etcd/announce.ts",
  "surface/etcd/etcd_resolver.ts",
  "surface/proto/compile/interpret_decoder.ts",
  "surface/proto/compile/interpret_encoder.ts",
  "surface/proto/descriptor/descriptor_types.ts",
  "surface/proto/descriptor/load_descriptors.ts",
  "surface/proto/descriptor/write_file.ts",
  "surface/proto/json/read_json.ts",
  "surface/proto/json/write_json.ts",
  "surface/queue/create_call.ts",
  "surface/queue/queue_client.ts",
  "surface/reactor/generic_reactor_client.ts",
  "surface/reactor/reactor_client.ts",
  "surface/services/health_service.ts",
  "surface/services/load_report_service.ts",
  "surface/services/reflection_service.ts",
  "surface/workers/reactor_workers.ts",
  "transport/in_process/listener.ts",
  "transport/tls/openssl/context.ts",
];

/** Those of other runtimes, which Bun has none of. */
const ELSEWHERE = ["pollers/native/deno.ts", "pollers/native/deno_listener.ts"];

const NAMED = /(?<=^|; )(import|export) \{([^}]*)\} from "([^"]+)";/gm;
const FUNCTION = /^export (?:async )?function (\w+)/gm;
const EXPORTED = /^export (?:class|function|const) \w+/gm;
const COMMENT = /^\s*\/\/.*$|\/\*[^]*?\*\//gm;

/** The functions that each of them exports. */
const functions = new Map(LATE.map((path) => {
  const text = readFileSync(root + path, "utf8").replace(COMMENT, "");
  return [path, new Set([...text.matchAll(FUNCTION)].map(([, name]) => name))];
}));

/**
 * A plugin for esbuild: who imports nothing but functions of such a module has functions that load it. Chunks name what they
 * load as `namedLate` says.
 */
export function lateModules() {
  return {
    name: "late-modules",
    setup(build) {
      build.onLoad({ filter: new RegExp(`/(?:${ELSEWHERE.join("|")})$`) }, ({ path }) => ({
        contents: readFileSync(path, "utf8").replace(COMMENT, "").match(EXPORTED)
          .map((head) => `export const ${head.split(" ").at(-1)} = undefined;`).join("\n"),
        loader: "js",
      }));
      build.onResolve(
        { filter: /^late:/ },
        ({ path }) => ({ path: path.slice(5), namespace: "late", sideEffects: false }),
      );
      build.onLoad(
        { filter: /./, namespace: "late" },
        ({ path }) => ({ contents: stub(path), loader: "js" }),
      );
    },
  };
}

/** The text of a file in which such imports are of `late:`, on as many lines. */
export function importLate(path, text) {
  return text.replace(NAMED, (statement, verb, list, from) => {
    if (!from.startsWith(".") && !from.startsWith("/")) return statement;
    const source = relative(root, resolve(dirname(path), from));
    const names = list.split(",").map((item) => item.trim())
      .filter((item) => item !== "" && !item.startsWith("type "));
    const known = functions.get(source);
    if (known === undefined || !names.every((item) => known.has(item.split(" as ")[0]))) return statement;
    return `${verb} { ${names.join(", ")} } from "late:${source}";` +
      "\n".repeat(statement.split("\n").length - 1);
  });
}

function stub(path) {
  return [
    "let loaded;",
    `const load = () => loaded ??= requireLate("${path}");`,
    ...[...functions.get(path)].map((name) =>
      `export function ${name}(...given) {\n  return load().${name}(...given);\n}`
    ),
  ].join("\n");
}

/** The text of the chunk `name`, in which the modules are where they lie beside it. */
export function namedLate(name, text) {
  return text.replaceAll(/\brequireLate\("([^"]+)\.ts"\)/g, (_, path) => {
    const at = posix.relative(posix.dirname(name), `${path}.js`);
    const from = JSON.stringify(at.startsWith(".") ? at : `./${at}`);
    return `(typeof require === "function" ? require(${from}) : import.meta.require(${from}))`;
  });
}
