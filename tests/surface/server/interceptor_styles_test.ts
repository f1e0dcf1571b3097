// Interceptors of a server before handlers of every style: they wait, admit and refuse, and the styles never see who was refused.
import { assert, assertEquals } from "@std/assert";
import {
  Executor,
  genericClient,
  onExecutor,
  reactor,
  RpcError,
  ServerAsyncResponseWriter,
  ServerBidiReactor,
  type ServerInterceptor,
  Status,
} from "pollwire";
import { test } from "../../harness.ts";
import { one, queueServing } from "../queue/server_calls.ts";
import { collect, failure, type Handlers, type Note, numbersOf, serving, sleep } from "../serving.ts";

/** Admits calls with the password, after a while, and writes down the kinds of all and the ends of those. */
function guard(seen: string[]): ServerInterceptor {
  return (next) => async (call) => {
    await sleep(2);
    if (call.metadata.get("password") !== "sesame") throw new RpcError("PERMISSION_DENIED", "closed");
    try {
      const answer = await next(call);
      seen.push(`${call.kind} OK`);
      return answer;
    } catch (error) {
      seen.push(`${call.kind} ${(error as RpcError).code}`);
      throw error;
    }
  };
}

const PASSWORD = { metadata: { password: "sesame" } };

/** Echoes; of a unary method too. */
class Echo<T> extends ServerBidiReactor<T, T> {
  override onReadDone(ok: boolean): void {
    if (ok) this.startWrite(this.message);
    else this.finish(Status.OK);
  }
  override onWriteDone(): void {
    this.startRead();
  }
}

test("[Q119] reactors begin after their admission, and those that are refused are not made", async () => {
  const seen: string[] = [];
  let made = 0;
  const handlers: Handlers = {
    one: reactor((context, request) => {
      made++;
      return context.defaultReactor().respond(request);
    }),
    both: reactor((context) => {
      made++;
      const echo = new Echo<Note>(context);
      echo.startRead();
      return echo;
    }),
  };
  await serving(handlers, async ({ client }) => {
    for (const call of [client.one({}), collect(client.both([{ number: 1 }]))]) {
      assertEquals((await failure(call)).code, Status.PERMISSION_DENIED);
    }
    assertEquals([made, seen], [0, []]);
    assertEquals((await client.one({ number: 3 }, PASSWORD)).number, 3);
    const notes = await collect(client.both([{ number: 1 }, { number: 2 }], PASSWORD));
    assertEquals(numbersOf(notes), [1, 2]);
    assertEquals([made, seen], [2, ["unseen OK", "unseen OK"]]);
  }, { server: { interceptors: [guard(seen)] } });
});

test("[Q119] a generic reactor is admitted as any other", async () => {
  const seen: string[] = [];
  await serving({}, async ({ channel, server }) => {
    server.addGenericService(reactor((context) => {
      const made = new Echo<Uint8Array>(context);
      made.startRead();
      return made;
    }));
    const octets = new Uint8Array([1, 2, 3]);
    const call = (options = {}) =>
      collect(genericClient(channel).bidiStreaming("/a.B/C", [octets, octets], options));
    assertEquals((await failure(call())).code, Status.PERMISSION_DENIED);
    assertEquals((await call(PASSWORD)).map((one) => [...one]), [[1, 2, 3], [1, 2, 3]]);
    assertEquals(seen, ["unseen OK"]);
  }, { server: { interceptors: [guard(seen)] } });
});

test("[Q119] a completion queue gets the calls that were admitted, and no event of others", async () => {
  const seen: string[] = [];
  await queueServing(async ({ calls, queue, client }) => {
    const responder: ServerAsyncResponseWriter<Note, Note> = new ServerAsyncResponseWriter();
    calls.request(one, responder, { queue }, "there");
    assertEquals((await failure(client.one({ text: "a" }))).code, Status.PERMISSION_DENIED);
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    const answer = client.one({ text: "b" }, PASSWORD);
    assertEquals(await queue.next().then(({ type }) => type), "OP_COMPLETE");
    assertEquals(responder.request.text, "b");
    responder.finish({ text: "c" }, { code: Status.OK }, "done");
    assertEquals((await answer).text, "c");
    await queue.next();
    assertEquals(seen, ["unseen OK"]);
  }, { server: { interceptors: [guard(seen)] } });
});

test("[Q119] methods on an executor are refused before they take a thread", async () => {
  const seen: string[] = [];
  const module = new URL("../promise/executor_methods.ts", import.meta.url);
  const executor = new Executor();
  await serving({ one: onExecutor(module, "default", { executor }) }, async ({ client }) => {
    const note = { text: "a", body: new Uint8Array(1) };
    assertEquals((await failure(client.one(note))).code, Status.PERMISSION_DENIED);
    const { text } = await client.one(note, { ...PASSWORD, deadlineMs: 10_000 });
    assert(text!.startsWith("a /trial.Trial/One"), text);
    assertEquals(seen, ["unary OK"]);
  }, { server: { interceptors: [guard(seen)] } });
  await executor.shutdown();
});
