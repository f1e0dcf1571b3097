// What becomes of calls at the end of their server that no handler has got.
import "../../shared_engines.ts";
import { assertEquals } from "@std/assert";
import { Channel, createClient, Server, Status } from "pollwire";
import { test } from "../../harness.ts";
import { failure, gate, Trial, until } from "../serving.ts";

for (const how of ["close", "the end of a grace"] as const) {
  test(`a call that waits for its handler's turn at ${how} of its server goes to another one, and one with a handler does not`, async () => {
    const over = gate();
    const begun: string[] = [];
    const first = new Server({ settings: { maxConcurrentStreams: 2 } });
    first.addService(Trial, {
      one: async () => { // takes no notice of the end of its call
        await over.opened;
        return { text: "first" };
      },
    });
    first.observe({ onCallBegin: ({ method }) => void begun.push(method) });
    const second = new Server();
    second.addService(Trial, { one: () => ({ text: "second" }) });
    const ports = [await first.listen("127.0.0.1:0"), await second.listen("127.0.0.1:0")];
    const channel = new Channel(`ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`);
    const client = createClient(Trial, channel);

    const running = failure(client.one({}));
    await until(() => begun.length === 1);
    const cancel = new AbortController();
    const left = failure(client.one({}, { signal: cancel.signal }));
    await until(() => begun.length === 2);
    cancel.abort();
    assertEquals((await left).code, Status.CANCELLED);
    const waiting = client.one({}); // there is a stream for it, and no handler may begin
    await until(() => begun.length === 3);

    const ended = how === "close" ? first.close() : first.shutdown({ graceMs: 0 });
    assertEquals((await waiting).text, "second");
    assertEquals((await running).code, Status.UNAVAILABLE);
    over.open();
    await ended;
    channel.close();
    await Promise.all([first.shutdown(), second.shutdown()]);
  });
}
