import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtimeCommand } from "../../../../.ci/runtimes.mjs";
import { runtime, test } from "../../../harness.ts";
import { until } from "../../../pollers/promised.ts";
import { watcherStays } from "../../../windows/wine.ts";
import { FakeTerminal, pollwire } from "../fake_terminal.ts";
import { withFolder } from "./own_folder.ts";

const CART =
  'syntax = "proto3";\npackage shop;\nimport "item.proto";\nmessage Cart { repeated Item items = 1; }\n';
const ITEM = 'syntax = "proto3";\npackage shop;\nmessage Item { string name = 1; }\n';

/** Why no folder is closed to this process. */
const mayReadAll = process.platform !== "linux"
  ? "folders are closed by other means than on Linux"
  : process.getuid?.() === 0
  ? "root may read every folder"
  : undefined;

/** Runs `body` in a folder with `files`. */
async function inFolder(
  files: Record<string, string>,
  body: (folder: string, write: (path: string, text: string) => void) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    for (const name of ["p", "q"]) mkdirSync(`${folder}/${name}`);
    const write = (path: string, text: string) => {
      mkdirSync(dirname(`${folder}/${path}`), { recursive: true });
      writeFileSync(`${folder}/${path}`, text);
    };
    for (const [path, text] of Object.entries(files)) write(path, text);
    await body(folder, write);
  });
}

test("an -I that is no folder is a warning, as protoc has it, of gen and of what reads --proto", () =>
  inFolder({ "p/item.proto": ITEM }, async (folder) => {
    const [item, nope, there] = [`${folder}/p/item.proto`, `-I${folder}/nope`, `-I${folder}/p`];
    const warning = (path: string) => `warning: -I ${folder}/${path} is no folder that is there\n`;
    for (
      const given of [
        ["gen", item, "-o", `${folder}/gen`, "-I", "", there, nope, nope],
        ["list", "--proto", item, there, nope],
        ["describe", "shop.Item", "--proto", item, there, nope],
      ]
    ) {
      const { code, err } = await pollwire(given);
      assertEquals([code, err], [0, warning("nope")], given[0]);
    }
    const file = await pollwire(["list", "--proto", item, `-I${item}`]);
    assertEquals([file.code, file.err], [0, warning("p/item.proto")]);
  }));

test("gen refuses an empty --runtime: files that import nothing cannot be loaded", () =>
  inFolder({ "p/item.proto": ITEM }, async (folder) => {
    const given = ["gen", `${folder}/p/item.proto`, "-o", `${folder}/gen`, "--runtime", ""];
    const { code, out, err } = await pollwire(given);
    assertEquals([code, out, existsSync(`${folder}/gen`)], [2, "", false]);
    assertStringIncludes(err, "Cannot read --runtime");
  }));

test("gen writes a file for each .proto file and what it imports, touches none that is right, and checks", () =>
  inFolder({ "p/cart.proto": CART, "p/item.proto": ITEM }, async (folder, write) => {
    const given = ["gen", `${folder}/p/cart.proto`, "-o", `${folder}/gen`, `-I${folder}/p`];
    const check = [...given, "--check"];
    const [cart, item] = [`${folder}/gen/cart.ts`, `${folder}/gen/item.ts`];
    const before = await pollwire(check);
    assertEquals([before.code, before.out], [1, `missing  ${cart}\nmissing  ${item}\n`]);
    assertEquals(existsSync(`${folder}/gen`), false);
    const first = await pollwire(given);
    assertEquals([first.code, first.err], [0, ""]);
    assertEquals(first.out, `wrote    ${cart}\nwrote    ${item}\n2 files written, 0 unchanged\n`);
    assertStringIncludes(readFileSync(cart, "utf8"), 'from "./item.ts"');
    assertEquals(await pollwire(check), { code: 0, out: "2 files as generated\n", err: "" });
    const { mtimeMs } = statSync(cart);
    write("p/item.proto", ITEM.replace("name", "title"));
    const differs = await pollwire(check);
    assertEquals([differs.code, differs.out], [1, `differs  ${item}\n`]);
    assertMatch(
      differs.err,
      /^error: Cannot accept .*gen: 1 file not as generated; run the same without --check\n$/,
    );
    assertEquals((await pollwire(given)).out, `wrote    ${item}\n1 file written, 1 unchanged\n`);
    assertEquals(statSync(cart).mtimeMs, mtimeMs);
  }));

