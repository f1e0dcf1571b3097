// Paths of files on every system: the tests run on one of them, and know the others by their text.

import { assertEquals } from "@std/assert";
import { loadSources } from "../../../surface/proto/load_sources.ts";
import { directory, isAbsolute, normalise } from "../../../surface/proto/paths.ts";
import { test } from "../../harness.ts";

test("paths have one form, whatever is between their parts; that of Windows' too", () => {
  for (
    const [path, is] of [
      ["a//b/./c/../d.proto", "a/b/d.proto"],
      ["../a/../../b", "../../b"],
      ["/../a", "/a"],
      ["//a/b", "/a/b"],
      [String.raw`a\b\..\c.proto`, "a/c.proto"],
      [String.raw`..\a`, "../a"],
      [String.raw`C:\shop\.\a.proto`, "C:/shop/a.proto"],
      ["c:/shop/a.proto", "C:/shop/a.proto"],
      [String.raw`C:\..\a`, "C:/a"],
      [String.raw`C:\shop\..\..\a`, "C:/a"],
      [String.raw`\\server\share\..\a.proto`, String.raw`\\server/a.proto`],
      [String.raw`\a\b`, "/a/b"],
      ["https://x.test/a/../b.proto", "https://x.test/b.proto"],
    ]
  ) {
    assertEquals(normalise(path!), is);
    assertEquals(normalise(is!), is, "once more");
  }
  for (const root of ["C:\\", "c:/", "C:/."]) assertEquals(directory(root), "C:/");
  const absolute = ["/a", "\\a", "C:/a", "c:\\a", "\\\\server\\a", "file:///a"].map(isAbsolute);
  assertEquals(absolute, absolute.map(() => true));
  assertEquals(["a", "../a", "C:a", "", "."].map(isAbsolute), [false, false, false, false, false]);
});

/** What `entries` are called, and what they import, where the files are `files`. */
async function namesOf(
  files: Record<string, string>,
  entries: string[],
  includeDirs: string[],
  here: string,
): Promise<string[]> {
  const read = (location: string) => Promise.resolve(files[location]);
  const { files: found, errors } = await loadSources(entries, { includeDirs, read, here });
  assertEquals(errors, []);
  return found.map(({ path }) => path).sort();
}

const A = 'import "b/b.proto";';

test("files are named below -I on Windows as elsewhere, with a drive, a server's name or none", async () => {
  const here = { "protos/a.proto": A, "protos/b/b.proto": "" };
  const expected = ["a.proto", "b/b.proto"];
  for (
    const [entry, dir] of [
      [String.raw`protos\a.proto`, String.raw`.\protos\ `.trim()],
      [String.raw`c:\work\protos\a.proto`, "protos"],
      ["protos/a.proto", String.raw`C:\work\protos`],
    ]
  ) assertEquals(await namesOf(here, [entry!], [dir!], String.raw`C:\work`), expected, entry);
  const other = { "D:/protos/a.proto": A, "D:/protos/b/b.proto": "" };
  assertEquals(await namesOf(other, ["d:/protos/a.proto"], ["D:\\protos"], "C:\\work"), expected);
  const root = { "D:/a.proto": A, "D:/b/b.proto": "" };
  assertEquals(await namesOf(root, ["D:\\a.proto"], ["D:\\"], "C:\\work"), expected);
  const shared = { "\\\\server/share/a.proto": A, "\\\\server/share/b/b.proto": "" };
  const share = String.raw`\\server\share`;
  assertEquals(await namesOf(shared, [`${share}\\a.proto`], [share], "C:\\work"), expected);
  const below = { "a.proto": A, "b/b.proto": "" };
  assertEquals(await namesOf(below, [`${share}\\a.proto`], ["."], share), expected);
});

test("lines may end as Windows ends them", async () => {
  const files = { "a.proto": `// A.\r\n${A}\r\n/* B\r\n */\r\n`, "b/b.proto": "\r\n" };
  assertEquals(await namesOf(files, ["a.proto"], [], "/work"), ["a.proto", "b/b.proto"]);
});
