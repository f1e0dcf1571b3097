// Details of a status between pollwire and Go gRPC, both ways.
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { Channel, createClient, errorDetails, Server } from "pollwire";
import * as toolchains from "../../.ci/grpc_toolchains.mjs";
import { test } from "../harness.ts";
import { failing } from "../surface/call/detailed_service.ts";
import { failure, Trial } from "../surface/serving.ts";
import { go, type Peer, runClient, withServer } from "./peers.ts";

const peer: Peer = {
  missing: go.missing,
  command() {
    const program = `${toolchains.cacheFolder()}interop_go_details/peer`;
    const source = fileURLToPath(new URL("./peers/details_peer.go", import.meta.url));
    toolchains.buildGo({ what: "details of a status on Go gRPC", program, source });
    return [program];
  },
};

const options = { skip: peer.missing, timeoutMs: 120_000 };

test("status details: what Go sends is typed here", () =>
  withServer(peer, async (port) => {
    const channel = new Channel(`127.0.0.1:${port}`);
    const error = await failure(createClient(Trial, channel).one({}, { deadlineMs: 20_000 }));
    assertEquals([error.code, error.details], [9, "sold out"]);
    const [info, retry, other] = error.typedDetails(errorDetails);
    assertEquals([info!.type, info!.message], ["ErrorInfo", {
      reason: "STOCKOUT",
      domain: "shop.example",
      metadata: { zone: "a" },
    }]);
    assertEquals(error.detail(errorDetails.RetryInfo)?.retryDelay, { seconds: 1n, nanos: 500_000_000 });
    assertEquals(retry!.type, "RetryInfo");
    assertEquals([other!.type, other!.typeUrl], [undefined, "type.googleapis.com/google.protobuf.Empty"]);
    await channel[Symbol.asyncDispose]();
  }), options);

test("status details: what is sent here is typed by Go", async () => {
  const server = new Server();
  server.addService(Trial, { one: failing });
  const port = await server.listen("127.0.0.1:0");
  try {
    assertEquals(await runClient(peer, port, ["details"]), new Map([["details", "ok"]]));
  } finally {
    await server.shutdown();
  }
}, options);
