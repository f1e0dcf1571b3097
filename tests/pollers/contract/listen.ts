// Rule 3, listening: bind, the backlog, accept, and an end that comes once and last.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import process from "node:process";
import { formatAddress } from "../../../pollers/contract/address.ts";
import { runtime } from "../../harness.ts";
import { PlainServer, PlainSocket } from "../plain_peer.ts";
import { Acceptor, LOOPBACK, readExactly, sleep, tryConnect, until, withEngine, write } from "../promised.ts";
import type { Suite } from "./suite.ts";

/** Tests of `listen` and `Listener`. */
export function listenRules(suite: Suite): void {
  listening(suite);
  sharedPorts(suite);
}

function listening({ factory, rule }: Suite): void {
  rule("3 accept gives endpoints that know both addresses", () =>
    withEngine(factory, async (engine) => {
      const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
      const plain = await PlainSocket.connect({ family: "ipv4", host: "127.0.0.1", port });
      const endpoint = await acceptor.accept();
      assertEquals(endpoint.local, { family: "ipv4", host: "127.0.0.1", port });
      assertEquals(endpoint.peer, plain.local);
      await plain.write("ping");
      assertEquals(new TextDecoder().decode(await readExactly(endpoint, 4)), "ping");
      assertEquals(await write(endpoint, "pong!"), undefined);
      assertEquals(new TextDecoder().decode(await plain.readExactly(5)), "pong!");
      endpoint.close();
      plain.destroy();
      assertEquals(await acceptor.shutdown(), undefined);
    }));

  rule("3 connections wait in the backlog until start", () =>
    withEngine(factory, async (engine) => {
      const acceptor = Acceptor.create(engine);
      const port = await acceptor.bind(LOOPBACK);
      assert(port.ok);
      const plain = await PlainSocket.connect({ family: "ipv4", host: "127.0.0.1", port: port.value });
      await plain.write("early");
      await sleep(50);
      assertEquals(acceptor.events, []);
      acceptor.start();
      const endpoint = await acceptor.accept();
      assertEquals(new TextDecoder().decode(await readExactly(endpoint, 5)), "early");
      endpoint.close();
      plain.destroy();
      await acceptor.shutdown();
    }));

  rule("3 one listener serves several addresses", () =>
    withEngine(factory, async (engine) => {
      const acceptor = Acceptor.create(engine);
      const ports = [await acceptor.bind(LOOPBACK), await acceptor.bind(LOOPBACK)];
      acceptor.start();
      for (const port of ports) {
        assert(port.ok);
        const plain = await PlainSocket.connect({ family: "ipv4", host: "127.0.0.1", port: port.value });
        const endpoint = await acceptor.accept();
        assertEquals(endpoint.local, { family: "ipv4", host: "127.0.0.1", port: port.value });
        endpoint.close();
        plain.destroy();
      }
      await acceptor.shutdown();
    }));

  rule(
    "3 connections that were reset before they are accepted keep nobody waiting",
    () =>
      withEngine(factory, async (engine) => {
        const acceptor = Acceptor.create(engine);
        const port = await acceptor.bind(LOOPBACK);
        assert(port.ok);
        const to = { family: "ipv4", host: "127.0.0.1", port: port.value } as const;
        const gone = await Promise.all(Array.from({ length: 50 }, () => PlainSocket.connect(to)));
        for (const plain of gone) plain.reset();
        const plain = await PlainSocket.connect(to);
        await sleep(20);
        const startedAt = performance.now();
        acceptor.start();
        let endpoint = await acceptor.accept();
        while (formatAddress(endpoint.peer) !== formatAddress(plain.local)) {
          endpoint.close();
          endpoint = await acceptor.accept();
        }
        const tookMs = performance.now() - startedAt;
        assert(tookMs < 4_500, `it waited for ${tookMs} ms`); // a pause for each would be 5 s
        endpoint.close();
        plain.destroy();
        await acceptor.shutdown();
      }),
  );

  rule("3 200 connections at once are all accepted", () =>
    withEngine(factory, async (engine) => {
      const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
      const to = { family: "ipv4", host: "127.0.0.1", port } as const;
      const plains = await Promise.all(Array.from({ length: 200 }, () => PlainSocket.connect(to)));
      const endpoints = await Promise.all(plains.map(() => acceptor.accept()));
      assertEquals(
        new Set(endpoints.map((endpoint) => "port" in endpoint.peer && endpoint.peer.port)).size,
        200,
      );
      for (const endpoint of endpoints) endpoint.close();
      for (const plain of plains) plain.destroy();
      await acceptor.shutdown();
    }));

  rule(
    "3 onShutdown comes once and last, and the port is free again",
    () =>
      withEngine(factory, async (engine) => {
        const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
        const at = { family: "ipv4", host: "127.0.0.1", port } as const;
        const plain = await PlainSocket.connect(at);
        const endpoint = await acceptor.accept();
        void acceptor.shutdown();
        assertEquals(acceptor.events, ["accept"], "onShutdown ran on the caller's stack");
        await acceptor.shutdown();
        // At once: whoever heard of the end may rely on it.
        const refused = await tryConnect(engine, at);
        assert(!refused.ok && refused.error.kind === "refused");
        await sleep(30);
        assertEquals(acceptor.events, ["accept", "shutdown"]);
        // What was accepted lives on.
        await plain.write("still");
        assertEquals(new TextDecoder().decode(await readExactly(endpoint, 5)), "still");
        endpoint.close();
        assertEquals((await plain.readToEnd()).length, 0);
        plain.destroy();
        await (await PlainServer.listen(at)).close();
      }),
  );

  rule("3 a listener that was never started shuts down as well", () =>
    withEngine(factory, async (engine) => {
      const unbound = Acceptor.create(engine);
      const bound = Acceptor.create(engine);
      const port = await bound.bind(LOOPBACK);
      assert(port.ok);
      const plain = await PlainSocket.connect({ family: "ipv4", host: "127.0.0.1", port: port.value });
      assertEquals([await unbound.shutdown(), await bound.shutdown()], [undefined, undefined]);
      assertEquals((await plain.readToEnd()).length, 0);
      plain.destroy();
      assertEquals([...unbound.events, ...bound.events], ["shutdown", "shutdown"]);
    }));

  rule(
    "3 a port in use is an error that names address and cause",
    () =>
      withEngine(factory, async (engine) => {
        const server = await PlainServer.listen();
        const acceptor = Acceptor.create(engine);
        const result = await acceptor.bind(server.address);
        assert(!result.ok);
        const { kind, syscall, address, code } = result.error;
        assertEquals([kind, syscall, address, code], [
          "address-in-use",
          "bind",
          server.address,
          "EADDRINUSE",
        ]);
        await acceptor.shutdown();
        await server.close();
      }),
  );

  rule("3 an address of another machine cannot be bound", () =>
    withEngine(factory, async (engine) => {
      const acceptor = Acceptor.create(engine);
      const result = await acceptor.bind({ family: "ipv4", host: "192.0.2.1", port: 0 });
      assert(!result.ok);
      assertEquals([result.error.kind, result.error.syscall], ["address-not-available", "bind"]);
      await acceptor.shutdown();
    }));

  rule("3 start and bind after the end are misuse", () =>
    withEngine(factory, async (engine) => {
      const acceptor = Acceptor.create(engine);
      await acceptor.bind(LOOPBACK);
      acceptor.start();
      assertThrows(() => acceptor.start(), TypeError);
      await acceptor.shutdown();
      assertThrows(() => acceptor.start(), TypeError);
    }));
}

