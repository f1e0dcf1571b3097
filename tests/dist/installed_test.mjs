// The package as npm packs it, laid into an empty project: its files, its exports, its types.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { runtimeCommand } from "../../.ci/runtimes.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const fixture = fileURLToPath(new URL("./fixture/", import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
let project = "";

before(() => {
  project = mkdtempSync(`${os.tmpdir()}/pollwire-installed-`);
  writeFileSync(`${project}/package.json`, '{ "type": "module" }');
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], root),
  );
  mkdirSync(`${project}/node_modules/pollwire`, { recursive: true });
  run("tar", ["-xzf", packed.filename, "-C", "node_modules/pollwire", "--strip-components=1"], project);
  link(manifest.dependencies);
  for (
    const name of [
      "consumer.mjs",
      "consumer.mts",
      "workers.mjs",
      "workers_service.mjs",
      "executor.mjs",
      "executor_jobs.mjs",
      "bundled.mjs",
      "greeter.proto",
      "lean.ts",
      "grpc_js.mjs",
    ]
  ) {
    copyFileSync(fixture + name, `${project}/${name}`);
  }
});

/** What it depends on is already here; nothing is fetched. */
function link(packages) {
  for (const name of Object.keys(packages)) {
    const linked = `${project}/node_modules/${name}`;
    mkdirSync(path.dirname(linked), { recursive: true });
    symlinkSync(`${root}node_modules/${name}`, linked);
  }
}

