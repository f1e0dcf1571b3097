// Which method serves a call, and the styles that take part in a server's life.
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Channel, createClient, Server } from "pollwire";
import { MethodTable } from "../../../surface/server/method_table.ts";
import { styledServer } from "../../../surface/server/server.ts";
import type { RequestHead } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { echo, failure, Trial } from "../serving.ts";

const begin = () => {
  throw new Error("no call begins here");
};

const method = () => ({ descriptor: undefined, requestStream: true, begin });

function headOf(path: string, authority = "here"): RequestHead {
  return { path, authority } as RequestHead;
}

test("method table: [Q62] first what serves the host, then what serves any, then what serves all others", () => {
  const table = new MethodTable();
  const [any, here] = [method(), method()];
  table.addMethod("/a.B/C", any);
  table.addMethod("/a.B/C", here, "here");
  assertStrictEquals(table.find(headOf("/a.B/C")), here);
  assertStrictEquals(table.find(headOf("/a.B/C", "elsewhere")), any);
  assertEquals(table.find(headOf("/a.B/D")), undefined);
  assertEquals(table.describeUnknown("/a.B/D"), "unknown method /a.B/D");
  assertEquals(table.describeUnknown("/a.C/D"), "unknown service /a.C/D");
  table.setFallback("generic service", begin);
  assertEquals(table.find(headOf("/a.B/D"))?.descriptor, undefined);
  assert(table.find(headOf("/a.B/D"))?.requestStream);
  assertStrictEquals(table.find(headOf("/a.B/C")), here);
});

test("method table: [Q62] the same method and host twice, and a second service for all others, are refused", () => {
  const table = new MethodTable();
  table.addMethod("/a.B/C", method());
  table.addMethod("/a.B/C", method(), "here");
  assertThrows(
    () => table.addMethod("/a.B/C", method()),
    TypeError,
    "Cannot add /a.B/C: it is served already",
  );
  assertThrows(
    () => table.addMethod("/a.B/C", method(), "here"),
    TypeError,
    "Cannot add /a.B/C of host here: it is served already",
  );
  table.setFallback("generic service", begin);
  assertThrows(
    () => table.setFallback("completion queue", begin),
    TypeError,
    "Cannot add a completion queue: the server has a generic service, and one serves all that no service has",
  );
});

test("method table: a service that was added without handlers is there until it is removed", async () => {
  await using server = new Server();
  const { methods } = styledServer("look at its methods", server);
  const names = () => methods.servedServices().map(({ name }) => name);
  server.addService(Trial, {});
  server.addService(Trial, { one: echo.one! }); // its other methods come later
  assertEquals(names(), ["trial.Trial"]);
  server.removeService(Trial);
  assertEquals(names(), []);
  server.addService(Trial, {});
  server.removeService(Trial);
  assertEquals(names(), []);
  assertThrows(() => server.removeService(Trial), TypeError, "Cannot remove trial.Trial: it is not served");
});

test("method table: what serves all others serves no method that is added later", () => {
  const table = new MethodTable();
  table.setFallback("generic service", begin);
  const head = headOf("/a.B/C");
  const fallback = table.find(head);
  assertStrictEquals(table.find(head), fallback);
  const added = method();
  table.addMethod("/a.B/C", added);
  assertStrictEquals(table.find(head), added);
  assertStrictEquals(table.find(headOf("/a.B/D")), fallback);
  assertStrictEquals(table.find(head), added);
});

test("server styles: they learn once of start, shutdown and end, and one that throws at the start prevents it", async () => {
  const server = new Server();
  server.addService(Trial, echo);
  const { styles } = styledServer("test", server);
  const seen: string[] = [];
  let refuses = true;
  styles.add({
    onStart() {
      seen.push("start");
      if (refuses) throw new TypeError("not yet");
    },
    onShutdown: () => void seen.push("shutdown"),
    onOver: () => void seen.push("over"),
    describePending: () => ["two tags"],
  });
  const refused = await server.listen("127.0.0.1:0").catch((error: unknown) => error);
  assertEquals(refused instanceof TypeError && refused.message, "not yet");
  assert(!styles.isStarted);
  refuses = false;
  const ports = [await server.listen("127.0.0.1:0"), await server.listen("127.0.0.1:0")];
  assert(styles.isStarted);
  const channel = new Channel(`127.0.0.1:${ports[0]}`);
  assertEquals((await createClient(Trial, channel).one({ text: "a" })).text, "a");
  assertEquals(server.describePending(), "server: 1 connections, 0 running calls\n  two tags");
  const over = server.shutdown();
  assertEquals(seen, ["start", "start", "shutdown"]);
  assert(!styles.isOver);
  await over;
  server.close();
  assertEquals(seen, ["start", "start", "shutdown", "over"]);
  assert(styles.isOver && styles.isShutDown);
  assertEquals((await failure(createClient(Trial, channel).one({}))).code, 14);
  channel.close();
  assertThrows(
    () => styledServer("test", {} as Server),
    TypeError,
    "Cannot test: expected a Server, found an object",
  );
});
