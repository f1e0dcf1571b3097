// Corked calls that block their thread.
import { assertEquals } from "@std/assert";
import { ALL_WAYS, blocking, endSharedServer, startSharedServer } from "./bench.ts";

await startSharedServer();

blocking(
  ALL_WAYS,
  "corked: requests go with the initial metadata, whether or not there is a connection",
  ({ client }) => {
    const corked = { corked: true, deadlineMs: 30_000 };
    for (let i = 0; i < 2; i++) {
      assertEquals(client.up([{ number: 1 }, { number: 2 }], corked).number, 3);
      assertEquals(client.up([], corked).number, 0);
      assertEquals([...client.both([{ number: 4 }], corked)].map(({ number }) => number), [4]);
    }
  },
);

endSharedServer();
