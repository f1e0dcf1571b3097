// What Windows is told of TCP keepalive, seen by what its call is given.
import { assertEquals } from "@std/assert";
import { HandleRegistry } from "../../../pollers/iocp/handle_registry.ts";
import type { CompletionPort } from "../../../pollers/iocp/pollset.ts";
import { type Socket, Sockets } from "../../../pollers/iocp/sockets.ts";
import type { Winsock } from "../../../pollers/ffi/winsock.ts";
import { test } from "../../harness.ts";
import { LOOPBACK } from "../promised.ts";

/** The words of a struct tcp_keepalive for `keepAliveMs`. */
function wordsFor(keepAliveMs: number): number[] {
  const words: number[] = [];
  const winsock = {
    WSAIoctl(_socket: unknown, _code: number, bytes: Uint8Array): number {
      words.push(...new Uint32Array(bytes.slice(0, 12).buffer));
      return 0;
    },
  } as unknown as Winsock;
  const sockets = new Sockets(winsock, {} as CompletionPort, new HandleRegistry());
  sockets.setOptions({} as Socket, LOOPBACK, { noDelay: false, keepAliveMs });
  return words;
}

test("iocp: keepalive begins when it was asked to, and after nine hours at the latest", () => {
  for (const [asked, told] of [[0, 1], [0.5, 1], [20_000, 20_000], [2 ** 32 + 5, 32_767_000]] as const) {
    assertEquals(wordsFor(asked), [1, told, 1_000]);
  }
  assertEquals(wordsFor(Infinity), [1, 32_767_000, 1_000]);
});
