// Shutdowns that are asked for while one is being done.
import { assertEquals } from "@std/assert";
import { createEngine, Server } from "pollwire";
import { test } from "../../harness.ts";
import { Trial } from "../serving.ts";

test("[Q123] a server that is shut down again by what its shutdown calls shuts down once, and both see its end", async () => {
  const engine = createEngine();
  const lines: string[] = [];
  let again: Promise<void> | undefined;
  const server = new Server({ poller: engine });
  server.addService(Trial, { one: (note) => note, down: () => [], up: () => ({}), both: () => [] });
  // The engine's listener is the application's, as a poller may be: it reports its end at once.
  const listen = engine.listen.bind(engine);
  engine.listen = (options, onAccept, onShutdown) => {
    const listener = listen(options, onAccept, onShutdown);
    const { shutdown } = listener;
    listener.shutdown = function () {
      lines.push("listener ends");
      again ??= server.shutdown();
      server.close();
      shutdown.call(listener);
    };
    return listener;
  };
  await server.listen("127.0.0.1:0");
  await server.listen("127.0.0.1:0");
  const first = server.shutdown();
  assertEquals(again === first, true);
  await first;
  assertEquals(lines, ["listener ends", "listener ends"]);
  await engine.shutdown();
});
