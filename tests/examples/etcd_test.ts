// The example of servers that are found in etcd.
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { Program } from "../pollers/program.ts";
import { etcdMissing, EtcdProcess } from "../surface/etcd/etcd_process.ts";

test("etcd example: a channel calls whoever is there", () =>
  EtcdProcess.run({}, async (etcd) => {
    const program = new Program(new URL("../../examples/etcd/fleet.ts", import.meta.url), [
      `--etcd=${etcd.endpoint}`,
    ]);
    const { code, output } = await program.ended;
    assertEquals(output.trim().split("\n"), [
      "two servers: anna, bert",
      "one more: anna, bert, carl",
      "without anna: bert, carl",
    ]);
    assertEquals(code, 0);
  }), { skip: etcdMissing });
