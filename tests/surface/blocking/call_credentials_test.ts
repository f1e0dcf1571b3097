// Call credentials of calls that block their thread: by what is there at once, and refused with the reason otherwise.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { CallCredentials, callCredentials, type CallCredentialsSink, type Metadata, Status } from "pollwire";
import { HeaderList } from "../../../transport/mod.ts";
import { takenForSecure } from "../credentials/secured_channel.ts";
import { ALL_WAYS, blocking, endSharedServer, LOCAL_WAYS, startSharedServer, thrown } from "./bench.ts";

await startSharedServer();

blocking(
  ALL_WAYS,
  "[C86] credentials that are there at once are sent, the channel's and the call's",
  (bench) => {
    const { client } = bench;
    takenForSecure(bench.channel);
    const asked: boolean[] = [];
    let said: unknown[] = [];
    client.one({}, {
      metadata: { "x-said": "metadata" },
      callCredentials: callCredentials.from(({ blocking }) => {
        asked.push(blocking);
        return { "x-other": "credentials" };
      }),
      onTrailers: (trailers: Metadata) => said = trailers.getAll("x-said"),
    });
    assertEquals([said, asked], [["metadata"], [true]]);
    client.one({}, {
      callCredentials: callCredentials.refreshed(() => ({ token: "a", expiresInMs: 1_000 })),
    });
    client.one({}, {
      callCredentials: callCredentials.from(() => ({ "x-said": "credentials" })),
      onTrailers: (trailers: Metadata) => said = trailers.getAll("x-said"),
    });
    assertEquals(said, ["credentials"]);
  },
);

blocking(
  ALL_WAYS,
  "[C86] of a channel too, and a promise cannot settle while the thread blocks",
  (bench) => {
    takenForSecure(bench.channel);
    const { client } = bench;
    for (
      const credentials of [
        callCredentials.bearer(() => Promise.resolve("a")),
        callCredentials.refreshed(() => Promise.resolve({ token: "a", expiresInMs: 1_000 })),
      ]
    ) {
      const error = thrown(() => client.one({}, { callCredentials: credentials, deadlineMs: 5_000 }));
      assertEquals(error.code, Status.UNAUTHENTICATED);
      assertStringIncludes(
        error.details,
        "they gave a promise, which cannot settle while the call blocks its thread",
      );
    }
    let said: unknown[] = [];
    bench.client.one({}, { onTrailers: (trailers: Metadata) => said = trailers.getAll("x-said") });
    assertEquals(said, ["of the channel"]);
  },
  { callCredentials: callCredentials.from(() => ({ "x-said": "of the channel" })) },
);

blocking(ALL_WAYS, "[C86] over plaintext they are not sent", ({ client }) => {
  const error = thrown(() => client.one({}, { callCredentials: callCredentials.bearer("a") }));
  assertEquals(error.code, Status.UNAUTHENTICATED);
  assertStringIncludes(error.details, "not sent over plaintext");
});

blocking(
  LOCAL_WAYS,
  "[C86] what the engine completes is waited for in the poller",
  ({ client, channel, engine }) => {
    takenForSecure(channel);
    class ByTask extends CallCredentials {
      override fetch(_request: unknown, sink: CallCredentialsSink): undefined {
        engine.runAt(engine.now() + 5, () => sink.onHeaders(HeaderList.ofStrings(["x-said", "later"])));
      }
    }
    let said: unknown[] = [];
    client.one({}, {
      callCredentials: new ByTask(),
      onTrailers: (trailers: Metadata) => said = trailers.getAll("x-said"),
    });
    assertEquals(said, ["later"]);
  },
);

endSharedServer();
