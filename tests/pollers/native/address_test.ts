import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { EngineFactory, IoError, SocketAddress } from "../../../pollers/mod.ts";
import { Acceptor, connect, LOOPBACK, readExactly, tryConnect, withEngine, write } from "../promised.ts";
import { testEach, withFolder } from "./setup.ts";

const UNNAMED: SocketAddress = { family: "unix", path: "" };

testEach(
  "unix sockets know their addresses, and leave no file behind",
  (factory) =>
    withFolder(async (folder) => {
      const at: SocketAddress = { family: "unix", path: `${folder}/socket` };
      for (let times = 0; times < 2; times++) await echoOver(factory, at);
    }),
);

testEach(
  "abstract unix sockets know their addresses",
  (factory) =>
    echoOver(factory, { family: "unix-abstract", name: `pollwire-${process.pid}-${factory.name}` }),
);

testEach(
  "a listener on TCP and on a unix socket tells which is which",
  (factory) =>
    withFolder((folder) =>
      withEngine(factory, async (engine) => {
        const path = `${folder}/socket`;
        const acceptor = Acceptor.create(engine);
        const v4 = await acceptor.bind(LOOPBACK);
        const v6 = await acceptor.bind({ family: "ipv6", host: "::1", port: 0 });
        const unix = await acceptor.bind({ family: "unix", path });
        assert(v4.ok && v4.value > 0 && v6.ok && v6.value > 0 && unix.ok);
        assertEquals(unix.value, 0);
        acceptor.start();
        for (
          const at of [
            { ...LOOPBACK, port: v4.value },
            { family: "ipv6", host: "::1", port: v6.value },
            { family: "unix", path },
          ] as SocketAddress[]
        ) {
          const endpoint = await connect(engine, at);
          const accepted = await acceptor.accept();
          assertEquals(accepted.local, at);
          assertEquals(accepted.peer, endpoint.local);
          assertEquals(endpoint.peer, at);
          accepted.close();
          endpoint.close();
        }
        await acceptor.shutdown();
        assertEquals(acceptor.events, ["accept", "accept", "accept", "shutdown"]);
      })
    ),
);

testEach("connecting in vain says why", (factory) =>
  withFolder(async (folder) => {
    const expected: Array<[SocketAddress, IoError["kind"], string]> = [
      [{ family: "ipv4", host: "127.0.0.1", port: 1 }, "refused", "connect to 127.0.0.1:1 failed"],
      [{ family: "ipv6", host: "::1", port: 1 }, "refused", "connect to [::1]:1 failed"],
      [{ family: "unix", path: `${folder}/none` }, "not-found", `connect to unix:${folder}/none failed`],
      [{ family: "unix", path: "x".repeat(200) }, "unsupported", "the path has 200 bytes"],
      [{ family: "unix-abstract", name: "x".repeat(200) }, "unsupported", "the path has 200 bytes"],
    ];
    for (const [to, kind, message] of expected) {
      await withEngine(factory, async (engine) => {
        const result = await tryConnect(engine, to);
        assert(!result.ok);
        assertEquals(result.error.kind, kind, result.error.message);
        assertEquals(result.error.syscall, "connect");
        assertStringIncludes(result.error.message, message);
      });
    }
  }));

testEach(
  "binding in vain says why, and other addresses stay usable",
  (factory) =>
    withFolder((folder) =>
      withEngine(factory, async (engine) => {
        const [holder, port] = await Acceptor.listen(engine, LOOPBACK);
        const acceptor = Acceptor.create(engine);
        const expected: Array<[SocketAddress, IoError["kind"]]> = [
          [{ ...LOOPBACK, port } as SocketAddress, "address-in-use"],
          [{ family: "unix", path: `${folder}/no/such/folder` }, "not-found"],
          [{ family: "unix", path: `${folder}/${"x".repeat(200)}` }, "unsupported"],
        ];
        for (const [at, kind] of expected) {
          const bound = await acceptor.bind(at);
          assert(!bound.ok);
          assertEquals(bound.error.kind, kind, bound.error.message);
          assertEquals(bound.error.syscall, "bind");
        }
        assert((await acceptor.bind(LOOPBACK)).ok);
        await acceptor.shutdown();
        await holder.shutdown();
      })
    ),
);

testEach(
  "names are looked up, off the caller's stack also in vain",
  (factory) =>
    withEngine(factory, async (engine) => {
      const lookup = (host: string) =>
        new Promise<string>((resolve) => {
          let returned = false;
          engine.resolver().lookup(host, 80, (result) => {
            assert(returned, `lookup of "${host}" called back on the caller's stack`);
            resolve(result.ok ? JSON.stringify(result.value) : result.error.kind);
          });
          returned = true;
        });
      assertStringIncludes(await lookup("localhost"), '"port":80');
      assertEquals(await lookup("127.0.0.1"), '[{"family":"ipv4","host":"127.0.0.1","port":80}]');
      assertEquals(await lookup(""), "not-found");
      assertEquals(await lookup("no\0name"), "not-found");
    }),
);

async function echoOver(factory: EngineFactory, at: SocketAddress): Promise<void> {
  await withEngine(factory, async (engine) => {
    const [acceptor, port] = await Acceptor.listen(engine, at);
    assertEquals(port, 0);
    const endpoint = await connect(engine, at);
    const accepted = await acceptor.accept();
    assertEquals([endpoint.local, endpoint.peer], [UNNAMED, at]);
    assertEquals([accepted.local, accepted.peer], [at, UNNAMED]);
    assertEquals(await write(endpoint, "over and back"), undefined);
    assertEquals(await write(accepted, await readExactly(accepted, 13)), undefined);
    assertEquals(new TextDecoder().decode(await readExactly(endpoint, 13)), "over and back");
    endpoint.close();
    accepted.close();
    await acceptor.shutdown();
  });
}
