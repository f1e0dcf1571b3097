// Structs, constants and error numbers of Windows are what a C compiler for Windows has.
import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import process from "node:process";
import { WAIT_TIMEOUT, WINDOWS_ERRORS, WSA_IO_PENDING } from "../../../pollers/ffi/windows_error_table.ts";
import * as layouts from "../../../pollers/ffi/windows_layouts.ts";
import { test } from "../../harness.ts";

const path = process.env.POLLWIRE_WINDOWS_LAYOUTS;
const skip = path === undefined ? "`npm run test:windows` has C for Windows" : undefined;

function fromC(): Record<string, unknown> {
  return JSON.parse(readFileSync(path!, "utf8"));
}

test("Windows' structs, constants and GUIDs are those of C", () => {
  const { errors: _, ...printed } = fromC();
  assertEquals({ ...layouts } as Record<string, unknown>, printed);
}, { skip });

test("Windows' error numbers are those of C", () => {
  const ours = Object.fromEntries(WINDOWS_ERRORS.map(([name, value]) => [name, value]));
  assertEquals({ ...ours, WSA_IO_PENDING, WAIT_TIMEOUT } as unknown, fromC()["errors"]);
}, { skip });
