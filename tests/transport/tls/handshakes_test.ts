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
  const begin = (i: number): void => handshakes.begin({ refuse() {}, cancel() {} }, () => begun.push(i));
  for (let i = 1; i <= 3; i++) begin(i);
  assertEquals(begun.splice(0), [1]);
  assertEquals(turn(), [2]);
  begin(4);
  assertEquals([turn(), turn(), turn()], [[3], [4], []]);
  begin(5);
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

test("handshakes: what is given up before its turn takes no turn, and nothing keeps its hello", () => {
  const closures: Array<() => void> = [];
  const handshakes = new Handshakes(
    { run: (closure: () => void) => void closures.push(closure) } as EventEngine,
  );
  const begun: number[] = [];
  const count = MOST_HANDSHAKES + 500;
  for (let i = 0; i < count; i++) {
    const one: HandshakeUnderWay = {
      refuse: () => handshakes.delete(one),
      cancel: () => handshakes.delete(one),
    };
    handshakes.add(one);
    handshakes.begin(one, () => begun.push(i));
  }
  for (let turn = 0; turn < 2; turn++) for (const closure of closures.splice(0)) closure();
  assertEquals(begun, [0, count - MOST_HANDSHAKES, count - MOST_HANDSHAKES + 1]);
  handshakes.cancelAll();
  for (const closure of closures.splice(0)) closure();
  assertEquals([begun.length, closures.length], [3, 0]);
});
