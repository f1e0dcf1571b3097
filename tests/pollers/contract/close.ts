// Rule 5: close fails what is pending, sends what was written, and leaves nothing open.
import { assert, assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import process from "node:process";
import { type Endpoint, type EventEngine, IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { PlainServer } from "../plain_peer.ts";
import {
  Acceptor,
  connect,
  LOOPBACK,
  pattern,
  read,
  standstill,
  tryConnect,
  until,
  withEngine,
  write,
} from "../promised.ts";
import { withConnection } from "./bytes.ts";
import type { Suite } from "./suite.ts";

/** Tests of `close`. */
export function closeRules({ factory, rule }: Suite): void {
  rule(
    "5 close fails a pending read and a pending write with its reason, not on the caller's stack",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint) => {
          const reason = new IoError("cancelled", "read", endpoint.peer);
          const heard: Array<IoError | undefined> = [];
          const data = new SliceBuffer();
          data.append(pattern(67_108_864));
          assertEquals(endpoint.read(new SliceBuffer(), (error) => heard.push(error)), false);
          assertEquals(endpoint.write(data, (error) => heard.push(error)), false);
          endpoint.close(reason);
          assertEquals(heard, []);
          await until(() => heard.length === 2, "both callbacks");
          assert(heard.every((error) => error === reason));
        })),
  );

  rule(
    "5 close without a reason fails with kind closed, and so does what comes later",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint) => {
          const reading = read(endpoint);
          endpoint.close();
          const later = [await reading, await read(endpoint), await write(endpoint, "late")];
          assertEquals(later.map((error) => error instanceof IoError && error.kind), [
            "closed",
            "closed",
            "closed",
          ]);
        })),
  );

  rule(
    "5 close is idempotent: the first reason stands, and callbacks come once",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint) => {
          const kinds: string[] = [];
          endpoint.read(new SliceBuffer(), (error) => kinds.push(error!.kind));
          endpoint.close(new IoError("timed-out", "read"));
          endpoint.close(new IoError("cancelled", "read"));
          endpoint.close();
          await until(() => kinds.length > 0, "the read's end");
          await read(endpoint);
          assertEquals(kinds, ["timed-out"]);
        })),
  );

  rule(
    "5 what write has taken still arrives after close",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(3_000_000);
          const hearing = plain.readToEnd();
          assertEquals(await write(endpoint, sent), undefined);
          endpoint.close();
          assertEquals((await hearing).length, sent.length);
        })),
  );

  rule(
    "5 close from within a read's callback",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const closed = new Promise<void>((resolve) => {
            endpoint.read(new SliceBuffer(), () => {
              endpoint.close();
              resolve();
            });
          });
          await plain.write("bye");
          await closed;
          assertEquals((await plain.readToEnd()).length, 0);
        })),
  );

  rule(
    "5 the peer hears of a close with nothing pending",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          endpoint.close();
          assertEquals((await plain.readToEnd()).length, 0);
        })),
  );

  rule("5 file descriptors are all given back", () =>
    withEngine(factory, async (engine) => {
      const [held] = await Acceptor.listen(engine, LOOPBACK); // in use, so that its thread starts, if it has one
      await openAndClose(engine, 3); // whatever the runtime opens once
      const before = await standstill(countDescriptors);
      await openAndClose(engine, 25);
      await until(() => countDescriptors() <= before, `${before} descriptors, not ${countDescriptors()}`);
      await held.shutdown();
    }), { skip: process.platform === "linux" ? undefined : "descriptors are counted in Linux's /proc" });
}

function countDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** Connections in both roles closed in several states, refused and cancelled connects, failed binds. */
async function openAndClose(engine: EventEngine, times: number): Promise<void> {
  const server = await PlainServer.listen();
  const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
  const to = { family: "ipv4", host: "127.0.0.1", port } as const;
  for (let i = 0; i < times; i++) {
    const open: Endpoint[] = [await connect(engine, to), await acceptor.accept()];
    if (i % 2 === 0) void read(open[0]!);
    if (i % 3 === 0) void write(open[1]!, pattern(20_000_000));
    if (i % 5 === 0) await write(open[0]!, "unread");
    for (const endpoint of open) endpoint.close();
    const cancelled = engine.connect(to, {}, () => {});
    engine.cancelConnect(cancelled);
    await tryConnect(engine, { family: "ipv4", host: "127.0.0.1", port: 1 });
    const failing = Acceptor.create(engine);
    await failing.bind(server.address);
    await failing.shutdown();
    const early = Acceptor.create(engine);
    await early.bind(LOOPBACK);
    await early.shutdown();
  }
  // A cancelled connect may have been accepted: it is at its end.
  await acceptor.shutdown();
  for (const endpoint of acceptor.left()) endpoint.close();
  await server.close();
}
