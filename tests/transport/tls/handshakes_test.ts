// The handshakes of a server: a flood of them has its turns like everybody, and what it holds is bounded.
import { assertEquals, assertMatch } from "@std/assert";
import type { EventEngine } from "../../../pollers/mod.ts";
import { Handshakes, type HandshakeUnderWay, MOST_HANDSHAKES } from "../../../transport/tls/handshakes.ts";
import { test } from "../../harness.ts";

test("handshakes: one begins in a turn, and the others after it, in their order", () => {
  const closures: Array<() => void> = [];
  const handshakes = new Handshakes(
    { run: (closure: () => void) => void closures.push(closure) } as EventEngine,
  );
  const begun: number[] = [];
  const turn = (): number[] => {
    for (const closure of closures.splice(0)) closure();
    return begun.splice(0);
  };
  for (let i = 1; i <= 3; i++) handshakes.begin(() => begun.push(i));
  assertEquals(begun.splice(0), [1]);
  assertEquals(turn(), [2]);
  handshakes.begin(() => begun.push(4));
  assertEquals([turn(), turn(), turn()], [[3], [4], []]);
  handshakes.begin(() => begun.push(5));
  assertEquals([begun.splice(0), turn(), closures.length], [[5], [], 0]);
});

test("handshakes: where there are too many the oldest is given up", () => {
  const handshakes = new Handshakes({ run() {} } as unknown as EventEngine);
  const refused: string[] = [];
  const one = (name: number): HandshakeUnderWay => ({
    refuse(reason) {
      refused.push(`${name}: ${reason}`);
      handshakes.delete(this);
    },
    cancel() {
      handshakes.delete(this);
    },
  });
  for (let i = 0; i < MOST_HANDSHAKES; i++) handshakes.add(one(i));
  assertEquals(refused, []);
  handshakes.add(one(MOST_HANDSHAKES));
  handshakes.add(one(MOST_HANDSHAKES + 1));
  assertEquals([handshakes.size, refused.length], [MOST_HANDSHAKES, 2]);
  assertMatch(refused[0]!, /^0: 1000 handshakes are under way, and this is the oldest/);
  assertMatch(refused[1]!, /^1: /);
  handshakes.cancelAll();
  assertEquals(handshakes.size, 0);
});
