// Rule 2, the end of a stream: after the last byte, half-closed, by reset, and again for who asks again.
import { assert, assertEquals } from "@std/assert";
import { IoError } from "../../../pollers/mod.ts";
import { PlainServer } from "../plain_peer.ts";
import { connect, pattern, read, readExactly, sleep, withEngine, write } from "../promised.ts";
import { withConnection } from "./bytes.ts";
import type { Suite } from "./suite.ts";

function kindOf(result: Uint8Array | IoError | undefined): string {
  return result instanceof IoError ? result.kind : "no error";
}

/** Tests of how streams end. */
export function endRules({ factory, rule }: Suite): void {
  rule(
    "2 end of stream comes after the last byte, and stays",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(100_000);
          const sending = plain.write(sent);
          plain.endWriting();
          assertEquals((await readExactly(endpoint, sent.length)).length, sent.length);
          await sending;
          assertEquals(kindOf(await read(endpoint)), "end-of-stream");
          assertEquals(kindOf(await read(endpoint)), "end-of-stream");
        })),
  );

  rule(
    "2 bytes and end that came before the first read are both heard",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          await plain.write("last words");
          plain.endWriting();
          await sleep(50);
          assertEquals(new TextDecoder().decode(await readExactly(endpoint, 10)), "last words");
          assertEquals(kindOf(await read(endpoint)), "end-of-stream");
        })),
  );

  rule(
    "2 a peer that has ended its side can still be written to",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          plain.endWriting();
          assertEquals(kindOf(await read(endpoint)), "end-of-stream");
          const sent = pattern(1_000_000);
          const sending = write(endpoint, sent);
          assertEquals((await plain.readExactly(sent.length)).length, sent.length);
          assertEquals(await sending, undefined);
          endpoint.close();
          assertEquals((await plain.readToEnd()).length, 0);
        })),
  );

  rule(
    "2 a pending read hears of a peer that closes",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const reading = read(endpoint);
          await sleep(20);
          plain.endWriting();
          assertEquals(kindOf(await reading), "end-of-stream");
        })),
  );

  rule(
    "2 a pending read hears of a reset",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const reading = read(endpoint);
          assertEquals(await write(endpoint, "never read"), undefined);
          await sleep(20);
          plain.destroy(); // with bytes unread the kernel sends RST
          assertEquals(kindOf(await reading), "reset");
          assert(kindOf(await read(endpoint)) !== "no error");
        })),
  );

  rule(
    "2 writes to a peer that is gone fail in the end, and nothing hangs",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          plain.destroy();
          let kind = "no error";
          for (let i = 0; i < 100 && kind === "no error"; i++) {
            kind = kindOf(await write(endpoint, pattern(65_536)));
            await sleep(2);
          }
          assertEquals(kind, "reset");
          assert(["reset", "end-of-stream"].includes(kindOf(await read(endpoint))));
        })),
  );

  rule(
    "2 a write that waits fails when the peer goes",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const writing = write(endpoint, pattern(67_108_864));
          await sleep(50);
          plain.destroy();
          assertEquals(kindOf(await writing), "reset");
        })),
  );

  rule("2 a server that hangs up at once is heard, every time", () =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen();
      for (let i = 0; i < 30; i++) {
        const connecting = connect(engine, server.address);
        (await server.accept()).destroy();
        const endpoint = await connecting;
        assertEquals(kindOf(await read(endpoint)), "end-of-stream");
        endpoint.close();
      }
      await server.close();
    }));
}
