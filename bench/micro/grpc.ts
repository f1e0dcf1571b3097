// gRPC framing: messages cut out of DATA.
import type { Bench } from "tinybench";
import { MessageReader, writePrefix } from "../../transport/grpc/message_reader.ts";
import { decodePercent, encodePercent } from "../../transport/grpc/percent.ts";

/** Adds the measurements. */
export function addGrpc(bench: Bench): void {
  let received = 0;
  const owner = {
    onMessageBytes: (bytes: Uint8Array, wireBytes: number) => {
      received += bytes.length;
      reader.taken(wireBytes);
    },
    onConsumed() {},
    onMessageError: (error: { message: string }) => {
      throw new Error(error.message);
    },
  };
  const reader = new MessageReader(owner, 1_000_000, "identity");
  const small = messages(1_000, 18);
  bench.add("grpc reader: 1,000 messages of 18 B in one piece", () => {
    received = 0;
    reader.read(small);
    if (received !== 18_000) throw new Error("messages were read wrongly");
  });
  const large = messages(1, 65_536);
  bench.add("grpc reader: a message of 64 KiB in 5 frames", () => {
    received = 0;
    for (let at = 0; at < large.length; at += 16_384) reader.read(large.subarray(at, at + 16_384));
    if (received !== 65_536) throw new Error("a message was read wrongly");
  });
  bench.add("grpc-message: percent coding of 40 characters", () => {
    if (decodePercent(encodePercent("the café at the corner is closed, 100%")).length !== 38) {
      throw new Error("a message was coded wrongly");
    }
  });
}

function messages(count: number, bytes: number): Uint8Array {
  const all = new Uint8Array(count * (5 + bytes));
  for (let i = 0; i < count; i++) writePrefix(all.subarray(i * (5 + bytes), (i + 1) * (5 + bytes)));
  return all;
}
