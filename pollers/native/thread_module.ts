// Where the module that a thread runs is: a file beside the library's, or, where a bundle has left that behind, its text.
//
// Bundlers see no module in `new URL("./poller_worker.js", import.meta.url)`, and the bundle's own URL is another one. The
// build gives small modules their text, from which the thread runs then. They import nothing but what the runtime has.

import { builtin } from "./builtin.ts";
import { isGranted } from "./permission.ts";

/**
 * What gives the URL of a thread's module: what `locate` gives, or a "data:" URL of `text`, where there is one and no file
 * can be read there. It throws TypeError where neither is there: in a bundle without `import.meta.url`, as in CommonJS.
 */
export function threadModule(locate: () => URL, text?: string): () => URL {
  if (text === undefined) return locate;
  let inline: URL | undefined = undefined;
  return () => fileAt(locate) ?? (inline ??= new URL(`data:text/javascript;base64,${btoa(text)}`));
}

/** What `locate` gives, where it can be read. */
function fileAt(locate: () => URL): URL | undefined {
  try {
    const module = locate();
    const path = builtin("node:url").fileURLToPath(module);
    return isGranted({ name: "read", path }) && builtin("node:fs").existsSync(path) ? module : undefined;
  } catch { // no import.meta.url, or no file
    return undefined;
  }
}
