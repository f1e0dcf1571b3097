// The built package as a user of plain JavaScript has it: imported by name, on Node.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { Channel, createClient, describePollers, parseProto, RpcError, Server } from "pollwire";
import { createEngine } from "pollwire/pollers";
import { GrpcStatus } from "pollwire/transport";
import { Metadata } from "pollwire/surface";
import { withoutDeclarations } from "../../.ci/class_fields.mjs";
import { directImports } from "../../.ci/direct_imports.mjs";
import { root } from "../../.ci/runtimes.mjs";
import { literals } from "../../.ci/written_constants.mjs";

const { Echo } = parseProto(`
  syntax = "proto3";
  package test;
  service Echo {
    rpc Say(Text) returns (Text);
    rpc Count(Text) returns (stream Text);
  }
  message Text { string text = 1; int64 number = 2; }
`);

test("the built package serves and calls on Node", async () => {
  const server = new Server();
  server.addService(Echo, {
    say: ({ text, number }) => ({ text: `${text}!`, number: number + 1n }),
    *count({ number }) {
      for (let i = 0n; i < number; i++) yield { text: "n", number: i };
    },
  });
  const port = await server.listen("127.0.0.1:0");
  const channel = new Channel(`127.0.0.1:${port}`);
  const client = createClient(Echo, channel);
  assert.deepEqual(await client.say({ text: "hi", number: 41n }), { text: "hi!", number: 42n });
  const numbers = [];
  for await (const { number } of client.count({ number: 3n })) numbers.push(number);
  assert.deepEqual(numbers, [0n, 1n, 2n]);
  channel.close();
  await server.shutdown();
  await assert.rejects(
    client.say({ text: "late" }),
    (error) => error instanceof RpcError && error.code === 14,
  );
});

test("every layer of the built package can be imported by itself", () => {
  assert.equal(createEngine("native").name, "native");
  assert.equal(GrpcStatus.UNAVAILABLE, 14);
  assert.equal(new Metadata({ a: "b" }).get("A"), "b");
  assert.ok(describePollers().some(({ name, usable }) => name === "native" && usable));
});

/** The sources that a program of these entries loads, and their folders. */
function loadedSources(...names) {
  return sourcesOf(names.map((name) => fileURLToPath(import.meta.resolve(name))));
}

