// loadProto from disk: real files in a temporary folder, in all the places that an import is looked up.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ProtoError } from "../../../surface/proto/errors.ts";
import { loadProto } from "../../../surface/proto/load.ts";
import { test } from "../../harness.ts";

const CART = 'syntax = "proto3"; package shop; import "shop/item.proto"; message Cart { Item item = 1; }';
const ITEM = 'syntax = "proto3"; package shop; message Item { string name = 1; }';
const OTHER = 'syntax = "proto3"; package shop; message Item { string other = 1; }';

/** Runs `body` in a folder with `files`, whose path ends with "/". */
async function withFiles(
  files: Readonly<Record<string, string>>,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), "pollwire-load-"))).replaceAll("\\", "/");
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(`${folder}/${name}`), { recursive: true });
      if (name.endsWith("/")) mkdirSync(`${folder}/${name}`);
      else writeFileSync(`${folder}/${name}`, text);
    }
    await body(`${folder}/`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fieldsOfItem(...args: Parameters<typeof loadProto>): Promise<string[]> {
  return Object.keys((await loadProto(...args)).messages["shop.Item"]!.decode(new Uint8Array(0)));
}

test("an import that leads back into a directory above is found on disk", () =>
  withFiles({ "protos/shop/cart.proto": CART, "protos/shop/item.proto": ITEM }, async (folder) => {
    assertEquals(await fieldsOfItem(`${folder}protos/shop/cart.proto`), ["name"]);
    assertEquals(await fieldsOfItem(pathToFileURL(`${folder}protos/shop/cart.proto`)), ["name"]);
  }));

test("include directories are tried in their order, up to the one that has the file", () =>
  withFiles({
    "shop/cart.proto": CART,
    "shop/item.proto": OTHER,
    "empty/": "",
    "third/shop/item.proto": ITEM,
    "last/shop/item.proto": OTHER,
  }, async (folder) => {
    const dirs = ["empty", "missing", "third", "last"].map((name) => folder + name);
    assertEquals(await fieldsOfItem(`${folder}shop/cart.proto`, { includeDirs: dirs }), ["name"]);
    const urls = dirs.map((dir) => pathToFileURL(dir));
    assertEquals(await fieldsOfItem(`${folder}shop/cart.proto`, { includeDirs: urls }), ["name"]);
    assertEquals(await fieldsOfItem(`${folder}shop/cart.proto`), ["other"]);
  }));

test("an imported file finds its own imports below the directory it was found in", () =>
  withFiles({
    "main/main.proto": 'syntax = "proto3"; import "shop/cart.proto"; message M { shop.Cart cart = 1; }',
    "lib/shop/cart.proto": CART,
    "lib/shop/item.proto": ITEM,
  }, async (folder) => {
    assertEquals(await fieldsOfItem(`${folder}main/main.proto`, { includeDirs: [`${folder}lib`] }), ["name"]);
  }));

test("a place that is a directory, or below a file, is none", () =>
  withFiles({
    "shop/cart.proto": CART,
    "a/shop/item.proto/": "",
    "b/shop": "a file",
    "c/shop/item.proto": ITEM,
  }, async (folder) => {
    const includeDirs = ["a", "b", "c"].map((name) => folder + name);
    assertEquals(await fieldsOfItem(`${folder}shop/cart.proto`, { includeDirs }), ["name"]);
  }));

test("weak imports and option imports may be missing on disk", () =>
  withFiles({
    "weak.proto": 'syntax = "proto3"; import weak "gone.proto"; message W {}',
    "option.proto": 'edition = "2024"; import option "gone.proto"; message O { option (gone) = 1; }',
  }, async (folder) => {
    assertEquals(Object.keys((await loadProto(`${folder}weak.proto`)).messages), ["W"]);
    assertEquals(Object.keys((await loadProto(`${folder}option.proto`)).messages), ["O"]);
  }));

test("a missing import lists every place that was looked at", () =>
  withFiles({ "protos/shop/cart.proto": CART, "inc/": "" }, async (folder) => {
    const error = await assertRejects(
      () => loadProto(`${folder}protos/shop/cart.proto`, { includeDirs: [`${folder}inc`] }),
      ProtoError,
    );
    assertEquals(
      error.message,
      `${folder}protos/shop/cart.proto:1:34: Cannot import "shop/item.proto": no such file; tried ` +
        ["inc/shop/item.proto", "protos/shop/shop/item.proto", "protos/shop/item.proto"]
          .map((place) => `"${folder}${place}"`).join(", ") +
        "; name its directory in includeDirs",
    );
  }));

test("a file that is there and cannot be read is an error of its own", () =>
  withFiles({ "shop/cart.proto": 'import "\\0.proto";', "shop/loop.proto": CART }, async (folder) => {
    const error = await assertRejects(() => loadProto(`${folder}shop/cart.proto`), ProtoError);
    assertStringIncludes(error.message, "Cannot read ");
    await assertRejects(() => loadProto(`${folder}gone.proto`), ProtoError, "no such file");
    await assertRejects(() => loadProto("http://localhost/a.proto"), ProtoError, "URLs are those of files");
  }));

test("one file under two spellings of its path is loaded once", () =>
  withFiles({
    "a.proto":
      `syntax = "proto3"; import "b.proto"; import "shop/item.proto"; message A { shop.Item i = 1; }`,
    "b.proto": `syntax = "proto3"; import "./shop/../shop/item.proto"; message B { shop.Item i = 1; }`,
    "shop/item.proto": ITEM,
  }, async (folder) => {
    assertEquals(await fieldsOfItem(`${folder}a.proto`), ["name"]);
  }));
