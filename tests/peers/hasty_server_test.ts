// A server that ends a call, and closes while the client still writes: the client's next write fails before it has read why.
import { assertEquals } from "@std/assert";
import { Channel, createClient, Status } from "pollwire";
import { platform } from "../../pollers/native/detect.ts";
import { test } from "../harness.ts";
import { failure, Trial } from "../surface/serving.ts";
import { nodeMissing, startGrpcJsServer } from "./processes.ts";

const text = "x".repeat(3_000);

async function* uploaded() {
  for (;;) yield { text };
}

test(
  "the status of a call that a server ends before it closes is read, though writing fails first",
  async () => {
    const server = await startGrpcJsServer(0, "peers/hasty_server.mjs");
    try {
      for (let round = 0; round < 20; round++) {
        const channel = new Channel(`127.0.0.1:${server.port}`);
        const { code, details } = await failure(createClient(Trial, channel).up(uploaded()));
        await channel[Symbol.asyncDispose]();
        assertEquals([code, details], [Status.PERMISSION_DENIED, "enough"], `round ${round}`);
      }
    } finally {
      await server.kill();
    }
  },
  { skip: platform === "win32" ? "a reset on Windows drops what came before it" : nodeMissing },
);
