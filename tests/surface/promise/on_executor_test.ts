// Unary methods on an executor: what they get, what becomes of what they throw, and that other calls do not wait.
import { assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  type ErrorContext,
  Executor,
  type ExecutorOptions,
  onExecutor,
  type ServerOptions,
  Status,
} from "../../../mod.ts";
import { test } from "../../harness.ts";
import { type Bench, failure, type Handlers, type Note, serving, until } from "../serving.ts";

const METHODS = new URL("./executor_methods.ts", import.meta.url);

/** Serves `exportName` as the unary method, on an executor of its own. */
async function servingOn(
  exportName: string,
  check: (bench: Bench, executor: Executor) => Promise<void>,
  options: ExecutorOptions = { maxThreads: 1 },
  { others = {}, server = { onError: () => {} } }: { others?: Handlers; server?: ServerOptions } = {},
): Promise<void> {
  const executor = new Executor(options);
  const handlers: Handlers = { one: onExecutor(METHODS, exportName, { executor }), ...others };
  try {
    await serving(handlers, (bench) => check(bench, executor), { server });
  } finally {
    await executor.shutdown();
  }
}

/** A path in a folder of its own; the file with "2" ends what computes there. */
async function computing(body: (path: string, end: () => void) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  const end = (): void => writeFileSync(`${folder}/2`, "");
  try {
    await body(`${folder}/`, end);
  } finally {
    if (!existsSync(`${folder}/2`)) end();
    rmSync(folder, { recursive: true });
  }
}

test("a method on an executor gets the request and what is known of its call, on another thread", async () => {
  await servingOn("default", async ({ client }) => {
    const request = { text: "hi", body: Uint8Array.of(1, 2, 3) };
    const { text, body } = await client.one(request, { metadata: { token: "t" }, deadlineMs: 15_000 });
    assertEquals(text, "hi /trial.Trial/One t true true");
    assertEquals([...body!], [3, 2, 1]);
  });
});

test("[Q124] light calls are answered while a heavy one runs", async () => {
  const light: Handlers = { up: () => ({ text: "light" }) };
  await computing((path, end) =>
    servingOn(
      "compute",
      async ({ client }) => {
        let done = false;
        const heavy = client.one({ text: path }).finally(() => done = true);
        await until(() => existsSync(`${path}1`));
        for (let i = 0; i < 50; i++) {
          assertEquals((await client.up([])).text, "light");
        }
        assertEquals(done, false);
        end();
        assertNotEquals((await heavy).number, 0);
      },
      { maxThreads: 1 },
      { others: light },
    )
  );
});

test("an RpcError of a method on an executor is its status, and another error is not told", async () => {
  await servingOn("refuse", async ({ client }) => {
    const { code, details } = await failure(client.one({ text: "way" }));
    assertEquals([code, details], [Status.FAILED_PRECONDITION, "no way"]);
  });
  await servingOn("fail", async ({ client }) => {
    const { code, details } = await failure(client.one({}));
    assertEquals([code, details], [Status.UNKNOWN, "handler failed"]);
  });
});

test("a method on an executor passes on the error of another server as it came", async () => {
  await servingOn("passOn", async ({ client }) => {
    const { code, metadata } = await failure(client.one({}));
    assertEquals(code, Status.NOT_FOUND);
    assertEquals([metadata.get("x-why"), metadata.get("raw-bin")], ["Gr\u00fc\u00dfe", Uint8Array.of(0, 1)]);
  });
});

test("a method that ends its thread ends its own call, and the next one has another thread", async () => {
  await servingOn("exit", async ({ client }) => {
    for (let i = 0; i < 2; i++) assertEquals((await failure(client.one({}))).code, Status.INTERNAL);
  });
});

test("how a method's thread ended is reported, and told to clients by exposeErrors alone", async () => {
  for (const exposeErrors of [false, true]) {
    const reports: string[] = [];
    const onError = (error: unknown, { where }: ErrorContext) => void reports.push(`${where}: ${error}`);
    await servingOn(
      "throwLater",
      async ({ client }) => {
        const { code, details } = await failure(client.one({}));
        assertEquals(code, Status.INTERNAL);
        if (exposeErrors) assertMatch(details, /its thread ended while it ran: .*a secret/);
        else assertEquals(details, "handler failed");
      },
      { maxThreads: 1 },
      { server: { onError, exposeErrors } },
    );
    assertEquals(reports.length, 1);
    assertMatch(reports[0]!, /^handler: RpcError: INTERNAL: .*its thread ended while it ran: .*a secret/);
  }
});

test("calls beyond an executor's queue are RESOURCE_EXHAUSTED, those after its end UNAVAILABLE", async () => {
  await computing((path, end) =>
    servingOn("compute", async ({ client }, executor) => {
      const heavy = client.one({ text: path });
      await until(() => existsSync(`${path}1`));
      const { code, details } = await failure(client.one({}));
      assertEquals(code, Status.RESOURCE_EXHAUSTED);
      assertEquals(details, "too many calls wait for a thread");
      end();
      await heavy;
      await executor.shutdown();
      const late = await failure(client.one({}));
      assertEquals([late.code, late.details], [Status.UNAVAILABLE, "handler failed"]);
    }, { maxThreads: 1, maxQueuedJobs: 0 })
  );
});

test("a call that is cancelled ends its thread", async () => {
  await computing((path, end) =>
    servingOn("compute", async ({ client }, executor) => {
      const abort = new AbortController();
      const heavy = client.one({ text: path }, { signal: abort.signal });
      await until(() => existsSync(`${path}1`));
      assertEquals(executor.threads, 1);
      abort.abort();
      assertEquals((await failure(heavy)).code, Status.CANCELLED);
      await until(() => Reflect.get(executor, "pending") === 0); // the server's side knows of it
      end(); // Deno ends a thread when its turn is over
      await until(() => executor.threads === 0);
    })
  );
});

test("a module that is no URL, and an option that is none, are misuse", () => {
  assertThrows(() => void onExecutor<Note, Note>("./methods.ts"), TypeError, '"./methods.ts" is no URL');
  // deno-lint-ignore no-explicit-any
  const executor: any = new Executor(); // in place of { executor }
  assertThrows(
    () => void onExecutor<Note, Note>(METHODS, "default", executor),
    TypeError,
    "there is executor",
  );
  for (const given of [executor.constructor, {}, null]) {
    const options = { executor: given as never };
    assertThrows(
      () => void onExecutor<Note, Note>(METHODS, "default", options),
      TypeError,
      "give an Executor",
    );
  }
  const name = 5 as never;
  assertThrows(() => void onExecutor<Note, Note>(METHODS, name), TypeError, "its function is the number 5");
});