test("paths may be Windows' own, with any case of a drive's letter, and lines may end as there", () => {
  const crlf = (text: string) => text.replaceAll("\n", "\r\n");
  return inFolder(
    { "p/cart.proto": crlf(CART), "p/item.proto": crlf(`// An item.\n${ITEM}`) },
    async (folder) => {
      const typed = folder.replace(/^[A-Z]:/, (drive) => drive.toLowerCase()).replaceAll("/", "\\");
      const given = ["gen", `${typed}\\p\\cart.proto`, "-o", `${typed}\\gen\\`, `-I${typed}\\p`];
      const { code, out, err } = await pollwire(given);
      assertEquals([code, err], [0, ""]);
      assertEquals(
        out,
        `wrote    ${folder}/gen/cart.ts\nwrote    ${folder}/gen/item.ts\n2 files written, 0 unchanged\n`,
      );
      const text = readFileSync(`${folder}/gen/item.ts`, "utf8");
      assertStringIncludes(text, "gen of item.proto: ");
      assertEquals(text.includes("\r"), false);
      writeFileSync(`${folder}/gen/item.ts`, crlf(text)); // as git may check it out
      assertEquals((await pollwire([...given, "--check"])).out, "2 files as generated\n");
      const below = await pollwire([
        "gen",
        `${typed}\\p`,
        "-o",
        `${typed}\\gen`,
        `-I${typed}\\p\\..\\p`,
        "--check",
      ]);
      assertEquals([below.code, below.out], [0, "2 files as generated\n"]);
    },
  );
});

test("a folder is all .proto files below it; what is gone from it is stale until --clean", () =>
  inFolder({ "p/cart.proto": CART, "p/item.proto": ITEM, "p/._item.proto": "\0" }, async (folder, write) => {
    write("p/deep/.#cart.proto", "a lock of an editor");
    const given = ["gen", `${folder}/p`, "-o", `${folder}/gen`, "-I", `${folder}/p`];
    const first = await pollwire(given);
    assertEquals([first.code, first.err], [0, ""]);
    assertStringIncludes(first.out, "2 files written");
    rmSync(`${folder}/p/cart.proto`);
    const check = await pollwire([...given, "--check"]);
    assertEquals([check.code, check.out], [1, `stale    ${folder}/gen/cart.ts\n`]);
    assertStringIncludes((await pollwire(given)).out, `stale    ${folder}/gen/cart.ts; --clean removes it\n`);
    assertStringIncludes((await pollwire([...given, "--clean"])).out, `removed  ${folder}/gen/cart.ts\n`);
    assertEquals((await pollwire([...given, "--check"])).code, 0);
  }));

const noLinks = process.platform === "win32" ? "not everybody may make links on Windows" : undefined;

test(
  "links to folders are followed, but for those to folders that are found otherwise, and those that lead upwards",
  () =>
    inFolder({ "p/cart.proto": CART, "q/more/deep/item.proto": ITEM }, async (folder, write) => {
      write("p/own/own.proto", 'syntax = "proto3"; package own; message Own {}');
      write("q/.hidden/wrong.proto", "nothing that is read");
      const links = {
        more: "../q/more",
        again: "../q/more/deep",
        latest: "own",
        up: "..",
        root: "/",
        self: "self",
      };
      for (const [name, target] of Object.entries(links)) symlinkSync(target, `${folder}/p/${name}`);
      symlinkSync("../more", `${folder}/q/more/circle`);
      symlinkSync("../q/.hidden", `${folder}/p/.hidden`);
      const given = ["gen", `${folder}/p`, "-o", `${folder}/gen`, `-I${folder}/p`, `-I${folder}/p/again`];
      assertEquals(await pollwire(given), {
        code: 0,
        out: ["again/item", "cart", "own/own"].map((name) => `wrote    ${folder}/gen/${name}.ts\n`).join("") +
          "3 files written, 0 unchanged\n",
        err: "",
      });
    }),
  { skip: noLinks },
);