after(() => rmSync(project, { recursive: true, force: true }));

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${error?.message ?? ""}${stdout}${stderr}`);
  return stdout;
}

/** Whether `command` is older than `version`. */
function isBefore(command, version) {
  const [is, was] = [run(command, ["--version"]), version].map((text) => text.match(/\d+/g).map(Number));
  const at = was.findIndex((part, i) => part !== is[i]);
  return at >= 0 && is[at] < was[at];
}

test("the packed package has every file that its exports name", () => {
  const folder = `${project}/node_modules/pollwire/`;
  const { exports } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  for (const files of Object.values(exports)) {
    assert.deepEqual(Object.keys(files), ["types", "bun", "default"]);
    for (const file of Object.values(files)) assert.ok(existsSync(folder + file), file);
  }
  assert.ok(existsSync(`${folder}LICENSE`) && existsSync(`${folder}README.md`));
  assert.ok(!existsSync(`${folder}mod.ts`) && !existsSync(`${folder}tests`));
});

test("a Node server and a Node client over the installed package", () => {
  assert.equal(run(process.execPath, ["consumer.mjs"], project), "hello node 0 true\n");
});

test("the program of the installed package runs on every runtime", () => {
  const folder = `${project}/node_modules/pollwire/`;
  const { bin, version } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  const program = folder + bin.pollwire;
  assert.match(readFileSync(program, "utf8"), /^#!\/usr\/bin\/env node\n/);
  for (const runtime of ["node", "deno", "bun"]) {
    const [command, ...before] = runtime === "node" ? [process.execPath] : runtimeCommand(runtime);
    const printed = run(command, [...before, program, "pollers"], project);
    assert.match(printed, new RegExp(`^${runtime} .*\n✓ native +used\n`, "i"));
  }
  assert.ok(run(process.execPath, [program, "--version"], project).startsWith(`pollwire ${version} (Node `));
});

test("the installed package generates code, and its plugin answers", () => {
  const folder = `${project}/node_modules/pollwire/`;
  const { bin } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
  writeFileSync(`${project}/made.proto`, 'syntax = "proto3"; message Made { string name = 1; }');
  const given = [folder + bin.pollwire, "gen", "made.proto", "-o", "made"];
  assert.match(run(process.execPath, given, project), /^wrote +made\/made\.ts\n1 file written/);
  assert.match(run(process.execPath, [...given, "--check"], project), /^1 file as generated\n$/);
  // An empty request asks for nothing; the answer says what the plugin knows: field 2 is 3.
  if (process.platform === "linux") { // where nothing can be made, and mkdir says that its parent is not there
    const nowhere = [folder + bin.pollwire, "gen", "made.proto", "-o", "/proc/nowhere/made"];
    const limits = { cwd: project, encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" };
    const { status, stderr } = spawnSync(process.execPath, nowhere, limits);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /Cannot write \/proc\/nowhere\/made\/made.ts: ENOENT/);
  }

  const plugin = spawnSync(process.execPath, [folder + bin["protoc-gen-pollwire"]], { input: "" });
  assert.deepEqual([plugin.status, ...plugin.stdout.subarray(0, 2)], [0, 0x10, 3]);
});

const onLinux = process.platform === "linux";

for (const runtime of ["deno", "bun"]) {
  const skip = onLinux ? false : "epoll is Linux's";
  test(`reactor workers on epoll on ${runtime} over the installed package`, { skip }, () => {
    const [command, ...before] = runtimeCommand(runtime);
    assert.equal(run(command, [...before, "workers.mjs"], project), "hello from epoll 2\n");
  });
}

for (const runtime of ["node", "deno", "bun"]) {
  test(`an executor on ${runtime} over the installed package`, () => {
    const [command, ...before] = runtime === "node" ? [process.execPath] : runtimeCommand(runtime);
    assert.equal(run(command, [...before, "executor.mjs"], project), "6 false true\nenough\n0\n");
  });
}

for (const runtime of ["node", "deno", "bun"]) {
  test(`an application for grpc-js on ${runtime} over the installed package`, () => {
    const [command, ...before] = runtime === "node" ? [process.execPath] : runtimeCommand(runtime);
    assert.equal(run(command, [...before, "grpc_js.mjs"], project), "hello back true\n");
  });
}

test("a CommonJS bundle of the installed package serves and calls", () => {
  const bundle = ["--bundle", "--platform=node", "--target=node20", "--format=cjs", "--outfile=bundle.cjs"];
  run(`${root}node_modules/.bin/esbuild`, [...bundle, "--log-level=error", "bundled.mjs"], project);
  assert.match(run(process.execPath, ["bundle.cjs"], project), /^hello back false /);
});

/** A bundle of the fixture's program. */
function bundleLean(format, outfile, more = []) {
  const options = [
    "--bundle",
    "--platform=node",
    "--target=node20",
    `--format=${format}`,
    `--outfile=${outfile}`,
  ];
  run(`${root}node_modules/.bin/esbuild`, [...options, ...more, "--log-level=error", "lean.ts"], project);
}

test("an application of generated code that is bundled makes its call, on epoll's thread too", () => {
  const program = `${project}/node_modules/pollwire/dist/surface/cli/main.js`;
  run(process.execPath, [program, "gen", "greeter.proto", "-o", "gen"], project);
  for (const [format, outfile] of [["esm", "lean_bundle.mjs"], ["cjs", "lean_bundle.cjs"]]) {
    mkdirSync(`${project}/out`, { recursive: true });
    bundleLean(format, `out/${outfile}`, ["--minify"]);
    for (const runtime of ["deno", "bun"]) {
      const [command, ...before] = runtimeCommand(runtime);
      for (const poller of onLinux ? ["native", "epoll"] : ["native"]) {
        const printed = run(command, [...before, `out/${outfile}`, `--poller=${poller}`], project);
        assert.equal(printed, `hello bundle by ${poller}\n`, `${runtime} ${outfile}`);
      }
    }
  }
});

/** Of the bundle that `npm run bench:start` shows, in KB gzipped: what a client does not use must not get into it again. */
const MOST_OF_A_CLIENT_KB = 82;

test("a unary client's bundle is as small as it once was", () => {
  cpSync(`${root}bench/start`, `${project}/start`, { recursive: true });
  const program = `${project}/node_modules/pollwire/dist/surface/cli/main.js`;
  const esbuild = `${root}node_modules/.bin/esbuild`;
  const cwd = `${project}/start`;
  run(process.execPath, [program, "gen", "greeter.proto", "-o", "gen", "--no-json", "--no-descriptors"], cwd);
  run(esbuild, ["gen/greeter.ts", "--outfile=gen/greeter.mjs", "--log-level=error"], cwd);
  const options = ["--bundle", "--minify", "--platform=node", "--target=es2022", "--format=esm"];
  run(esbuild, [...options, "--outfile=client.mjs", "--log-level=error", "secure_client.mjs"], cwd);
  const kb = gzipSync(readFileSync(`${cwd}/client.mjs`), { level: 9 }).length / 1e3;
  assert.ok(kb <= MOST_OF_A_CLIENT_KB, `${kb} KB gzipped, of at most ${MOST_OF_A_CLIENT_KB}`);
});

const [bun] = runtimeCommand("bun");

test("a program that bun build --compile --bytecode makes has epoll's thread in it", {
  skip: onLinux
    ? isBefore(bun, "1.3.9") && "bun build makes bytecode of ES modules since 1.3.9"
    : "epoll is Linux's",
}, () => {
  const options = ["--compile", "--bytecode", "--format=esm"]; // as docs/bundles.md says
  run(bun, ["build", ...options, "lean.ts", "--outfile", "out/compiled"], project);
  assert.equal(run(`${project}/out/compiled`, ["--poller=epoll"], project), "hello bundle by epoll\n");
});

test("what a job throws in a bundle's thread, or a job that is not there, is told without the thread's text", () => {
  writeFileSync(
    `${project}/failing.mjs`,
    `import { Executor } from "pollwire";
     const executor = new Executor({ maxThreads: 1 });
     for (const name of ["executor_jobs.mjs", "missing.mjs"]) {
       const failed = executor.run(new URL(name, import.meta.url), "fail");
       await failed.catch(({ message, stack }) => console.log(message.includes("data:"), stack));
     }
     await executor.shutdown();`,
  );
  mkdirSync(`${project}/out`, { recursive: true });
  copyFileSync(`${project}/executor_jobs.mjs`, `${project}/out/executor_jobs.mjs`);
  const options = ["--bundle", "--platform=node", "--format=esm", "--outfile=out/failing.mjs"];
  run(`${root}node_modules/.bin/esbuild`, [...options, "--log-level=error", "failing.mjs"], project);
  for (const runtime of ["node", "deno", "bun"]) {
    const [command, ...before] = runtime === "node" ? [process.execPath] : runtimeCommand(runtime);
    const printed = run(command, [...before, "out/failing.mjs"], project);
    assert.match(printed, /^false Error: failed\n +at fail .*\n/, runtime);
    assert.match(printed, /executor_worker\.ts/, runtime);
    // Older ones say something else of a module that a data: URL imports and that is not there.
    const says = runtime === "node" && isBefore(command, "20.19.0")
      ? "must be of scheme file"
      : "missing\\.mjs";
    assert.match(printed, new RegExp(`^false .*${says}`, "m"), runtime);
    assert.doesNotMatch(printed, /base64|true/, runtime);
  }
});

test("adapters of the installed package, where their peers are", () => {
  assert.deepEqual(Object.keys(manifest.peerDependencies), Object.keys(manifest.peerDependenciesMeta));
  assert.ok(Object.values(manifest.peerDependenciesMeta).every(({ optional }) => optional));
  link(manifest.peerDependencies);
  copyFileSync(`${fixture}adapters.mts`, `${project}/adapters.mts`);
  copyFileSync(`${root}tests/surface/adapters/gen/places_pb.ts`, `${project}/places_pb.ts`);
  const strict = ["--noEmit", "--strict", "--target", "ES2022", "--lib", "ES2022,DOM", "--types", ""];
  const resolution = ["--module", "NodeNext", "--moduleResolution", "NodeNext"];
  run(`${root}node_modules/.bin/tsc`, [...strict, ...resolution, "adapters.mts"], project);
  const bundle = ["--bundle", "--packages=external", "--format=esm", "--platform=node"];
  run(`${root}node_modules/.bin/esbuild`, [
    ...bundle,
    "--outfile=adapters.mjs",
    "--log-level=error",
    "adapters.mts",
  ], project);
  assert.equal(run(process.execPath, ["adapters.mjs"], project), "one 1 list,record,chat,then$ two\n");
});

test("deno publish takes the library and what says what it is, and nothing else", () => {
  const [command] = runtimeCommand("deno");
  const { status, stdout, stderr } = spawnSync(
    command,
    ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    { cwd: root, encoding: "utf8", timeout: 60_000, env: { ...process.env, NO_COLOR: "1" } },
  );
  assert.equal(status, 0, stderr);
  const paths = [...`${stdout}${stderr}`.matchAll(/^ *(file:\/\/\S+) \(/gm)].map(([, url]) =>
    fileURLToPath(url).slice(root.length)
  );
  const folders = new Set(paths.map((name) => name.split("/")[0]));
  const library = ["mod.ts", "pollers", "surface", "transport"];
  assert.deepEqual([...folders].sort(), ["CHANGELOG.md", "LICENSE", "README.md", "deno.json", ...library]);
});

test("stack traces of the package lead to its sources", () => {
  const map = JSON.parse(readFileSync(`${project}/node_modules/pollwire/dist/mod.js.map`, "utf8"));
  assert.equal(map.version, 3);
  const code = readFileSync(`${project}/node_modules/pollwire/dist/mod.js`, "utf8");
  assert.match(code, /\/\/# sourceMappingURL=mod\.js\.map\s*$/);
});

test("stack traces name the source and its line, not that line of the bundle", () => {
  writeFileSync(
    `${project}/traced.mjs`,
    `import { Channel } from "pollwire";
     try { new Channel("127.0.0.1:99999"); } catch (error) { console.log(error.stack); }`,
  );
  for (const runtime of ["node", "deno", "bun"]) {
    const [command, ...before] = runtime === "node"
      ? [process.execPath, "--enable-source-maps"]
      : runtimeCommand(runtime);
    const stack = run(command, [...before, "traced.mjs"], project);
    const [, source, line] = /\bat fail \(\S*?(pollers\/contract\/\w+\.ts):(\d+):/.exec(stack) ?? [];
    assert.ok(source !== undefined, `${runtime}: ${stack}`);
    const shown = readFileSync(root + source, "utf8").split("\n")[line - 1];
    assert.match(shown, /\bnew AddressError\(/, `${runtime}: ${stack}`);
  }
});

test("on Bun, what is loaded at its first use is there, in traces by its source, and in what is compiled", () => {
  writeFileSync(
    `${project}/late.mjs`,
    `import { announce, channelzService, createRegistry, describePollers, errorDetails, parseProto } from "pollwire";
     console.log(describePollers().length, channelzService().fullName, Object.keys(errorDetails).length);
     const { messages } = parseProto('syntax = "proto3"; message Text { string text = 1; }');
     console.log(messages.Text.toJsonString({ text: "a" }), errorDetails.Help.typeName);
     try { announce({}, {}); } catch (error) { console.log(error.stack); }`,
  );
  const [bun] = runtimeCommand("bun");
  const expected = '6 grpc.channelz.v1.Channelz 10\n{"text":"a"} google.rpc.Help\n';
  const printed = run(bun, ["late.mjs"], project);
  assert.ok(printed.startsWith(expected), printed);
  assert.match(printed, /at announce \(\S*surface\/etcd\/announce\.ts:\d+:/);
  run(bun, ["build", "--target=bun", "late.mjs", "--outfile", "out/late.mjs"], project);
  assert.ok(run(bun, ["out/late.mjs"], project).startsWith(expected));
});

for (const resolution of [["NodeNext", "NodeNext"], ["ESNext", "Bundler"]]) {
  test(`the installed package's declarations, module resolution ${resolution[1]}`, () => {
    const [module, moduleResolution] = resolution;
    run(`${root}node_modules/.bin/tsc`, [
      ...[
        "--noEmit",
        "--strict",
        "--target",
        "ES2022",
        "--lib",
        "ES2022,DOM",
        "--types",
        "",
      ],
      ...["--module", module, "--moduleResolution", moduleResolution, "consumer.mts"],
    ], project);
  });
}

