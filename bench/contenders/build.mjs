// Builds the contenders that are compiled, once, into bench/results/build; says what is missing where it cannot.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("./", import.meta.url));
const bench = fileURLToPath(new URL("../", import.meta.url));
const output = `${bench}results/build/`;

/** C++ gRPC's server and client. */
export function buildCpp() {
  const flags = run("pkg-config", ["--cflags", "--libs", "grpc++", "protobuf"]);
  const plugin = run("which", ["grpc_cpp_plugin"]);
  if (flags === undefined || plugin === undefined || run("g++", ["--version"]) === undefined) {
    return { missing: "no C++ gRPC (Debian: g++ pkg-config libgrpc++-dev protobuf-compiler-grpc)" };
  }
  const folder = `${output}cpp/`;
  mkdirSync(folder, { recursive: true });
  for (const name of ["server", "client"]) {
    const source = `${here}cpp/${name}.cc`;
    if (isNewer(folder + name, source, `${bench}echo.proto`)) continue;
    announce(`C++ ${name}`);
    must("protoc", [
      "-I",
      bench,
      `--cpp_out=${folder}`,
      `--grpc_out=${folder}`,
      `--plugin=protoc-gen-grpc=${plugin}`,
      `${bench}echo.proto`,
    ]);
    const sources = [source, `${folder}echo.pb.cc`, `${folder}echo.grpc.pb.cc`];
    must("g++", ["-O2", "-std=c++17", `-I${folder}`, "-o", folder + name, ...sources, ...flags.split(/\s+/)]);
  }
  const version = run("pkg-config", ["--modversion", "grpc++"]);
  return { version, server: [`${folder}server`], client: [`${folder}client`] };
}

/** The raw echo in C, and the load that every echo gets. */
export function buildEcho() {
  if (run("cc", ["--version"]) === undefined) return { missing: "no C compiler (Debian: gcc)" };
  const folder = `${output}echo/`;
  mkdirSync(folder, { recursive: true });
  for (const name of ["server", "load"]) {
    const source = `${here}echo/${name}.c`;
    if (isNewer(folder + name, source)) continue;
    announce(`C echo's ${name}`);
    must("cc", ["-O2", "-o", folder + name, source]);
  }
  const version = run("cc", ["-dumpversion"]);
  return { version: `gcc ${version}`, server: [`${folder}server`], load: [`${folder}load`] };
}

/** Go gRPC's server, from Debian's packages and without modules. */
export function buildGo() {
  const packages = "/usr/share/gocode";
  const has = existsSync(`${packages}/src/google.golang.org/grpc`);
  if (!has || run("go", ["version"]) === undefined || run("which", ["protoc-gen-go"]) === undefined) {
    return {
      missing:
        "no Go gRPC (Debian: golang-go golang-google-grpc-dev golang-goprotobuf-dev protobuf-compiler)",
    };
  }
  const workspace = `${output}go`;
  const program = `${workspace}/server`;
  if (!isNewer(program, `${here}go/server.go`, `${bench}echo.proto`)) {
    announce("Go server");
    const generated = `${workspace}/src/bench/echo`;
    mkdirSync(generated, { recursive: true });
    must("protoc", [
      "-I",
      bench,
      `--go_out=plugins=grpc,import_path=echo,Mecho.proto=bench/echo:${generated}`,
      "--go_opt=paths=source_relative",
      `${bench}echo.proto`,
    ]);
    const environment = {
      GO111MODULE: "off",
      GOPATH: `${workspace}:${packages}`,
      GOCACHE: `${workspace}/cache`,
    };
    must("go", ["build", "-o", program, `${here}go/server.go`], environment);
  }
  const source = `${packages}/src/google.golang.org/grpc/version.go`;
  const version = run("sed", ["-n", 's/^const Version = "\\(.*\\)"/\\1/p', source]);
  return { version, server: [program], client: undefined };
}

function announce(what) {
  process.stderr.write(`\r\x1b[KBuilding the ${what}, once ...`);
}

function isNewer(program, ...sources) {
  return existsSync(program) &&
    sources.every((source) => statSync(source).mtimeMs <= statSync(program).mtimeMs);
}

/** What the command prints, or undefined where it cannot be run. */
function run(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

function must(command, args, environment = {}) {
  const env = { ...process.env, ...environment };
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0) {
    throw new Error(`Cannot build: ${command} failed: ${(error?.message ?? stderr).slice(-2_000)}`);
  }
}