test(
  "the current directory is known by the name of a link that leads to it",
  () =>
    inFolder(
      { "p/shop/cart.proto": CART.replace("item", "shop/item"), "p/shop/item.proto": ITEM },
      async (folder) => {
        symlinkSync("p", `${folder}/link`);
        const main = fileURLToPath(new URL("../../../../surface/cli/main.ts", import.meta.url));
        const [command, ...before] = runtimeCommand(runtime);
        const run = (...args: string[]) =>
          spawnSync(command, [...before, main, "gen", ...args, "-o", "gen"], {
            cwd: `${folder}/link`,
            encoding: "utf8",
          });
        const [path, dir] = [`${folder}/link/shop`, `${folder}/link`];
        assertEquals(
          run(path, "-I.").stdout,
          "wrote    gen/shop/cart.ts\nwrote    gen/shop/item.ts\n2 files written, 0 unchanged\n",
        );
        for (
          const given of [[path], [path, `-I${dir}`], ["shop", `-I${dir}`], [
            `${path}/cart.proto`,
            `-I${folder}/p`,
          ]]
        ) {
          const { status, stdout, stderr } = run(...given, "--check");
          assertEquals([status, stdout, stderr], [0, "2 files as generated\n", ""], given.join(" "));
        }
        await Promise.resolve();
      },
    ),
  { skip: noLinks },
);

test("where files are wrong every error is printed with its place, and nothing is written", () =>
  inFolder({
    "p/a.proto": 'syntax = "proto3";\nmessage A {\n  Gone one = 1;\n  Gone two = 2;\n}\n',
    "p/b.proto": 'syntax = "proto3";\nmessage B {\n',
    "p/item.proto": ITEM,
  }, async (folder) => {
    const { code, out, err } = await pollwire(["gen", `${folder}/p`, "-o", `${folder}/gen`]);
    assertEquals([code, out], [1, ""]);
    assertEquals(err.split("\n"), [
      `${folder}/p/a.proto:3:3: "Gone" is not defined`,
      `${folder}/p/a.proto:4:3: "Gone" is not defined`,
      `${folder}/p/b.proto:3:1: Reached end of input in message definition (missing '}')`,
      "error: Cannot generate: 3 errors in the .proto files; nothing was written",
      "",
    ]);
    assertEquals(existsSync(`${folder}/gen`), false);
  }));

test("Ctrl-C before files are written leaves them as they are", () =>
  inFolder({ "p/a.proto": ITEM }, async (folder) => {
    for (const flags of [[], ["--watch"]]) {
      const terminal = new FakeTerminal();
      const runs = pollwire(["gen", `${folder}/p`, "-o", `${folder}/gen`, ...flags], terminal);
      terminal.interrupt();
      assertEquals(await runs, { code: 130, out: "", err: "" });
      assertEquals(existsSync(`${folder}/gen`), false);
    }
  }));

test("a command line that says nothing to do is refused", async () => {
  const refused = async (...given: string[]) => {
    const { code, err } = await pollwire(["gen", ...given]);
    assertEquals(code, 2);
    return err.split("\n")[0];
  };
  assertEquals(await refused("a.proto"), "error: Cannot run gen: -o is missing, the folder that files go to");
  assertEquals(
    await refused("a.proto", "-o", "gen", "--check", "--watch"),
    "error: Cannot run gen: --check writes nothing, and has no --watch",
  );
  assertEquals(
    await refused("a.proto", "-o", ""),
    'error: Cannot read -o "": expected a folder; the current one is "."',
  );
  assertEquals(
    await refused("", "-o", "gen"),
    'error: Cannot read PATH "": expected a file or a folder; the current one is "."',
  );
  await inFolder({}, async (folder) => {
    const { code, err } = await pollwire(["gen", `${folder}/p`, "-o", `${folder}/gen`]);
    assertEquals([code, err], [1, `error: Cannot generate of ${folder}/p: no .proto file is below it\n`]);
  });
});