test("every entry's declarations without Node's types, but for what has grpc-js's shapes", () => {
  const entries = Object.keys(manifest.exports).filter((entry) =>
    !["./connect", "./protobuf-es", "./grpc-js"].includes(entry)
  );
  writeFileSync(
    `${project}/entries.mts`,
    entries.map((entry, at) => `import * as e${at} from "${entry.replace(".", "pollwire")}";\n`).join("") +
      `export default [${entries.map((_, at) => `e${at}`)}];\n`,
  );
  const target = ["--target", "ES2022", "--lib", "ES2022,DOM", "--module", "NodeNext", "--types", ""];
  run(`${root}node_modules/.bin/tsc`, ["--noEmit", "--strict", ...target, "entries.mts"], project);
});

test("every entry's declarations on a server, which has Node's types and none of the DOM", () => {
  mkdirSync(`${project}/node_modules/@types`, { recursive: true });
  for (const name of ["@types/node", "undici-types"]) link({ [name]: "" });
  const entries = Object.keys(manifest.exports).filter((entry) =>
    !["./connect", "./protobuf-es"].includes(entry) // their peers' declarations want the DOM's
  );
  const imports = entries.map((entry) => `export * from "${entry.replace(".", "pollwire")}";`);
  imports.forEach((line, at) => writeFileSync(`${project}/entry_${at}.mts`, line));
  const files = imports.map((_, at) => `entry_${at}.mts`);
  const target = ["--target", "ES2022", "--lib", "ES2022", "--module", "NodeNext", "--types", "node"];
  run(`${root}node_modules/.bin/tsc`, ["--noEmit", "--strict", ...target, ...files], project);
});

test("classes of the installed package have the names that they are exported by", () => {
  const entries = Object.keys(manifest.exports).filter((entry) =>
    !["./connect", "./protobuf-es"].includes(entry) // their peers are not there
  );
  writeFileSync(
    `${project}/names.mjs`,
    `for (const entry of process.argv.slice(2)) {
       for (const [name, value] of Object.entries(await import(entry))) {
         const isClass = typeof value === "function" && /^class\\b/.test(value);
         if (isClass && value.name !== name) console.log(entry, name, value.name);
       }
     }`,
  );
  const specifiers = entries.map((entry) => entry.replace(".", "pollwire"));
  const others = "AnyChannel Channel|AnyServer Server"; // second names of what features are given to
  const printed = run(process.execPath, ["names.mjs", ...specifiers], project).trim().split("\n");
  assert.deepEqual(printed.filter((line) => !new RegExp(`^\\S+ (${others})$`).test(line)), []);
});
