// gRPC of other languages, from Debian's packages: whether it is here, and how a program on it is built, once.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";

/** Where Debian's Go packages are. */
export const GO_PACKAGES = "/usr/share/gocode";

/** Why nothing can be built on C++ gRPC here, or undefined. */
export function cppMissing() {
  const has = run("pkg-config", ["--exists", "grpc++"]) !== undefined &&
    run("which", ["grpc_cpp_plugin"]) !== undefined && run("g++", ["--version"]) !== undefined;
  return has ? undefined : "no C++ gRPC (Debian: g++ pkg-config libgrpc++-dev protobuf-compiler-grpc)";
}

/** Builds `source`, which includes the code that protoc makes of `proto`, into `program`. */
export function buildCpp({ what, program, source, proto, flags }) {
  const folder = folderOf(program);
  buildOnce(what, program, [source, proto], (output) => {
    const plugin = run("which", ["grpc_cpp_plugin"]);
    const made = [`--cpp_out=${folder}`, `--grpc_out=${folder}`, `--plugin=protoc-gen-grpc=${plugin}`];
    must("protoc", ["-I", folderOf(proto), ...made, proto]);
    const base = folder + proto.slice(folderOf(proto).length, -".proto".length);
    const libraries = run("pkg-config", ["--cflags", "--libs", "grpc++", "protobuf"]).split(/\s+/);
    const sources = [source, `${base}.pb.cc`, `${base}.grpc.pb.cc`];
    must("g++", [...flags, "-std=c++17", `-I${folder}`, "-o", output, ...sources, ...libraries]);
  });
}

/** Why nothing can be built on Go gRPC here, or undefined; `generates`: the code for messages is to be made too. */
export function goMissing({ generates = false } = {}) {
  const has = existsSync(`${GO_PACKAGES}/src/google.golang.org/grpc`) && run("go", ["version"]) !== undefined;
  if (has && (!generates || run("which", ["protoc-gen-go"]) !== undefined)) return undefined;
  const packages = generates ? " golang-goprotobuf-dev protobuf-compiler" : "";
  return `no Go gRPC (Debian: golang-go golang-google-grpc-dev${packages})`;
}

/** Builds `source` into `program`, without modules; `prepare` makes what else it imports, of the further `inputs`. */
export function buildGo({ what, program, source, inputs = [], prepare = () => {} }) {
  buildOnce(what, program, [source, ...inputs], (output) => {
    const workspace = `${folderOf(program)}workspace`;
    prepare(workspace);
    const environment = {
      GO111MODULE: "off",
      GOPATH: `${workspace}:${GO_PACKAGES}`,
      GOCACHE: `${workspace}/cache`,
    };
    must("go", ["build", "-o", output, source], environment);
  });
}

/** A Python that has `modules`, or undefined: Debian's packages belong to Debian's, which need not be first on PATH. */
export function findPython(...modules) {
  return ["python3", "/usr/bin/python3"].find((python) =>
    run(python, ["-c", `import ${modules.join(", ")}`]) !== undefined
  );
}

/** Makes `name`_pb2.py of `name`.proto in `folder`. */
export function makePythonMessages(folder, proto) {
  const name = `${proto.slice(folderOf(proto).length, -".proto".length)}_pb2.py`;
  buildOnce("Python messages", folder + name, [proto], (output) => {
    mkdirSync(output, { recursive: true }); // protoc gives its file the name
    must("protoc", ["-I", folderOf(proto), `--python_out=${output}`, proto]);
    return `${output}/${name}`;
  });
}

/**
 * A folder of this user alone below the system's temporary one, where programs stay that were built. Throws where
 * somebody else has made it.
 */
export function cacheFolder() {
  const user = process.getuid?.();
  const folder = `${os.tmpdir()}/pollwire-built-${user}/`;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(folder.slice(0, -1));
  if (uid !== user || (mode & 0o022) !== 0) {
    throw new Error(`Cannot build in ${folder}: others can write there; remove it`);
  }
  return folder;
}

/** Has `build` make `program`, unless it was made of the same `sources`; `build` may say what it made instead. */
export function buildOnce(what, program, sources, build) {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(readFileSync(source));
  const stamp = hash.digest("hex");
  if (
    existsSync(program) && existsSync(`${program}.stamp`) &&
    readFileSync(`${program}.stamp`, "utf8") === stamp
  ) {
    return;
  }
  mkdirSync(folderOf(program), { recursive: true });
  process.stderr.write(`\r\x1b[KBuilding the ${what}, once ...\n`);
  const output = `${program}.${process.pid}`;
  renameSync(build(output) ?? output, program);
  rmSync(output, { recursive: true, force: true });
  writeFileSync(`${program}.stamp`, stamp);
}

function folderOf(path) {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** What the command prints, or undefined where it fails. */
export function run(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs the command; throws what it says where it fails. */
export function must(command, args, environment = {}) {
  const env = { ...process.env, ...environment };
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0) {
    throw new Error(`Cannot build: ${command} failed: ${(error?.message ?? stderr).slice(-2_000)}`);
  }
}