test("--no-imports makes the given files alone, --types-only no code, --import-extension other imports", () =>
  inFolder({ "p/cart.proto": CART, "p/item.proto": ITEM }, async (folder) => {
    const given = ["gen", `${folder}/p/cart.proto`, "-o", `${folder}/gen`, `-I${folder}/p`];
    await pollwire([...given, "--no-imports", "--types-only", "--import-extension=js"]);
    assertEquals(existsSync(`${folder}/gen/item.ts`), false);
    const text = readFileSync(`${folder}/gen/cart.ts`, "utf8");
    assertStringIncludes(text, 'import type { Item } from "./item.js"');
    assert(!text.includes("messageSchema"));
    await pollwire([...given, "--import-extension=none", "--runtime=../rt.ts"]);
    const code = readFileSync(`${folder}/gen/cart.ts`, "utf8");
    for (const from of ["../rt.ts", "./item"]) assertStringIncludes(code, `} from "${from}";`);
  }));

test(
  "--watch generates again with every change, of imports and new files too, and goes on after an error",
  () =>
    inFolder(
      { "p/cart.proto": CART, "p/item.proto": ITEM, "q/a.proto": ITEM.replaceAll("Item", "A") },
      async (folder, write) => {
        const terminal = new FakeTerminal();
        const runs = pollwire(
          [
            "gen",
            `${folder}/p/cart.proto`,
            `${folder}/q`,
            "-o",
            `${folder}/gen`,
            `-I${folder}/p`,
            `-I${folder}/q`,
            "--watch",
          ],
          terminal,
        );
        const watching = (times: number) =>
          until(() => terminal.err.text.split("watching").length > times, `watching for the ${times}. time`);
        await watching(1);
        write("p/item.proto", ITEM.replace("name", "title"));
        await until(() => readFileSync(`${folder}/gen/item.ts`, "utf8").includes("title: string"), "title");
        await watching(2);
        write("p/item.proto", "no .proto file");
        await until(
          () => /item.proto:1:1: Expected top-level statement[^]*watching 3 files/.test(terminal.err.text),
          "the error",
        );
        write("p/item.proto", ITEM.replace("name", "label"));
        await until(() => readFileSync(`${folder}/gen/item.ts`, "utf8").includes("label: string"), "label");
        write("q/new.proto", ITEM.replaceAll("Item", "New"));
        await until(() => existsSync(`${folder}/gen/new.ts`), "the new file");
        terminal.interrupt();
        assertEquals((await runs).code, 130);
      },
    ),
  { skip: watcherStays },
);

test(
  "--watch sees what links lead to, and that they lead to something else",
  () =>
    inFolder({ "q/a.proto": ITEM, "v1/b.proto": ITEM.replace("shop", "b") }, async (folder, write) => {
      symlinkSync("../q/a.proto", `${folder}/p/a.proto`);
      symlinkSync("v1", `${folder}/current`);
      const terminal = new FakeTerminal();
      const paths = ["p/a.proto", "current"].map((path) => `${folder}/${path}`);
      const dirs = ["p", "current"].map((path) => `-I${folder}/${path}`);
      const runs = pollwire(["gen", ...paths, ...dirs, "-o", `${folder}/gen`, "--watch"], terminal);
      await until(() => terminal.err.text.includes("watching"), "watching");
      const item = (path: string, field: string) => {
        write(path, ITEM.replace("name", field).replace("shop", path.endsWith("a.proto") ? "a" : "b"));
        const made = `${folder}/gen/${path.split("/")[1]!.replace(".proto", ".ts")}`;
        return until(
          () => existsSync(made) && readFileSync(made, "utf8").includes(`  ${field}: string`),
          `${field} in ${path}`,
        );
      };
      await item("q/a.proto", "target");
      await item("v1/b.proto", "first");
      write("v2/b.proto", ITEM.replace("name", "other").replace("shop", "b"));
      symlinkSync("v2", `${folder}/next`);
      renameSync(`${folder}/next`, `${folder}/current`);
      await until(() => readFileSync(`${folder}/gen/b.ts`, "utf8").includes("other"), "the other folder");
      await item("v2/b.proto", "second");
      terminal.interrupt();
      assertEquals((await runs).code, 130);
    }),
  { skip: process.platform === "win32" ? "links need a privilege on Windows" : watcherStays },
);

