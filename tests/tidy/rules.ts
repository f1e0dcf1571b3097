// The rules of docs/STYLE.md and docs/ARCHITECTURE.md that a machine can hold: each says what is wrong in one file.
import { findFunctions } from "./functions.ts";
import { lineOf } from "./scanner.ts";
import type { Source } from "./source.ts";

/** Says what is wrong with a file, each problem with its place. */
export type Rule = (source: Source) => string[];

/** The layers, lowest first: a file may import from its own layer and from those before it. */
const LAYERS = ["pollers", "transport", "surface", "mod.ts"];

/** The only folders that may name a runtime, and the program's terminal. */
const RUNTIME_FOLDERS = /^(?:pollers\/(?:native|ffi)\/|surface\/cli\/process_terminal\.ts$)/;

/** The program: it uses the library, which knows nothing of it. */
const PROGRAM = /^surface\/cli\//;

/** The packages that adapters are for, which their users have: peers of this one, and optional. */
const ADAPTED: ReadonlyArray<readonly [folder: RegExp, packages: RegExp]> = [
  [/^surface\/adapters\/protobuf_es\//, /^@bufbuild\/protobuf(?:\/|$)/],
  [/^surface\/adapters\/connect\//, /^@(?:bufbuild\/protobuf|connectrpc\/connect)(?:\/|$)/],
];

/** Adapters: they use the library, which knows nothing of them. */
const ADAPTERS = /^surface\/adapters\//;

/** The folders without clock, timer, promise, socket or randomness. */
const SANS_IO_FOLDERS = /^transport\/(?:http2|hpack)\//;

/** What sans-IO files may import besides types: each other, and a container without a runtime behind it. */
const SANS_IO_IMPORTS = /^(?:transport\/(?:http2|hpack)\/|pollers\/contract\/slice_buffer\.ts$)/;

/** The engine contract, and what its files may import: each other, and what logs. */
const CONTRACT_FOLDER = /^pollers\/contract\//;
const CONTRACT_IMPORTS = /^pollers\/(?:contract|log)\//;

/** What the surface imports of the transport: all of it, or, for codecs, which stand alone, what they share with it. */
const TRANSPORT_ENTRIES = new Set(["transport/mod.ts", "transport/framing.ts"]);

const MOST_FILE_LINES = 600;
const MOST_FUNCTION_LINES = 70;

/** Whether `path` is part of the library itself. */
export function isLibrary(path: string): boolean {
  return LAYERS.includes(layerOf(path));
}

function layerOf(path: string): string {
  return path.split("/")[0]!;
}

function place(source: Source, at: number): string {
  return `${source.path}:${lineOf(source.text, at)}`;
}

function forbid(source: Source, pattern: RegExp, because: string): string[] {
  return [...source.code.matchAll(pattern)].map((match) =>
    `${place(source, match.index)}: "${match[0]}" ${because}`
  );
}

/** Imports go one way, sans-IO stays closed, and packages are those that are agreed on. */
export const imports: Rule = (source) => {
  if (!isLibrary(source.path)) return [];
  const layer = layerOf(source.path);
  return source.imports.flatMap(({ at, specifier, target, typeOnly }) => {
    const sansIo = SANS_IO_FOLDERS.test(source.path) && !typeOnly;
    const because = whyNot(source.path, layer, specifier, target) ??
      (sansIo && !SANS_IO_IMPORTS.test(target ?? "") ? "has no place in sans-IO code" : undefined);
    return because === undefined ? [] : [`${place(source, at)}: "${specifier}" ${because}`];
  });
};

function whyNot(path: string, layer: string, specifier: string, target?: string): string | undefined {
  if (specifier === "node:http2" || specifier.startsWith("@grpc/")) return "is what this library replaces";
  if (target === undefined) {
    if (specifier.startsWith("node:")) {
      return RUNTIME_FOLDERS.test(path)
        ? undefined
        : "is for pollers/native, pollers/ffi and the program's terminal alone";
    }
    if (ADAPTED.some(([folder, packages]) => folder.test(path) && packages.test(specifier))) return undefined;
    return "is a package, and the library has none";
  }
  const targetLayer = layerOf(target);
  if (targetLayer === "mod.ts") return "is the package's entry, not a part of it";
  if (!LAYERS.includes(targetLayer)) return "is outside the library";
  if (ADAPTERS.test(target) && !ADAPTERS.test(path)) return "is an adapter, and the library has no package";
  if (PROGRAM.test(target) && !PROGRAM.test(path)) return "is the program, not a part of the library";
  if (layer === "surface" && targetLayer === "transport" && !TRANSPORT_ENTRIES.has(target)) {
    return "goes past transport/mod.ts, the list of what the transport offers";
  }
  if (CONTRACT_FOLDER.test(path) && !CONTRACT_IMPORTS.test(target)) return "is not for the engine contract";
  if (LAYERS.indexOf(targetLayer) > LAYERS.indexOf(layer)) return `imports upwards, from ${layer}`;
  return undefined;
}

/** Only pollers/native and pollers/ffi name a runtime. */
export const runtimes: Rule = (source) => {
  if (!isLibrary(source.path) || RUNTIME_FOLDERS.test(source.path)) return [];
  const because = "names a runtime outside pollers/native and pollers/ffi";
  return [
    ...forbid(
      source,
      /(?<![\w$])(?:Deno|Bun)(?![\w$])|(?<![\w$.])process(?=\s*\.)|globalThis\.process\b/g,
      because,
    ),
    ...source.strings.filter(({ text }) =>
      ["Deno", "Bun", "process"].includes(text) || text.startsWith("node:")
    )
      .map(({ at, text }) => `${place(source, at)}: "${text}" ${because}`),
  ];
};

/** transport/http2 and transport/hpack know no time, no promise and no chance. */
export const sansIo: Rule = (source) => {
  if (!SANS_IO_FOLDERS.test(source.path)) return [];
  const names = "setTimeout|setInterval|setImmediate|queueMicrotask|Promise|async|await|Date|performance|" +
    "crypto|fetch|WebSocket|Worker|Atomics";
  return forbid(
    source,
    new RegExp(`(?<![\\w$.])(?:${names})(?![\\w$])|\\bMath\\.random\\b|\\.then\\(`, "g"),
    "has no place in sans-IO code",
  );
};

/** From a call to the wire nothing waits for a promise: the API styles alone have promises, and what is asynchronous by nature. */
const PUSH_FOLDERS = /^(?:transport|surface\/(?:call|client|channel|server))\//;

/** Public methods of channels and servers that are promises to the application. */
const PUBLIC_PROMISES = new Set([
  "surface/channel/channel.ts",
  "surface/server/server.ts",
  "surface/server/bind_addresses.ts", // of listen
  "surface/server/binding.ts",
  // Interceptors are promise functions by nature; the server takes their end by callbacks.
  "surface/server/interceptor.ts",
]);

/** The call core, client, channel, server and transport are synchronous. */
export const push: Rule = (source) => {
  if (!PUSH_FOLDERS.test(source.path) || PUBLIC_PROMISES.has(source.path)) return [];
  return forbid(
    source,
    /(?<![\w$.])(?:Promise|PromiseLike|async|await)(?![\w$])|\.then\(/g,
    "has no place between a call and the wire",
  );
};

/** The API styles, which stand beside each other. */
const STYLES = /^surface\/(promise|queue|reactor|blocking)\//;

/** What no style is known to, but by what is registered with a server. */
const BELOW_STYLES = /^surface\/(?:call|client|channel|server|proto)\//;
const STYLE_REGISTRY = "surface/server/service.ts";

/** Styles import no other style, and what is below them imports none. */
export const styles: Rule = (source) => {
  const own = STYLES.exec(source.path)?.[1];
  if (own === undefined && !BELOW_STYLES.test(source.path)) return [];
  if (source.path === STYLE_REGISTRY) return [];
  return source.imports.flatMap(({ at, specifier, target }) => {
    const other = STYLES.exec(target ?? "")?.[1];
    if (other === undefined || other === own) return [];
    return [`${place(source, at)}: "${specifier}" is an API style, and they stand beside each other`];
  });
};

/** The only file of the library that may print: what nobody else is told goes through it. */
const LOGGER = "pollers/log/logger.ts";

/** Library code prints nothing but what it logs. */
export const silence: Rule = (source) =>
  isLibrary(source.path) && source.path !== LOGGER
    ? forbid(source, /(?<![\w$.])console(?![\w$])/g, "prints from library code")
    : [];

/** What `pollwire gen` made: its .proto file is what people read. */
export function isGenerated({ text }: Source): boolean {
  return text.startsWith("// Generated by pollwire gen ");
}

/** Files and functions are short; tables and lists of test cases are as long as they must be. */
export const sizes: Rule = (source) => {
  if (source.path.startsWith("tests/") || isGenerated(source)) return [];
  const lines = source.text.trimEnd().split("\n").length;
  const problems = lines > MOST_FILE_LINES && !/_table\.\w+$/.test(source.path)
    ? [`${source.path}: ${lines} lines, more than ${MOST_FILE_LINES}`]
    : [];
  for (const { name, line, lines } of findFunctions(source.code)) {
    if (lines <= MOST_FUNCTION_LINES) continue;
    problems.push(
      `${source.path}:${line}: ${name || "a function"} has ${lines} lines, more than ${MOST_FUNCTION_LINES}`,
    );
  }
  return problems;
};

/** A file begins by saying what it is for; a test's name does. */
export const header: Rule = ({ path, text }) =>
  path.endsWith("_test.ts") ||
    /^(?:#!.*\n)?(?:\/\/ \S|\/\*\*?\s)/.test(text)
    ? []
    : [`${path}:1: the first line does not say what the file is for`];

// Written in pieces, so that this file does not break its own rule.
const UNFINISHED = new RegExp(
  `\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`,
  "g",
);
const UNFINISHED_PHRASES = new RegExp(
  ["place" + "holder", "not " + "implemented", "for " + "now\\b"].join("|"),
  "gi",
);

/** Nothing is left for later under a word that says so. */
export const finished: Rule = ({ path, text }) =>
  [UNFINISHED, UNFINISHED_PHRASES].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) =>
      `${path}:${lineOf(text, match.index)}: "${match[0]}" is unfinished`
    )
  );

/** A comment that sends its reader to another one and adds nothing: tools show that one where there is none. */
const POINTER = /^\/\*\* See (?:the contract|the base class|`[A-Z]\w*`|\{@linkcode [A-Z]\w*\})\. \*\/$/;

/** Comments on inherited members say what differs, or there is none. */
export const pointers: Rule = ({ path, text, code, comments }) =>
  comments.filter(({ at, text: comment }) =>
    isLibrary(path) && POINTER.test(comment) && INHERITED_MEMBER.test(code.slice(at + comment.length))
  ).map(({ at, text: comment }) => `${path}:${lineOf(text, at)}: "${comment}" says nothing`);

/** A member of a class that has a body, or overrides one. */
const INHERITED_MEMBER =
  /^\s*(?:override |get |async )*(?!constructor)\w+(?:<[^(]*>)?\([^;]*?\{\n|^\s*override /;

const MACHINE_PATHS = /(?<![\w.$}/-])\/(?:home|root|work|Users)\/[\w.]|\b[A-Za-z]:\\+Users\b/g;
const REGISTRIES = new RegExp(
  ["registry\\.npm" + "js\\.org", "registry\\.yarn" + "pkg\\.com", "npm\\.jsr" + "\\.io"].join("|"),
  "g",
);

/** Nothing depends on one machine, or on where packages come from; for files of any kind. */
export function portable(path: string, text: string): string[] {
  return [MACHINE_PATHS, REGISTRIES].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) =>
      `${path}:${lineOf(text, match.index)}: "${match[0]}" holds on one machine only`
    )
  );
}
