// The handles of an iocp engine, which another one closes when the thread is gone, or was taken for gone.
import { assert, assertEquals } from "@std/assert";
import { FILE, HandleRegistry, SOCKET } from "../../../pollers/iocp/handle_registry.ts";
import { test } from "../../harness.ts";

test("iocp: handles of a thread that was taken for gone are given up once, and it closes none of them", () => {
  const held = new HandleRegistry();
  held.openPort();
  assert(held.add(264, SOCKET) && held.add(268, FILE) && held.add(272, SOCKET));
  assert(held.remove(268), "it is this thread's to close");
  const others = new HandleRegistry(held.words);
  assert(others.takePort());
  assertEquals(others.takeHandles(), [{ handle: 264, kind: SOCKET }, { handle: 272, kind: SOCKET }]);
  assertEquals([others.takeHandles(), others.takePort()], [[], false]);
  assertEquals([held.remove(264), held.takePort()], [false, false]);
  assert(held.add(276, FILE), "what it opens from then on is its own");
  assert(held.remove(276));
});

test("iocp: a handle that is not held is not this thread's to close, and changes nothing", () => {
  const held = new HandleRegistry();
  held.openPort();
  assert(held.add(264, SOCKET));
  assertEquals(held.remove(999), false);
  assert(held.remove(264));
  assertEquals(held.remove(264), false);
  assert(held.add(268, SOCKET) && held.add(272, SOCKET));
  assertEquals(held.takeHandles().map(({ handle }) => handle), [268, 272]);
  assert(held.takePort(), "the port is open still");
});
