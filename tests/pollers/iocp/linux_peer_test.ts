// The iocp poller against sockets of Linux: it resets, ends, floods and dies, and the engine says which it was.
import { assert, assertEquals } from "@std/assert";
import { type Endpoint, IoError } from "../../../pollers/mod.ts";
import { peersAreRemote, startRemotePeer } from "../../peers/remote.ts";
import { connect, firstDifference, pattern, read, readExactly, sleep, until, write } from "../promised.ts";
import type { IocpEngine } from "../../../pollers/iocp/engine.ts";
import { forEachShape, iocpTests, slotsReturn } from "./setup.ts";

iocpTests("peers on Linux", () => {
  const MIB = 1024 * 1024;

  /** Does with each connection what its first byte says. */
  const SOURCE = `
  const server = require("node:net").createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("readable", () => {
      switch (String(socket.read(1))) {
        case "r": return socket.resetAndDestroy();
        case "w": return setTimeout(() => socket.resetAndDestroy(), 100); // and reads nothing until then
        case "e": return socket.pipe(socket);
        case "f": return socket.end(Buffer.alloc(${16 * MIB}, 7));
        case "h": return; // holds it
      }
    });
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;

  const skip = peersAreRemote ? undefined : "there is no Linux beside this Windows";

  function against(
    name: string,
    what: string,
    check: (endpoint: Endpoint, kill: () => Promise<void>) => Promise<void>,
  ) {
    forEachShape(`a peer on Linux ${name}`, async (engine: IocpEngine) => {
      let port = 0;
      const peer = startRemotePeer({ source: SOURCE }, (output) => port = Number(output));
      try {
        await until(() => port > 0, "the peer's port");
        const endpoint = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
        assertEquals(await write(endpoint, what), undefined);
        await check(endpoint, peer.kill);
        endpoint.close();
        await slotsReturn(engine);
      } finally {
        await peer.kill();
      }
    }, { skip });
  }

  function kindOf(result: Uint8Array | IoError | undefined): string {
    return result instanceof IoError ? result.kind : "no error";
  }

  against("resets while a read is pending", "r", async (endpoint) => {
    assertEquals(kindOf(await read(endpoint)), "reset");
    assert(kindOf(await read(endpoint)) !== "no error");
    let written = "no error";
    for (let i = 0; i < 50 && written === "no error"; i++) {
      written = kindOf(await write(endpoint, pattern(65_536)));
    }
    assertEquals(written, "reset");
  });

  against("has reset before anybody reads", "r", async (endpoint) => {
    await sleep(50);
    assertEquals(kindOf(await read(endpoint)), "reset");
  });

  against("resets while 32 MiB wait to be written", "w", async (endpoint) => {
    assertEquals(kindOf(await write(endpoint, pattern(32 * MIB))), "reset");
  });

  against("sends back 16 MiB while they are written, then the end", "e", async (endpoint) => {
    const sent = pattern(16 * MIB);
    const writing = write(endpoint, sent);
    assertEquals(firstDifference(await readExactly(endpoint, sent.length), sent), -1);
    assertEquals(await writing, undefined);
  });

  against("floods and ends, and is read slowly", "f", async (endpoint) => {
    let count = 0;
    for (;;) {
      const bytes = await read(endpoint);
      if (bytes instanceof IoError) {
        assertEquals(bytes.kind, "end-of-stream");
        break;
      }
      assert(bytes.every((byte) => byte === 7));
      count += bytes.length;
      if (count < MIB) await sleep(1);
    }
    assertEquals(count, 16 * MIB);
  });

  against("dies", "h", async (endpoint, kill) => {
    const reading = read(endpoint);
    await kill();
    assert(["end-of-stream", "reset"].includes(kindOf(await reading)));
  });
});
