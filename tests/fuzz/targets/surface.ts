// What applications and peers give the surface: metadata and addresses. And the canary.
import { AddressError, formatAddress, HeaderList, Metadata, parseTarget } from "./surface_imports.ts";
import { type FuzzTarget, invariant } from "../target.ts";
import { reached } from "../trace.ts";

const text = (input: Uint8Array) => new TextDecoder().decode(input);
const bytes = (input: string) => new TextEncoder().encode(input);

/** Received metadata: names and values as lines. */
export const metadata: FuzzTarget = {
  name: "metadata",
  about:
    "received metadata never throws when it is read, and what an application may set can be sent and read back",
  mostBytes: 500,
  seeds: () => [bytes("x-name\nvalue\nx-bin\nAAEC,AwQ="), bytes("grpc-status\n0\nA\n%41")],
  run(input) {
    const lines = Array.from(input, (byte) => String.fromCharCode(byte)).join("").split("\n");
    if (lines.length % 2 === 1) lines.pop();
    for (const _ of Metadata.fromHeaders(HeaderList.ofStrings(lines))) void _;
    const own = new Metadata();
    for (let i = 0; i < lines.length; i += 2) {
      try {
        own.append(
          lines[i]!,
          lines[i]!.toLowerCase().endsWith("-bin") ? bytes(lines[i + 1]!) : lines[i + 1]!,
        );
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
    const back = Metadata.fromHeaders(own.toHeaders() ?? new HeaderList([]));
    invariant(JSON.stringify([...back]) === JSON.stringify([...own]), "metadata changes on its way");
  },
};

/** Target strings. */
export const address: FuzzTarget = {
  name: "address",
  about: "a target is parsed or refused with AddressError, and what was parsed is the same after formatting",
  mostBytes: 300,
  seeds: () =>
    ["127.0.0.1:80", "[::1]:443", "dns:///host.example:1", "unix:/tmp/x", "unix-abstract:a", "localhost"].map(
      bytes,
    ),
  run(input) {
    let target;
    try {
      target = parseTarget(text(input), 443);
    } catch (error) {
      if (error instanceof AddressError) return reached(error.message);
      throw error;
    }
    const again = parseTarget(formatAddress(target), 443);
    invariant(
      JSON.stringify(again) === JSON.stringify(target),
      `${JSON.stringify(target)} becomes ${JSON.stringify(again)}`,
    );
  },
};

/** Has a bug that only certain octets behind a certain length find. */
export const canary: FuzzTarget = {
  name: "canary",
  about: "has a bug, which a fuzzer that works finds",
  mostBytes: 100,
  seeds: () => [Uint8Array.of(0, 0, 0, 4, 0)],
  run(input) {
    if (input.length > 8 && input[3] === 6 && input[5] === 0x40) throw new Error("the canary was found");
  },
};