test(
  "--watch ends where the system does not let a folder be watched: changes in it would not be seen",
  () =>
    inFolder({ "p/a.proto": ITEM }, async (folder) => {
      chmodSync(`${folder}/p`, 0o311);
      try {
        const { code, err } = await pollwire([
          "gen",
          `${folder}/p/a.proto`,
          "-o",
          `${folder}/gen`,
          "--watch",
        ]);
        assertEquals(code, 1);
        assertStringIncludes(err, `error: Cannot watch ${folder}/p/: `);
      } finally {
        chmodSync(`${folder}/p`, 0o755);
      }
    }),
  { skip: mayReadAll },
);

test("an import below a file is said with its line", () =>
  inFolder({ "p/item.proto": ITEM }, async (folder, write) => {
    write("p/a.proto", 'syntax = "proto3";\nimport "item.proto/b.proto";\n');
    const { code, err } = await pollwire([
      "gen",
      `${folder}/p/a.proto`,
      "-o",
      `${folder}/gen`,
      `-I${folder}/p`,
    ]);
    assertEquals(code, 1);
    assertStringIncludes(err, `/p/a.proto:2:1: Cannot import "item.proto/b.proto": no such file; tried `);
  }));

test(
  "--watch says once that a folder is empty, and goes on with folders that are made, moved and made anew",
  () =>
    inFolder({ "p/a.proto": ITEM }, async (folder, write) => {
      const terminal = new FakeTerminal();
      const runs = pollwire(
        ["gen", `${folder}/p`, "-o", `${folder}/gen`, "-I", `${folder}/p`, "--watch"],
        terminal,
      );
      const watching = (files: number) =>
        until(
          () => terminal.err.text.endsWith(`watching ${files} files; Ctrl-C ends it\n`),
          `watching ${files} files`,
        );
      const item = (path: string, field: string) => {
        write(path, ITEM.replace("name", field).replace("shop", path.replaceAll(/\W/g, "_")));
        const made = path.replace(/^p(.*)proto$/, `${folder}/gen$1ts`);
        return until(
          () => existsSync(made) && readFileSync(made, "utf8").includes(`  ${field}: string`),
          `${field} in ${path}`,
        );
      };
      await until(() => terminal.err.text.includes("watching 1 file;"), "watching 1 file");
      rmSync(`${folder}/p/a.proto`);
      await watching(0);
      await new Promise((resolve) => setTimeout(resolve, 600)); // in which it would try a dozen times
      const said = terminal.err.text.split("no .proto file is below it").length - 1;
      assert(said < 4, `it said so ${said} times`); // a system may tell of one change twice

      await item("p/b.proto", "again");
      await item("p/inner/deep/c.proto", "inside");
      await item("p/inner/deep/c.proto", "changed");
      renameSync(`${folder}/p/inner`, `${folder}/elsewhere`);
      await until(() => terminal.err.text.endsWith("watching 1 file; Ctrl-C ends it\n"), "it is moved away");
      renameSync(`${folder}/elsewhere`, `${folder}/p/inner`);
      await watching(2);
      await item("p/inner/deep/c.proto", "moved");

      rmSync(`${folder}/p`, { recursive: true });
      await watching(0);
      writeFileSync(`${folder}/p`, "a file");
      await until(
        () => terminal.err.text.includes("/p:1:1: Expected top-level"),
        "a file in the folder's place",
      );
      rmSync(`${folder}/p`);
      await item("p/d.proto", "anew");
      await item("p/d.proto", "further");
      terminal.interrupt();
      assertEquals((await runs).code, 130);
    }),
  {
    skip: process.platform === "win32"
      ? "Windows keeps a folder that is gone for as long as it is watched"
      : watcherStays,
  },
);
