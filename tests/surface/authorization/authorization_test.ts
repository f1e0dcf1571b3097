// A server with an authorization policy: who may call what, in every style, and policies that change.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AuthorizationPolicy,
  Channel,
  createClient,
  Executor,
  genericClient,
  type Logger,
  onExecutor,
  raw,
  reactor,
  selectPoller,
  Server,
  ServerAsyncResponseWriter,
  type ServerOptions,
  startReactorWorkers,
  Status,
  tls,
} from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { test } from "../../harness.ts";
import { one, queueServing } from "../queue/server_calls.ts";
import { collect, echo, failure, type Handlers, serving, sleep, Trial } from "../serving.ts";
import { whyNot } from "../workers/sharing.ts";

/** Allows `paths` alone. */
function allowing(...paths: string[]): AuthorizationPolicy {
  return { name: "test", allow_rules: [{ name: "some", request: { paths } }] };
}

const NOTHING = allowing("/trial.Trial/Other");
const REFUSED =
  /^the server's authorization policy does not let a client in plaintext call \/trial\.Trial\/\w+$/;

test("[C89] a call that no rule allows is PERMISSION_DENIED, and its handler never begins", async () => {
  let begun = 0;
  const handlers = { ...echo, one: () => ({ number: ++begun }) };
  await serving(handlers, async ({ client }) => {
    assertEquals((await client.one({})).number, 1);
    for (
      const call of [
        collect(client.down({ number: 3 })),
        client.up([{ number: 1 }]),
        collect(client.both([{ number: 1 }])),
      ]
    ) {
      const { code, details } = await failure(call);
      assertEquals(code, Status.PERMISSION_DENIED);
      assertMatch(details, REFUSED);
    }
    assertEquals((await client.one({})).number, 2); // the connection serves on
  }, { server: { authorization: allowing("/trial.Trial/One") } });
});

test("[C89] who may not call a method does not learn whether there is one", async () => {
  await serving(echo, async ({ channel }) => {
    const call = collect(genericClient(channel).bidiStreaming("/trial.Trial/None", []));
    assertEquals((await failure(call)).code, Status.PERMISSION_DENIED);
    const allowed = collect(genericClient(channel).bidiStreaming("/trial.Trial/Some", []));
    assertEquals((await failure(allowed)).code, Status.UNIMPLEMENTED);
  }, { server: { authorization: allowing("/trial.Trial/Some") } });
});

test("[C89] reactors, raw and generic handlers and methods on an executor are not reached", async () => {
  const executor = new Executor();
  const module = new URL("../promise/executor_methods.ts", import.meta.url);
  const never = (): never => {
    throw new Error("reached");
  };
  const handlers: Handlers = {
    one: raw(() => never()),
    down: reactor(never),
    up: onExecutor(module, "default", { executor }),
  };
  await serving(handlers, async ({ client, channel, server }) => {
    server.addGenericService(never);
    const calls = [
      client.one({}),
      collect(client.down({})),
      client.up([]),
      collect(genericClient(channel).bidiStreaming("/a.B/C", [])),
    ];
    for (const call of calls) assertEquals((await failure(call)).code, Status.PERMISSION_DENIED);
  }, { server: { authorization: NOTHING } });
  await executor.shutdown();
});

test("[C89] a completion queue gets no event of a call that is denied", async () => {
  const allowed = {
    name: "p",
    allow_rules: [{ name: "r", request: { headers: [{ key: "who", values: ["me"] }] } }],
  };
  await queueServing(async ({ calls, queue, client }) => {
    const responder: ServerAsyncResponseWriter<{ text?: string }, object> = new ServerAsyncResponseWriter();
    calls.request(one, responder, { queue }, "there");
    assertEquals((await failure(client.one({ text: "a" }))).code, Status.PERMISSION_DENIED);
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    const answer = client.one({ text: "b" }, { metadata: { who: "me" } });
    assertEquals(await queue.next().then(({ type }) => type), "OP_COMPLETE");
    assertEquals(responder.request.text, "b");
    responder.finish({ text: "c" }, { code: Status.OK }, "done");
    assertEquals((await answer).text, "c");
    await queue.next();
  }, { server: { authorization: allowed } });
});

const sharing = (["reuse-port", "boss"] as const).find((one) =>
  whyNot(one, selectPoller().name) === undefined
);