function sharedPorts({ factory, made, rule }: Suite): void {
  const onLinux = process.platform === "linux" ? undefined : "SO_REUSEPORT balances on Linux only";
  // Deno's own sockets share a port only where it is run with --unstable-net, which tests are not.
  if (made.poller === "iocp" || (made.poller === "native" && runtime === "deno")) {
    rule(
      "3 reusePort says what is missing where ports are not shared",
      () =>
        withEngine(factory, async (engine) => {
          const acceptor = Acceptor.create(engine, true);
          const bound = await acceptor.bind(LOOPBACK);
          assert(!bound.ok);
          assertEquals([bound.error.kind, bound.error.syscall], ["unsupported", "bind"]);
          assertMatch(bound.error.message, /cannot share a port|only when it is run with/);
          await acceptor.shutdown();
        }),
    );
    return;
  }
  rule(
    "3 reusePort lets two listeners share a port, and each gets connections",
    () =>
      withEngine(factory, async (engine) => {
        const listeners = [Acceptor.create(engine, true), Acceptor.create(engine, true)] as const;
        const port = await listeners[0].bind(LOOPBACK);
        assert(port.ok, port.ok ? "" : port.error.message);
        const at = { family: "ipv4", host: "127.0.0.1", port: port.value } as const;
        const again = await listeners[1].bind(at);
        assert(again.ok, again.ok ? "" : again.error.message);
        const alone = Acceptor.create(engine);
        const unasked = await alone.bind(at);
        assert(!unasked.ok && unasked.error.kind === "address-in-use", "who does not ask shares as well");
        for (const listener of listeners) listener.start();
        const plains = await Promise.all(Array.from({ length: 60 }, () => PlainSocket.connect(at)));
        const accepted = (): number[] => listeners.map(({ events }) => events.length);
        await until(() => accepted()[0]! + accepted()[1]! === 60, "all connections");
        assert(accepted().every((count) => count > 0), `accepted: ${accepted()}`);
        for (const plain of plains) plain.destroy();
        for (const listener of listeners) for (const endpoint of listener.left()) endpoint.close();
        await Promise.all([...listeners, alone].map((listener) => listener.shutdown()));
      }),
    { skip: onLinux },
  );
}
