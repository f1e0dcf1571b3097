// Builds the contenders that are compiled, once, into bench/results/build; says what is missing where it cannot.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildCpp as compileCpp, buildOnce, cppMissing } from "../../.ci/grpc_toolchains.mjs";
import { buildGo as compileGo, GO_PACKAGES, goMissing, must, run } from "../../.ci/grpc_toolchains.mjs";

const here = fileURLToPath(new URL("./", import.meta.url));
const bench = fileURLToPath(new URL("../", import.meta.url));
const output = `${bench}results/build/`;
const proto = `${bench}echo.proto`;

/** C++ gRPC's server and client. */
export function buildCpp() {
  const missing = cppMissing();
  if (missing !== undefined) return { missing };
  const folder = `${output}cpp/`;
  for (const name of ["server", "client"]) {
    const [program, source] = [folder + name, `${here}cpp/${name}.cc`];
    compileCpp({ what: `C++ ${name}`, program, source, proto, flags: ["-O2"] });
  }
  const version = run("pkg-config", ["--modversion", "grpc++"]);
  return { version, server: [`${folder}server`], client: [`${folder}client`] };
}

/** The raw echo in C, and the load that every echo gets. */
export function buildEcho() {
  if (run("cc", ["--version"]) === undefined) return { missing: "no C compiler (Debian: gcc)" };
  const folder = `${output}echo/`;
  for (const name of ["server", "level", "load"]) {
    const source = `${here}echo/${name}.c`;
    buildOnce(`C echo's ${name}`, folder + name, [source], (made) => must("cc", ["-O2", "-o", made, source]));
  }
  const version = run("cc", ["-dumpversion"]);
  return {
    version: `gcc ${version}`,
    server: [`${folder}server`],
    level: [`${folder}level`],
    load: [`${folder}load`],
  };
}

/** Go gRPC's server, from Debian's packages and without modules. */
export function buildGo() {
  const missing = goMissing({ generates: true });
  if (missing !== undefined) return { missing };
  const program = `${output}go/server`;
  const prepare = (workspace) => {
    const generated = `${workspace}/src/bench/echo`;
    mkdirSync(generated, { recursive: true });
    const options = `plugins=grpc,import_path=echo,Mecho.proto=bench/echo`;
    must("protoc", [
      "-I",
      bench,
      `--go_out=${options}:${generated}`,
      "--go_opt=paths=source_relative",
      proto,
    ]);
  };
  compileGo({ what: "Go server", program, source: `${here}go/server.go`, inputs: [proto], prepare });
  const source = `${GO_PACKAGES}/src/google.golang.org/grpc/version.go`;
  const version = run("sed", ["-n", 's/^const Version = "\\(.*\\)"/\\1/p', source]);
  return { version, server: [program], client: undefined };
}
