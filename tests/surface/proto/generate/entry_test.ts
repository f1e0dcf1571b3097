// What generated code imports: codecs, and nothing of parser, channels or pollers.

import { assert, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "../../../harness.ts";
import { readSource } from "../../../tidy/source.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** All files that `entry` loads when it is imported. */
function loadedBy(entry: string): string[] {
  const found = new Set([entry]);
  for (const path of found) {
    for (const { target, typeOnly } of readSource(path, readFileSync(root + path, "utf8")).imports) {
      if (target !== undefined && !typeOnly) found.add(target);
    }
  }
  return [...found].sort();
}

test("pollwire/generated loads codecs, and no parser, channel, poller or transport", () => {
  const loaded = loadedBy("surface/proto/generated.ts");
  assert(loaded.includes("surface/proto/codec.ts"));
  const others = loaded.filter((path) =>
    !/^surface\/proto\/(?!language|load|parse|assemble|generate\/)/.test(path)
  );
  assertEquals(others, [
    "pollers/log/values.ts",
    "pollers/native/builtin.ts",
    "pollers/native/detect.ts",
    "pollers/native/text.ts",
    "surface/nearest.ts",
    "surface/options.ts",
    "surface/records.ts",
    "transport/framing.ts",
    "transport/grpc/compression.ts",
    "transport/grpc/message_prefix.ts",
    "transport/hpack/copy_bytes.ts",
  ]);
});

test("what the library speaks besides loads no parser: error details, health, load reports, channelz and etcd", () => {
  const parser = /^surface\/proto\/(?:language|load|parse|assemble|well_known_sources)/;
  for (
    const entry of [
      "surface/call/error_details.ts",
      "surface/call/status_details.ts",
      "surface/services/health_service.ts",
      "surface/services/load_report_service.ts",
      "surface/channelz/service.ts",
      "surface/etcd/etcd_proto.ts",
    ]
  ) {
    const loaded = loadedBy(entry);
    assert(loaded.includes("surface/proto/codec.ts"), entry);
    assertEquals(loaded.filter((path) => parser.test(path)), [], entry);
  }
});