test("[C89] the policy goes with the server's options to reactor workers", async () => {
  const module = new URL("../workers/trial_service.ts", import.meta.url);
  for (const authorization of [allowing("/trial.Trial/One"), JSON.stringify(allowing("/trial.Trial/One"))]) {
    const options = { module, address: "127.0.0.1:0", threads: 1, sharing: sharing! };
    const workers = await startReactorWorkers({ ...options, server: { authorization } });
    const channel = new Channel(`127.0.0.1:${workers.port}`);
    const client = createClient(Trial, channel);
    await client.one({});
    assertEquals((await failure(collect(client.down({})))).code, Status.PERMISSION_DENIED);
    channel.close();
    await workers.shutdown();
    await assertStartFails({
      ...options,
      server: { authorization: (() => authorization) as unknown as string },
    });
    await assertStartFails({ ...options, server: { authorization: { name: "p" } as AuthorizationPolicy } });
  }
}, { skip: sharing === undefined ? "no reactor workers here" : undefined, timeoutMs: 60_000 });

async function assertStartFails(options: Parameters<typeof startReactorWorkers>[0]): Promise<void> {
  const message = await startReactorWorkers(options).then(() => "started", (error: Error) => error.message);
  assertMatch(
    message,
    /^Cannot start reactor workers: authorization(?: is a function|\.allow_rules is undefined)/,
  );
}

test("[C89] a client is known by its certificate, and one without is nobody", async () => {
  const authority = new Authority();
  const shown = authority.issue({ name: "server", dns: ["localhost"] });
  const rule = (name: string, principals: string[], method: string) => ({
    name,
    source: { principals },
    request: { paths: [`/trial.Trial/${method}`] },
  });
  const server = new Server({
    credentials: tls.server({ ...shown, clientCa: authority.cert, requireClientCertificate: false }),
    authorization: {
      name: "identities",
      deny_rules: [rule("never", ["spiffe://example/evil"], "*")],
      allow_rules: [
        rule("by uri", ["spiffe://example/*"], "One"),
        rule("by host", ["*.example"], "Down"),
        rule("by subject", ["CN=carol"], "Up"),
        rule("without", [""], "Both"),
      ],
    },
  });
  server.addService(Trial, echo);
  const port = await server.listen("127.0.0.1:0");
  const outcomes = async (own: object): Promise<string> => {
    const channel = new Channel(`localhost:${port}`, {
      credentials: tls.client({ ca: authority.cert, ...own }),
    });
    const client = createClient(Trial, channel);
    const calls = [client.one({}), collect(client.down({})), client.up([]), collect(client.both([]))];
    const done = await Promise.all(
      calls.map((call) => Promise.resolve(call).then(() => "yes", (error) => String(error.details))),
    );
    channel.close();
    return done.map((outcome) => /^yes$|let (.*) call/.exec(outcome)?.[1] ?? outcome).join(", ");
  };
  const alice = `"spiffe://example/alice"`;
  assertEquals(
    await outcomes(authority.issue({ name: "alice", uri: ["spiffe://example/alice"] })),
    ["yes", alice, alice, alice].join(", "),
  );
  const bob = `"bob.example"`;
  assertEquals(
    await outcomes(authority.issue({ name: "bob", dns: ["bob.example"] })),
    [bob, "yes", bob, bob].join(", "),
  );
  const carol = `"CN=carol"`;
  assertEquals(await outcomes(authority.issue({ name: "carol" })), [carol, carol, "yes", carol].join(", "));
  const evil = `"spiffe://example/evil"`;
  assertEquals(
    await outcomes(authority.issue({ name: "carol", uri: ["spiffe://example/evil"] })),
    [evil, evil, evil, evil].join(", "),
  );
  const forged = "x, URI:spiffe://example/alice, DNS:bob.example, x"; // one URI, which is nobody's
  assertEquals(
    await outcomes(authority.issue({ name: "mallory", uri: [forged] })),
    Array(4).fill(`"${forged}"`).join(", "),
  );
  const nobody = "a client without a certificate";
  assertEquals(await outcomes({}), [nobody, nobody, nobody, "yes"].join(", "));
  await server.shutdown();
}, { leaves: "a runtime's TLS sockets have timers that end after them" });