function sourcesOf(files) {
  const loaded = new Set();
  const load = (path) => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (
      const [, from] of readFileSync(path, "utf8").matchAll(/^(?:import|export)\b[^;"']*"(\.[^"]+)";$/gm)
    ) {
      load(resolve(dirname(path), from));
    }
  };
  for (const file of files) load(file);
  const sources = [...loaded].flatMap((
    path,
  ) => [...readFileSync(path, "utf8").matchAll(/^\/\/ (\S+\.ts)$/gm)]);
  return new Set(sources.flatMap(([, source]) => [source, dirname(source)]));
}

test("a program of a lean entry loads none of what it is lean by", () => {
  const others = [
    ...["pollers/epoll", "pollers/iocp", "pollers/poll", "pollers/threads", "transport/in_process"],
    ...["surface/proto/language", "surface/proto/descriptor", "transport/tls/openssl"],
  ];
  const both = loadedSources("pollwire/lean", "pollwire/pollers/native", "pollwire/generated");
  assert.ok(both.has("transport/http2") && both.has("pollers/native"), "its own were found");
  assert.deepEqual(others.filter((source) => both.has(source)), []);
  const client = loadedSources("pollwire/lean/client", "pollwire/generated");
  assert.ok(client.has("transport/http2") && client.has("pollers/native"), "its own were found");
  const servers = ["surface/server/server.ts", "surface/authorization", "transport/server_transport.ts"];
  assert.deepEqual([...others, ...servers].filter((source) => client.has(source)), []);
  const script = loadedSources("pollwire/lean/client", "pollwire/proto");
  assert.ok(script.has("surface/proto/language"), "the parser was found");
  const parser = ["surface/proto/language", "surface/proto/descriptor"];
  const rest = [
    ...others,
    ...servers,
    "surface/reactor",
    "surface/queue",
    "surface/services",
    "surface/adapters",
  ];
  assert.deepEqual(rest.filter((source) => !parser.includes(source) && script.has(source)), []);
});

test("a program of the full entry on Bun loads at its start none of what few programs use", () => {
  const loaded = sourcesOf([fileURLToPath(new URL("../../dist/bun/mod.js", import.meta.url))]);
  const others = [
    ...["epoll", "iocp", "io_uring", "poll", "readiness"].map((poller) => `pollers/${poller}`),
    ...["etcdserverpb", "grpc/channelz/v1", "grpc/reflection/v1"].map((folder) => `surface/protos/${folder}`),
    ...["blocking", "workers"].map((folder) => `surface/${folder}`),
    ...[
      "transport/in_process/connection.ts",
      "transport/tls/openssl/session.ts",
      "surface/proto/json/read_json.ts",
    ],
  ];
  assert.ok(loaded.has("transport/http2") && loaded.has("surface/proto/language"), "its own were found");
  assert.deepEqual(others.filter((source) => loaded.has(source)), []);
});

test("pollwire/testing: a call over a simulated network, in virtual time", async () => {
  const { Simulation } = await import("pollwire/testing");
  const simulation = new Simulation({ seed: 7, conditions: { latencyMs: 40 } });
  const [there, here] = [simulation.host(), simulation.host()];
  const server = new Server({ poller: there });
  server.addService(Echo, { say: (request) => request });
  await server.listen("0.0.0.0:50051");
  const channel = new Channel(`${there.hostAddress}:50051`, { poller: here });
  const answer = createClient(Echo, channel).say({ text: "far away" }, { deadlineMs: 1_000 });
  await simulation.run({ until: 500 });
  assert.equal((await answer).text, "far away");
  channel.close();
  server.close();
  await simulation.run();
  assert.equal(here.opened.size + there.opened.size, 0);
});

test("an application's bundle, which has what it imports and no more, knows every scheme, and announces", async () => {
  const contents = `
    import { announce, Channel, Server } from "pollwire";
    new Channel("etcd://127.0.0.1:2379/services/guide").close();
    export const announcing = (options) => announce(new Server(), options);
  `;
  const only =
    `import { Channel } from "pollwire"; new Channel("etcd://127.0.0.1:2379/services/guide").close();`;
  const { build } = await import("esbuild");
  for (const text of [contents, only]) {
    const { outputFiles } = await build({
      stdin: { contents: text, resolveDir: import.meta.dirname },
      ...{ bundle: true, format: "esm", platform: "node", write: false },
    });
    const bundle = await import(
      `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
    );
    if (text !== contents) continue;
    const addresses = ["127.0.0.1:50051"];
    const announcement = bundle.announcing({ etcd: { endpoints: ["127.0.0.1:1"] }, prefix: "a", addresses });
    await announcement.withdraw();
    assert.equal(announcement.isRegistered, false);
  }
});

test("constants that the build writes down where they are used have the values that their sources have", () => {
  const written = new Map();
  for (const file of readdirSync(root, { recursive: true })) {
    if (!/^(pollers|transport|surface)[\\/].*\.ts$/.test(file)) continue;
    const text = readFileSync(`${root}${file}`, "utf8");
    const note = (name, value) => written.set(name, (written.get(name) ?? new Set()).add(value));
    for (const [, name, value] of text.matchAll(/^(?:export )?const (\w+)(?:: \w+)? = (.+);$/gm)) {
      if (/^(?:-?\d[\dxa-f_ *]*|"[^"]*")$/.test(value)) note(name, runInNewContext(value));
    }
    for (const [, name, object] of text.matchAll(/^(?:export )?const (\w+) = (\{[^]*?\}) as const;$/gm)) {
      if (!/^\{(?:\s*(?:\/\*\*.*\*\/|\/\/.*|\w+: -?\d[\dxa-f_ *]*,?))*\s*\}$/.test(object)) continue;
      for (const [member, value] of Object.entries(runInNewContext(`(${object})`))) {
        note(`${name}.${member}`, value);
      }
    }
  }
  assert.ok(literals().size > 700);
  assert.equal(literals().get("FrameType.WINDOW_UPDATE"), "8");
  for (const [name, value] of literals()) {
    assert.deepEqual([...written.get(name)], [JSON.parse(value)], name);
  }
});

test("a constant that the build cannot write down stays a variable, though another one of its name is a number", () => {
  let load;
  const build = { initialOptions: {}, onLoad: (_filter, then) => load = then };
  directImports().setup(build);
  const said = (path) => load({ path: root + path }).contents;
  assert.equal(build.initialOptions.define.LOOP_OCTETS, "12");
  assert.doesNotMatch(said("transport/hpack/octet_text.ts"), /LOOP_OCTETS =/);
  assert.match(said("pollers/native/text.ts"), /export const LOOP_OCTETS: number = runtime/);
  assert.match(said("surface/proto/reader.ts"), /import \{ LOOP_OCTETS as LOOP_OCTETS \} from/);
});

test("an object of numbers is imported where more than its members is used", () => {
  let load;
  directImports().setup({ initialOptions: {}, onLoad: (_filter, then) => load = then });
  const said = (path) => load({ path: root + path }).contents;
  assert.doesNotMatch(said("transport/http2/abuse.ts"), /import \{ ErrorCode as/);
  assert.match(said("transport/http2/frame_handler.ts"), /import \{ FrameType as FrameType \} from/);
});

test("fields that a constructor assigns are not declared as well, unless the class inherits from others", () => {
  const classOf = (head) => [
    `var Own = class${head} {`,
    "  constructor(given) {",
    "    this.given = given;",
    "    if (given) {",
    "      this.sometimes = given;",
    "    }",
    "  }",
    "  given;",
    "  sometimes;",
    "  other = this.sometimes;",
    "};",
    "var Next = class {",
    "  given;",
    "};",
  ];
  const without = (head) =>
    withoutDeclarations(classOf(head).join("\n"), (name) => name === "Base").split("\n");
  for (const head of ["", " extends Base", " Own extends Base"]) {
    assert.deepEqual(without(head), classOf(head).with(7, ""), head);
  }
  assert.deepEqual(without(" extends Error"), classOf(" extends Error"));
});
