import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Server } from "pollwire";
import { test } from "../harness.ts";
import { Peer, peerHandlers, type PeerLog } from "./peer_service.ts";
import { nodeMissing, runGrpcJsClient } from "./processes.ts";

const MIB = 1024 * 1024;
const options = { skip: nodeMissing, timeoutMs: 60_000 };

async function against(
  scenario: string,
  check: (seen: Record<string, unknown>, log: PeerLog) => void | Promise<void>,
): Promise<void> {
  const log: PeerLog = { cancelled: 0 };
  const server = new Server({ maxReceiveMessageBytes: 64 * MIB });
  server.addService(Peer, peerHandlers(log));
  const port = await server.listen("127.0.0.1:0");
  try {
    await check(await runGrpcJsClient(port, scenario), log);
  } finally {
    await server.shutdown({ graceMs: 2000 });
  }
}

test(
  "grpc-js client: unary",
  () => against("unary", (seen) => assertEquals(seen, { code: 0, bytes: 5, text: "hello" })),
  options,
);

test(
  "grpc-js client: server streaming",
  () =>
    against(
      "serverStream",
      (seen) => assertEquals(seen, { messages: 500, bytes: 500_000, inOrder: true, code: 0, details: "" }),
    ),
  options,
);

test(
  "grpc-js client: client streaming",
  () =>
    against("clientStream", (seen) => assertEquals(seen, { code: 0, messages: 500, totalBytes: 500_000 })),
  options,
);

test(
  "grpc-js client: bidirectional streaming",
  () =>
    against(
      "bidi",
      (seen) => assertEquals(seen, { messages: 100, bytes: 1000, inOrder: true, code: 0, details: "" }),
    ),
  options,
);

test(
  "grpc-js client: 16 MB message both ways",
  () =>
    against("large", (seen) => assertEquals(seen, { code: 0, details: "", bytes: 16 * MIB, equal: true })),
  options,
);

test(
  "grpc-js client: 1000 concurrent calls on one connection",
  () => against("concurrent", (seen) => assertEquals(seen, { ok: 1000 })),
  options,
);

test(
  "grpc-js client: metadata with -bin values, repeated values, trailers",
  () =>
    against("metadata", (seen) =>
      assertEquals(seen, {
        code: 0,
        text: ["first, second"], // node:http2 joins repeated values before grpc-js sees them
        data: [[0, 1, 254, 255]],
        trailerText: ["first, second"],
        trailerData: [[0, 1, 254, 255]],
      })),
  options,
);

test(
  "grpc-js client: error with UTF-8 details",
  () =>
    against("error", (seen) => assertEquals(seen, { code: 9, details: "nicht möglich: 不可能 100% \n ✗" })),
  options,
);

test(
  "grpc-js client: deadline",
  () => against("deadline", (seen) => assertEquals(seen, { code: 4 })),
  { ...options, leaves: "its handler sleeps on" },
);

test("grpc-js client: cancellation reaches the handler", () =>
  against("cancel", async (seen, log) => {
    assertEquals(seen.code, 1);
    for (let i = 0; i < 100 && log.cancelled === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assertEquals(log.cancelled, 1);
  }), options);

test(
  "grpc-js client: 100 KB of headers are refused, and the connection lives on",
  () =>
    against("hugeHeaders", (seen) => {
      assert(seen.refusedCode !== 0, `refused with ${seen.refusedCode}`);
      assertEquals(seen.afterCode, 0);
    }),
  options,
);

test("grpc-js client: unknown method is UNIMPLEMENTED", () =>
  against("unknownMethod", (seen) => {
    assertEquals(seen.code, 12);
    assertStringIncludes(String(seen.details), "/pollwire.test.Peer/Missing");
  }), options);

test(
  "grpc-js client: undecodable message is INTERNAL",
  () => against("undecodable", (seen) => assertEquals(seen.code, 13)),
  options,
);