test("[C89] observers see calls that are denied, and the log says by which rule", async () => {
  const lines: string[] = [];
  const log = (message: string): void => void lines.push(message);
  const logger: Logger = { error: log, warn: log, info: log, debug: log };
  await serving(echo, async ({ client, server }) => {
    const ends: string[] = [];
    server.observe({
      onCallEnd: ({ method, status, endedBy }) => void ends.push(`${method} ${status} ${endedBy}`),
    });
    await failure(client.one({}));
    assertEquals(ends, ["/trial.Trial/One PERMISSION_DENIED library"]);
    assertEquals(lines.length, 1);
    assertMatch(
      lines[0]!,
      /^denied \/trial.Trial\/One to a client in plaintext at 127.0.0.1:\d+: no allow rule matches in policy "test"$/,
    );
  }, { server: { authorization: NOTHING, logger } });
});

/** Runs `body` with a server that follows `authorization`, and what its onError got. */
async function following(
  authorization: ServerOptions["authorization"],
  body: (may: () => Promise<boolean>, errors: string[]) => Promise<void>,
): Promise<void> {
  const errors: string[] = [];
  const onError: ServerOptions["onError"] = (error, { where }) =>
    void errors.push(`${where}: ${(error as Error).message}`);
  await serving(echo, async ({ client }) => {
    const may = (): Promise<boolean> =>
      client.one({}).then(() => true, ({ code }) => {
        assertEquals(code, Status.PERMISSION_DENIED);
        return false;
      });
    await body(may, errors);
  }, { server: { ...authorization === undefined ? {} : { authorization }, onError } });
}

/** Calls until calls are allowed, or not, and until so many errors were reported: a source is asked once a second. */
async function becomes(
  may: () => Promise<boolean>,
  wanted: boolean,
  errors: readonly string[] = [],
  count = 0,
): Promise<void> {
  for (const end = performance.now() + 40_000; await may() !== wanted || errors.length < count;) {
    if (performance.now() > end) {
      throw new Error(`Not so: ${wanted ? "allowed" : "denied"}, ${errors.join()}`);
    }
    await sleep(20);
  }
}

test("[C89] a function gives the policy of now; a wrong one is reported once, and the earlier one is kept", async () => {
  let given: unknown = NOTHING;
  let isAsync = false;
  const source = () => (isAsync ? Promise.reject(new Error("no vault")) : given) as AuthorizationPolicy;
  await following(source, async (may, errors) => {
    assertEquals(await may(), false);
    given = JSON.stringify(allowing("/trial.Trial/*"));
    await becomes(may, true);
    given = { name: "p", allow_rules: [{ name: "r", source: { principal: ["me"] } }] };
    await becomes(may, true, errors, 1);
    assertEquals(errors, [
      "authorization: Cannot change the authorization policy, the earlier one is kept: " +
      'authorization.allow_rules[0].source has a field "principal", which no policy has; did you mean principals?',
    ]);
    given = NOTHING;
    await becomes(may, false);
    given = () => {};
    await becomes(may, false, errors, 2);
    assertMatch(errors[1]!, /authorization is the function/);
    isAsync = true; // what it rejects with is nobody's error
    await becomes(may, false, errors, 3);
    assertMatch(errors[2]!, /authorization is a Promise/);
  });
});

test(
  "[C89] a file is read again when it is replaced; one that is gone or wrong leaves the policy that there is",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "policy-"));
    const file = join(folder, "policy.json");
    const write = (text: string): void => {
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
    };
    try {
      assertThrows(
        () => new Server({ authorization: { file } }),
        TypeError,
        `Cannot make a server: Cannot read ${file}`,
      );
      write("{}");
      assertThrows(
        () => new Server({ authorization: { file } }),
        TypeError,
        "authorization.name is undefined",
      );
      write(JSON.stringify(NOTHING));
      await following({ file }, async (may, errors) => {
        assertEquals(await may(), false);
        write(JSON.stringify(allowing("*")));
        await becomes(may, true);
        write("{");
        await becomes(may, true, errors, 1);
        rmSync(file);
        await becomes(may, true, errors, 2);
        assertMatch(errors[0]!, /the earlier one is kept: authorization is no JSON/);
        assertMatch(errors[1]!, /the earlier one is kept: Cannot read /);
        write(JSON.stringify(NOTHING));
        await becomes(may, false);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  { timeoutMs: 60_000 },
);

test("[C89] what is no policy is refused where the server is made", () => {
  const made = (authorization: unknown) => () => new Server({ authorization: authorization as string });
  assertThrows(made("{}"), TypeError, "Cannot make a server: authorization.name is undefined; give a string");
  assertThrows(made({ file: 1 }), TypeError, "authorization.file is the number 1");
  assertThrows(made({ file: "a", name: "b" }), TypeError, "give a path, and nothing else");
});
