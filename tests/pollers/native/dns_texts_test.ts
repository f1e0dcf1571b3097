// TXT records by the runtime's own resolver, of a name server in this process.
import { createSocket } from "node:dgram";
import { getServers, setServers } from "node:dns";
import { assertEquals } from "@std/assert";
import { createEngine, type IoResult } from "../../../pollers/mod.ts";
import { runtime, test } from "../../harness.ts";

/** A name server that has one record of `strings` for "a.test", and nothing for other names; ends with the closure. */
async function nameServer(strings: readonly string[]): Promise<() => Promise<void>> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => socket.send(answerTo(query, strings), port, address));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const before = getServers();
  setServers([`127.0.0.1:${socket.address().port}`]);
  return async () => {
    setServers(before);
    await new Promise<void>((resolve) => socket.close(resolve));
  };
}

/** RFC 1035, section 4.1. */
function answerTo(query: Uint8Array, strings: readonly string[]): Uint8Array {
  let end = 12;
  while (query[end] !== 0) end += query[end]! + 1;
  const question = query.subarray(12, end + 5);
  const isKnown = new TextDecoder().decode(query.subarray(13, 14)) === "a";
  const data = strings.flatMap((text) => [text.length, ...new TextEncoder().encode(text)]);
  const answer = isKnown
    ? [0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 0, 0, data.length >> 8, data.length & 0xff, ...data]
    : [];
  const head = [query[0]!, query[1]!, 0x81, isKnown ? 0x80 : 0x83, 0, 1, 0, isKnown ? 1 : 0, 0, 0, 0, 0];
  return Uint8Array.from([...head, ...question, ...answer]);
}

for (const poller of ["native", "epoll"]) {
  const skip = poller === "epoll" && process.platform !== "linux" ? "epoll is Linux's" : undefined;
  test(`${poller}: TXT records are looked up, and the strings of one are joined`, async () => {
    const end = await nameServer(["grpc_config=", "[]"]);
    const engine = createEngine(poller);
    try {
      const ask = (name: string) =>
        new Promise<IoResult<string[]>>((resolve) => engine.resolver().lookUpTexts!(name, resolve));
      // Bun gives the strings one by one: an application cannot tell them from records.
      const expected = runtime === "bun" ? ["grpc_config=", "[]"] : ["grpc_config=[]"];
      assertEquals(await ask("a.test"), { ok: true, value: expected });
      const none = await ask("b.test");
      assertEquals(none.ok ? "found" : none.error.kind, "not-found");
    } finally {
      await engine.shutdown();
      await end();
    }
  }, { skip });
}
