// Other implementations of gRPC that take part in the interop tests: whether they are here, and how they are started.
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import * as toolchains from "../../.ci/grpc_toolchains.mjs";
import { nodeMissing } from "../peers/processes.ts";
import { peersAreRemote, startRemotePeer } from "../peers/remote.ts";
import { recordProcess } from "../process_record.ts";

/** One of them: a program that is a server or a client, as its first argument says. */
export interface Peer {
  /** Why it cannot run here, or undefined. */
  readonly missing: string | undefined;
  /** Its command, built where it must be. */
  readonly command: () => string[];
  readonly environment?: () => Record<string, string>;
  /** Its path below tests/, where it is a script of Node. */
  readonly script?: string;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const proto = here("./test.proto");
const remote = peersAreRemote ? "only scripts of Node are started from Wine" : undefined;

/** Node and @grpc/grpc-js. */
export const grpcJs: Peer = {
  missing: nodeMissing,
  command: () => ["node", here("./peers/grpc_js_peer.mjs")],
  script: "interop/peers/grpc_js_peer.mjs",
};

/** C++ gRPC of Debian. */
export const cpp: Peer = {
  missing: remote ?? toolchains.cppMissing(),
  command() {
    const program = `${toolchains.cacheFolder()}interop_cpp/peer`;
    const source = here("./peers/cpp_peer.cc");
    toolchains.buildCpp({ what: "interop tests on C++ gRPC", program, source, proto, flags: ["-O0"] });
    return [program];
  },
};

/** Go gRPC of Debian. */
export const go: Peer = {
  missing: remote ?? toolchains.goMissing(),
  command() {
    const program = `${toolchains.cacheFolder()}interop_go/peer`;
    toolchains.buildGo({ what: "interop tests on Go gRPC", program, source: here("./peers/go_peer.go") });
    return [program];
  },
};

const pythonPath = (): string => `${toolchains.cacheFolder()}interop_python/`;

/** Python gRPC of Debian. */
export const python: Peer = {
  missing: remote ?? pythonMissing(),
  command() {
    toolchains.makePythonMessages(pythonPath(), proto);
    return [toolchains.findPython("grpc", "google.protobuf")!, "-B", here("./peers/python_peer.py")];
  },
  environment: () => ({ PYTHONPATH: pythonPath() }),
};

function pythonMissing(): string | undefined {
  const has = toolchains.findPython("grpc", "google.protobuf") !== undefined &&
    toolchains.run("protoc", ["--version"]) !== undefined;
  return has ? undefined : "no Python gRPC (Debian: python3-grpcio python3-protobuf protobuf-compiler)";
}

/** How a case ended, by its name: "ok", or why it failed. */
export type Results = Map<string, string>;

/** Runs `use` against the peer's server, which gets `flags` too, and is killed afterwards. */
export async function withServer<T>(
  peer: Peer,
  use: (port: number) => Promise<T>,
  flags: readonly string[] = [],
): Promise<T> {
  let listening = (_port: number): void => {};
  const port = new Promise<number>((resolve) => listening = resolve);
  const { ended, kill } = start(peer, ["server", "--port=0", ...flags], (output) => {
    const match = /listening (\d+)/.exec(output);
    if (match) listening(Number(match[1]));
  });
  const early = ended.then(({ code, output }): never => {
    throw new Error(`The server ended with ${code} before it listened: ${output}`);
  });
  early.catch(() => {}); // it ends in any case, later
  try {
    return await use(await Promise.race([port, early]));
  } finally {
    await kill();
  }
}

/** Has the peer's client run `names` against `port`; it gets `flags` too. */
export async function runClient(
  peer: Peer,
  port: number,
  names: readonly string[],
  flags: readonly string[] = [],
): Promise<Results> {
  const args = ["client", `--server_port=${port}`, `--test_case=${names.join()}`, ...flags];
  const { code, output } = await start(peer, args).ended;
  const results: Results = new Map();
  for (const [, how, name, because] of output.matchAll(/^(ok|FAILED) (\w+)(?:: (.*))?/gm)) {
    results.set(name!, how === "ok" ? "ok" : because ?? "failed");
  }
  for (const name of names) {
    if (!results.has(name)) results.set(name, `the client ended with ${code} before; it said: ${output}`);
  }
  return results;
}

interface Started {
  /** Its exit code or signal where that is known, and everything it printed. */
  readonly ended: Promise<{ code: number | string | null; output: string }>;
  kill(): Promise<void>;
}

/** `onOutput` gets everything it has printed so far, each time there is more. */
function start(peer: Peer, args: string[], onOutput: (output: string) => void = () => {}): Started {
  if (peersAreRemote) {
    const { output, kill } = startRemotePeer({ script: peer.script!, args }, onOutput);
    return { ended: output.then((output) => ({ code: null, output })), kill };
  }
  const [command, ...before] = peer.command();
  const child = spawn(command!, [...before, ...args], {
    stdio: ["pipe", "pipe", "inherit"], // a server ends with its standard input, so with this process
    env: { ...process.env, ...peer.environment?.() },
  });
  recordProcess([command, ...before, ...args].join(" "), child);
  let output = "";
  child.stdout!.setEncoding("utf8").on("data", (text) => onOutput(output += text));
  const ended = new Promise<{ code: number | string | null; output: string }>((resolve) => {
    child.on("error", (error) => resolve({ code: error.message, output }));
    child.on("close", (code, signal) => resolve({ code: code ?? signal, output }));
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  return { ended, kill };
}
